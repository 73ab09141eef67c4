//! Settings of providers of identities that make sense together.

use std::collections::BTreeSet;
use std::time::Duration;

use anc_control::{IdentityLimits, IdentityProvider, IdentitySettings, ProviderKind};
use anc_domain::Secret;
use anc_upstream::Endpoint;

use super::checked::wrong;
use super::payments::secret;
use super::raw::{ConfigError, RawGithub, RawOidc, RawSignIn};

/// GitHub's name in addresses, which no other provider takes.
const GITHUB: &str = "github";
/// It stands in the address that browsers come back to.
const ID_CHARS_MAX: usize = 32;
/// What people read on a button.
const NAME_CHARS_MAX: usize = 40;
/// Buttons on one page.
const PROVIDERS_MAX: usize = 20;

/// What is half set stops the start: somebody would stand before a button that does not work.
pub(super) fn check_sign_in(
    raw: RawSignIn,
    has_public_url: bool,
) -> Result<IdentitySettings, ConfigError> {
    let limits = check_limits(&raw)?;
    let mut providers = Vec::new();
    for (id, oidc) in raw.oidc {
        providers.push(check_oidc(id, oidc)?);
    }
    providers.extend(check_github(raw.github)?);
    if providers.is_empty() {
        return Ok(IdentitySettings { providers, limits });
    }
    if providers.len() > PROVIDERS_MAX {
        return Err(wrong("sign_in.oidc", format!("at most {PROVIDERS_MAX} providers")));
    }
    let issuers: BTreeSet<&str> = providers.iter().map(IdentityProvider::issuer).collect();
    if issuers.len() < providers.len() {
        return Err(wrong("sign_in.oidc", "two providers have the same issuer"));
    }
    if !has_public_url {
        let problem = "signing in by a provider needs it: browsers are sent back to it";
        return Err(wrong("public_url", problem));
    }
    Ok(IdentitySettings { providers, limits })
}

fn check_limits(raw: &RawSignIn) -> Result<IdentityLimits, ConfigError> {
    let at_least_one = [
        ("sign_in.visit_minutes", raw.visit_minutes),
        ("sign_in.visits_max", raw.visits_max.into()),
        ("sign_in.answer_seconds", raw.answer_seconds),
        ("sign_in.known_minutes", raw.known_minutes),
    ];
    if let Some((key, _)) = at_least_one.into_iter().find(|(_, value)| *value == 0) {
        return Err(wrong(key, "must be at least 1"));
    }
    if raw.visit_minutes > 60 {
        return Err(wrong("sign_in.visit_minutes", "at most 60"));
    }
    Ok(IdentityLimits {
        visit: Duration::from_mins(raw.visit_minutes),
        visits_max: raw.visits_max.into(),
        answer: Duration::from_secs(raw.answer_seconds),
        answer_bytes: raw.answer_bytes,
        known: Duration::from_mins(raw.known_minutes),
    })
}

fn check_oidc(id: String, raw: RawOidc) -> Result<IdentityProvider, ConfigError> {
    let about = |problem: &str| wrong("sign_in.oidc", format!("{id}: {problem}"));
    let plain = id.bytes().all(|one| matches!(one, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-'));
    if !plain || id.is_empty() || id.len() > ID_CHARS_MAX || id == GITHUB {
        let problem = format!("a name of a-z, 0-9, _ and -, at most {ID_CHARS_MAX}, not {GITHUB}");
        return Err(about(&problem));
    }
    let name = raw.name.trim();
    if name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
        return Err(about(&format!("name: what people read, at most {NAME_CHARS_MAX} characters")));
    }
    Endpoint::new(&raw.issuer, raw.allow_private)
        .map_err(|error| about(&format!("issuer: {error}")))?;
    if !raw.scopes.iter().any(|scope| scope == "openid") {
        return Err(about("scopes: \"openid\" must be among them"));
    }
    let client_secret =
        secret("sign_in.oidc", ("sign_in.oidc", &raw.client_secret_file), &raw.client_secret)?;
    if raw.client_id.is_empty() || client_secret.is_empty() {
        return Err(about("client_id and client_secret: both are needed"));
    }
    Ok(IdentityProvider {
        name: name.to_owned(),
        kind: ProviderKind::Oidc { issuer: raw.issuer },
        client_id: raw.client_id,
        client_secret: Secret::new(client_secret),
        scopes: raw.scopes.join(" "),
        domains: check_domains("sign_in.oidc", raw.domains)?,
        allow_private: raw.allow_private,
        id,
    })
}

fn check_github(raw: RawGithub) -> Result<Option<IdentityProvider>, ConfigError> {
    let client_secret = secret(
        "sign_in.github.client_secret",
        ("sign_in.github.client_secret_file", &raw.client_secret_file),
        &raw.client_secret,
    )?;
    match (raw.client_id.is_empty(), client_secret.is_empty()) {
        (true, true) => return Ok(None),
        (false, false) => {}
        (true, false) => {
            return Err(wrong("sign_in.github.client_id", "there is a client secret but no id"));
        }
        (false, true) => {
            return Err(wrong(
                "sign_in.github.client_secret",
                "there is a client id but no secret",
            ));
        }
    }
    let endpoint = |key: &'static str, url: &str| {
        Endpoint::new(url, raw.allow_private).map_err(|error| wrong(key, error.to_string()))
    };
    let web = endpoint("sign_in.github.web_url", &raw.web_url)?;
    Ok(Some(IdentityProvider {
        id: GITHUB.to_owned(),
        name: "GitHub".to_owned(),
        kind: ProviderKind::Github {
            web,
            api: endpoint("sign_in.github.api_url", &raw.api_url)?,
            issuer: raw.web_url.trim_end_matches('/').to_owned(),
        },
        client_id: raw.client_id,
        client_secret: Secret::new(client_secret),
        scopes: "read:user user:email".to_owned(),
        domains: check_domains("sign_in.github.domains", raw.domains)?,
        allow_private: raw.allow_private,
    }))
}

