//! OpenID Connect: the authorization code flow with PKCE.
//! <https://openid.net/specs/openid-connect-core-1_0.html>

use anc_domain::{Secret, UnixMillis};
use anc_store::NewIdentity;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use url::{Url, form_urlencoded};

use super::ProviderFailure;
use super::id_token::{Claims, Expected, Untrusted, verify};
use super::visit::Visit;
use super::way::{Arrived, Brought, Metadata, WayIn, label};
use crate::api::setup::check_email;

/// The address of the provider's page to sign in.
pub(super) fn address(
    way: &WayIn,
    metadata: &Metadata,
    state: &Secret,
    visit: &Visit,
    anew: bool,
) -> Result<Url, ProviderFailure> {
    let mut url = Url::parse(&metadata.discovery.authorization_endpoint)
        .map_err(|error| ProviderFailure::Unreachable(error.to_string()))?;
    let mut query = url.query_pairs_mut();
    query
        .append_pair("response_type", "code")
        .append_pair("client_id", &way.provider.client_id)
        .append_pair("redirect_uri", &way.redirect_uri)
        .append_pair("scope", &way.provider.scopes)
        .append_pair("state", state.expose())
        .append_pair("nonce", &visit.nonce())
        .append_pair("code_challenge", &visit.challenge())
        .append_pair("code_challenge_method", "S256");
    if anew {
        query.append_pair("prompt", "login").append_pair("max_age", "0");
    }
    drop(query);
    Ok(url)
}

/// Who has signed in: the code is exchanged, and the ID token checked.
pub(super) async fn shown(
    way: &WayIn,
    issuer: &str,
    brought: &Brought<'_>,
    now: UnixMillis,
) -> Result<Arrived, ProviderFailure> {
    let mut metadata = way.metadata(issuer, now).await?;
    let names_itself = metadata.discovery.authorization_response_iss_parameter_supported;
    if brought.issuer.map_or(names_itself, |named| named != issuer) {
        // Another provider's answer, which somebody has mixed up with this one's.
        return Err(ProviderFailure::Refused("the answer is another provider's".to_owned()));
    }
    let tokens = exchange(way, &metadata, brought).await?;
    let id_token = tokens["id_token"].as_str().unwrap_or_default();
    let nonce = brought.visit.nonce();
    let client_id = &way.provider.client_id;
    let expected = Expected { issuer, client_id, nonce: &nonce, now };
    let mut checked = verify(id_token, &metadata.keys, &expected);
    if checked == Err(Untrusted::UnknownKey) {
        metadata = way.newer_metadata(issuer, now).await?;
        checked = verify(id_token, &metadata.keys, &expected);
    }
    let mut claims = checked.map_err(|error| ProviderFailure::Refused(error.to_string()))?;
    if claims.about["email"].is_null() {
        add_userinfo(way, &metadata, &tokens, &mut claims).await?;
    }
    Ok(read(issuer, &claims))
}

async fn exchange(
    way: &WayIn,
    metadata: &Metadata,
    brought: &Brought<'_>,
) -> Result<Value, ProviderFailure> {
    let (form, credentials) = question(way, metadata, brought);
    let url = &metadata.discovery.token_endpoint;
    let said = way.asker().post(url, form, credentials).await?;
    if said.status.is_success() {
        return Ok(said.json);
    }
    let error = label(said.json["error"].as_str().unwrap_or("no reason was given"));
    let why = format!("the code was answered {}: {error}", said.status.as_u16());
    // The code is used up or foreign; else the provider is in trouble, or our secret is wrong.
    if error == "invalid_grant" {
        Err(ProviderFailure::Refused(why))
    } else {
        Err(ProviderFailure::Unreachable(why))
    }
}

/// The form in which a code is exchanged, and the credentials beside it where they go in a header.
fn question(way: &WayIn, metadata: &Metadata, brought: &Brought<'_>) -> (String, Option<String>) {
    let (client_id, secret) = (&way.provider.client_id, way.provider.client_secret.expose());
    let verifier = brought.visit.verifier();
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "authorization_code")
        .append_pair("code", brought.code)
        .append_pair("redirect_uri", &way.redirect_uri)
        .append_pair("code_verifier", verifier.expose());
    if metadata.discovery.takes_basic() {
        // Each part in the form of a form first: RFC 6749, section 2.3.1.
        let part =
            |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let pair = format!("{}:{}", part(client_id), part(secret));
        return (form.finish(), Some(format!("Basic {}", STANDARD.encode(pair))));
    }
    form.append_pair("client_id", client_id).append_pair("client_secret", secret);
    (form.finish(), None)
}

/// Some providers tell the address only where one asks for it apart.
async fn add_userinfo(
    way: &WayIn,
    metadata: &Metadata,
    tokens: &Value,
    claims: &mut Claims,
) -> Result<(), ProviderFailure> {
    let Some(url) = &metadata.discovery.userinfo_endpoint else { return Ok(()) };
    let Some(access) = tokens["access_token"].as_str() else { return Ok(()) };
    let told = way.asker().get(url, Some(&Secret::new(access))).await?;
    if told["sub"].as_str() != Some(&claims.subject) {
        return Err(ProviderFailure::Refused("the particulars are somebody else's".to_owned()));
    }
    claims.about = told;
    Ok(())
}

fn read(issuer: &str, claims: &Claims) -> Arrived {
    let about = &claims.about;
    let text = |name: &str| about[name].as_str().filter(|text| !text.is_empty());
    // Some spell it as a text.
    let verified =
        about["email_verified"] == Value::Bool(true) || text("email_verified") == Some("true");
    let email = text("email").filter(|_| verified).and_then(|email| check_email(email).ok());
    let name = text("email").or_else(|| text("preferred_username")).or_else(|| text("name"));
    let identity = NewIdentity {
        issuer: issuer.to_owned(),
        label: label(name.unwrap_or(&claims.subject)),
        subject: claims.subject.clone(),
    };
    Arrived { identity, email, shown_at: claims.shown_at }
}
