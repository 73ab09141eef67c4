//! GitHub's OAuth, and where it differs from OpenID Connect: no ID token, so GitHub itself is asked who
//! the access token belongs to, over a connection that it alone can be at the end of.
//! <https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps>

use anc_domain::Secret;
use anc_store::NewIdentity;
use anc_upstream::Endpoint;
use serde_json::Value;
use url::{Url, form_urlencoded};

use super::ProviderFailure;
use super::visit::Visit;
use super::way::{Arrived, Brought, WayIn, label};
use crate::api::setup::check_email;

fn at(base: &Endpoint, path: &str) -> Result<String, ProviderFailure> {
    let uri = base.join(path);
    uri.map(|uri| uri.to_string())
        .ok_or_else(|| ProviderFailure::Unreachable("an address cannot be made".to_owned()))
}

/// The address of GitHub's page to sign in.
pub(super) fn address(
    way: &WayIn,
    web: &Endpoint,
    state: &Secret,
    visit: &Visit,
) -> Result<Url, ProviderFailure> {
    let mut url = Url::parse(&at(web, "/login/oauth/authorize")?)
        .map_err(|error| ProviderFailure::Unreachable(error.to_string()))?;
    url.query_pairs_mut()
        .append_pair("client_id", &way.provider.client_id)
        .append_pair("redirect_uri", &way.redirect_uri)
        .append_pair("scope", &way.provider.scopes)
        .append_pair("state", state.expose())
        .append_pair("code_challenge", &visit.challenge())
        .append_pair("code_challenge_method", "S256");
    Ok(url)
}

/// Who has signed in: the code is exchanged, and GitHub is asked.
pub(super) async fn shown(
    way: &WayIn,
    web: &Endpoint,
    api: &Endpoint,
    brought: &Brought<'_>,
) -> Result<Arrived, ProviderFailure> {
    let access = exchange(way, web, brought).await?;
    let asker = way.asker();
    let user = asker.get(&at(api, "/user")?, Some(&access)).await?;
    // The number stays when somebody renames themselves, and the name then is free for others.
    let Some(number) = user["id"].as_u64().filter(|number| *number > 0) else {
        return Err(ProviderFailure::Unreachable("it names nobody".to_owned()));
    };
    let emails = asker.get(&at(api, "/user/emails")?, Some(&access)).await?;
    let email = primary(&emails).and_then(|email| check_email(email).ok());
    let login = user["login"].as_str().map_or_else(|| number.to_string(), label);
    let identity = NewIdentity {
        issuer: way.provider.issuer().to_owned(),
        subject: number.to_string(),
        label: login,
    };
    Ok(Arrived { identity, email, shown_at: None })
}

/// The address that is both the first and made sure of.
fn primary(emails: &Value) -> Option<&str> {
    let one = emails
        .as_array()?
        .iter()
        .find(|one| one["primary"] == Value::Bool(true) && one["verified"] == Value::Bool(true))?;
    one["email"].as_str()
}

async fn exchange(
    way: &WayIn,
    web: &Endpoint,
    brought: &Brought<'_>,
) -> Result<Secret, ProviderFailure> {
    let verifier = brought.visit.verifier();
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", &way.provider.client_id)
        .append_pair("client_secret", way.provider.client_secret.expose())
        .append_pair("code", brought.code)
        .append_pair("redirect_uri", &way.redirect_uri)
        .append_pair("code_verifier", verifier.expose())
        .finish();
    let url = at(web, "/login/oauth/access_token")?;
    let said = way.asker().post(&url, form, None).await?;
    if let Some(access) = said.json["access_token"].as_str().filter(|_| said.status.is_success()) {
        return Ok(Secret::new(access));
    }
    // GitHub answers 200 with an error too.
    let error = label(said.json["error"].as_str().unwrap_or("no reason was given"));
    let why = format!("the code was answered {}: {error}", said.status.as_u16());
    if error == "bad_verification_code" {
        Err(ProviderFailure::Refused(why))
    } else {
        Err(ProviderFailure::Unreachable(why))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_address_counts_that_is_both_first_and_verified() {
        let of = |primary: bool, verified: bool| json!({ "email": "a@example.com", "primary": primary, "verified": verified });
        let other = json!({ "email": "b@example.com", "primary": false, "verified": true });
        assert_eq!(primary(&json!([other, of(true, true)])), Some("a@example.com"));
        assert_eq!(primary(&json!([other, of(true, false)])), None);
        assert_eq!(primary(&json!([other])), None);
        assert_eq!(primary(&json!({ "message": "Not Found" })), None);
    }
}