fn check_domains(key: &'static str, domains: Vec<String>) -> Result<Vec<String>, ConfigError> {
    domains
        .into_iter()
        .map(|domain| {
            let plain = !domain.is_empty()
                && domain.bytes().all(|one| one.is_ascii_alphanumeric() || b".-".contains(&one));
            if plain {
                return Ok(domain.to_ascii_lowercase());
            }
            Err(wrong(key, format!("{domain:?} is not a domain such as example.com")))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::raw::{Overrides, load, load_with_sources};
    use super::*;

    const CORP: &str = "[sign_in.oidc.corp]\nname = \"Example Corp\"\n\
                        issuer = \"https://id.example.com\"\nclient_id = \"relay\"\n";
    const URL: &str = "public_url = \"https://relay.example.com\"\n";

    fn check(text: &str) -> Result<IdentitySettings, String> {
        let data = tempfile::tempdir().unwrap();
        fs::write(data.path().join("config.toml"), text).unwrap();
        load(None, data.path(), Overrides::default())
            .map(|config| config.identities)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_provider_is_read_with_its_secret_from_a_file_and_shown_without() {
        let data = tempfile::tempdir().unwrap();
        let file = data.path().join("secret");
        fs::write(&file, "hush-hush\n").unwrap();
        let text =
            format!("{URL}{CORP}client_secret_file = {file:?}\ndomains = [\"Example.com\"]\n");
        let settings = check(&text).unwrap();
        let [one] = settings.providers.as_slice() else { unreachable!("there is one") };
        assert_eq!((one.id.as_str(), one.issuer()), ("corp", "https://id.example.com"));
        assert_eq!(
            (one.client_secret.expose(), one.scopes.as_str()),
            ("hush-hush", "openid email profile")
        );
        assert_eq!(one.domains, ["example.com"]);

        let text = format!("{URL}{CORP}client_secret = \"hush-hush\"\n");
        fs::write(data.path().join("config.toml"), text).unwrap();
        let all = load_with_sources(None, data.path(), Overrides::default()).unwrap();
        let shown = all.iter().find(|one| one.key == "sign_in.oidc.corp.client_secret").unwrap();
        assert_eq!(shown.value, "\"removed\"");
    }

    #[test]
    fn what_is_half_set_or_unsafe_does_not_start_and_says_where() {
        let with = |more: &str| format!("{URL}{CORP}{more}");
        let secret = "client_secret = \"x\"\n";
        let cases = [
            (with(""), "client_secret"),
            (format!("{CORP}{secret}"), "public_url"),
            (with(secret).replace("https://id", "http://id"), "plain http"),
            (with(secret).replace("corp]", "github]"), "not github"),
            (with(secret).replace("corp]", "\"a/b\"]"), "a name of"),
            (with(&format!("{secret}scopes = [\"email\"]\n")), "openid"),
            (with(&format!("{secret}domains = [\"@x\"]\n")), "not a domain"),
            (with(&format!("{secret}{}{secret}", CORP.replace("corp]", "two]"))), "same issuer"),
            (format!("{URL}[sign_in.github]\nclient_id = \"x\"\n"), "sign_in.github.client_secret"),
            (format!("{URL}[sign_in.github]\n{secret}"), "sign_in.github.client_id"),
            (format!("{URL}[sign_in]\nvisit_minutes = 0\n"), "sign_in.visit_minutes"),
        ];
        for (text, says) in cases {
            let error = check(&text).unwrap_err();
            assert!(error.contains(says), "{text}\n{error}");
        }
        assert!(check("").unwrap().providers.is_empty());
        let github = check(&format!("{URL}[sign_in.github]\nclient_id = \"x\"\n{secret}")).unwrap();
        assert_eq!(github.providers[0].issuer(), "https://github.com");
    }
}
