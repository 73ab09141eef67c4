//! Configuration as it is written, from its sources in order.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use serde::{Deserialize, Serialize};

use super::checked::Config;
use super::described::described;
use super::sources::{Sourced, sources};

/// The defaults are the documented file itself, so that the two cannot differ.
const DEFAULTS: &str = include_str!("../../../../config.default.toml");

/// Flags that stand for settings.
#[derive(Default, Serialize)]
pub(crate) struct Overrides {
    /// `--listen`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) listen: Option<String>,
    /// `--public-url`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) public_url: Option<String>,
    /// `--database`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) database: Option<String>,
}

// Not `Debug`: the database's address may have a password in it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawConfig {
    pub(super) listen: String,
    pub(super) public_url: String,
    pub(super) insecure_http: bool,
    pub(super) sign_up: String,
    pub(super) trusted_proxies: Vec<String>,
    pub(super) cors: bool,
    pub(super) workers: usize,
    pub(super) database: String,
    pub(super) master_key_file: String,
    pub(super) durability: String,
    pub(super) input_hold: String,
    pub(super) metrics_listen: String,
    pub(super) log_level: String,
    pub(super) log_format: String,
    pub(super) limits: RawLimits,
    pub(super) retention: RawRetention,
    pub(super) payments: RawPayments,
    pub(super) redemption_codes: RawRedemption,
    pub(super) mail: RawMail,
    pub(super) alerts: RawAlerts,
    pub(super) sign_in: RawSignIn,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "the settings are called so")]
pub(super) struct RawRetention {
    pub(super) usage_days: u32,
    pub(super) audit_days: u32,
    pub(super) sign_in_days: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRedemption {
    pub(super) batch_codes_max: u32,
    #[serde(deserialize_with = "written_text")]
    pub(super) amount_max: String,
    pub(super) uses_max: u32,
    pub(super) wrong_codes_free: u32,
    pub(super) wrong_codes_wait_max_seconds: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAlerts {
    #[serde(deserialize_with = "written_text")]
    pub(super) low_balance: String,
    #[serde(deserialize_with = "written_text")]
    pub(super) unusual_min: String,
    pub(super) attempts: u32,
    pub(super) retry_seconds: u64,
    pub(super) private_webhooks: bool,
}

// Not `Debug`: there is a password in it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMail {
    pub(super) smtp_host: String,
    pub(super) smtp_port: u16,
    pub(super) security: String,
    #[serde(deserialize_with = "written_text")]
    pub(super) username: String,
    #[serde(deserialize_with = "written_text")]
    pub(super) password: String,
    pub(super) password_file: String,
    pub(super) from: String,
    pub(super) language: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPayments {
    pub(super) stripe: RawStripe,
}

// Not `Debug`: there are secrets in it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawStripe {
    pub(super) secret_key: String,
    pub(super) secret_key_file: String,
    pub(super) webhook_secret: String,
    pub(super) webhook_secret_file: String,
    pub(super) mode: String,
    pub(super) currency: String,
    #[serde(deserialize_with = "written_text")]
    pub(super) amount_min: String,
    #[serde(deserialize_with = "written_text")]
    pub(super) amount_max: String,
    pub(super) api_url: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSignIn {
    pub(super) visit_minutes: u64,
    pub(super) visits_max: u32,
    pub(super) answer_seconds: u64,
    pub(super) answer_bytes: usize,
    pub(super) known_minutes: u64,
    pub(super) github: RawGithub,
    /// By name; there are none in the defaults.
    #[serde(default)]
    pub(super) oidc: BTreeMap<String, RawOidc>,
}

// Not `Debug`: there is a secret in it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawGithub {
    #[serde(deserialize_with = "written_text")]
    pub(super) client_id: String,
    #[serde(deserialize_with = "written_text")]
    pub(super) client_secret: String,
    pub(super) client_secret_file: String,
    pub(super) domains: Vec<String>,
    pub(super) web_url: String,
    pub(super) api_url: String,
    pub(super) allow_private: bool,
}

// Not `Debug`: there is a secret in it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawOidc {
    pub(super) name: String,
    pub(super) issuer: String,
    #[serde(deserialize_with = "written_text")]
    pub(super) client_id: String,
    #[serde(default, deserialize_with = "written_text")]
    pub(super) client_secret: String,
    #[serde(default)]
    pub(super) client_secret_file: String,
    #[serde(default = "usual_scopes")]
    pub(super) scopes: Vec<String>,
    #[serde(default)]
    pub(super) domains: Vec<String>,
    #[serde(default)]
    pub(super) allow_private: bool,
}

/// What tells who somebody is, and their address.
fn usual_scopes() -> Vec<String> {
    ["openid", "email", "profile"].map(str::to_owned).to_vec()
}

/// A text; a variable of the environment that looks like a number arrives as one.
fn written_text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Text(String),
        Whole(u64),
        Fraction(f64),
    }
    Ok(match Written::deserialize(deserializer)? {
        Written::Text(text) => text,
        Written::Whole(whole) => whole.to_string(),
        Written::Fraction(fraction) => fraction.to_string(),
    })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLimits {
    pub(super) request_body_bytes: usize,
    pub(super) request_bodies_bytes: usize,
    pub(super) request_body_idle_seconds: u64,
    pub(super) request_body_bytes_per_second: u64,
    pub(super) request_head_seconds: u64,
    pub(super) connection_idle_seconds: u64,
    pub(super) connections: usize,
    pub(super) connections_per_address: usize,
    pub(super) write_stall_seconds: u64,
    pub(super) answer_bytes: usize,
    pub(super) refusal_bytes: usize,
    pub(super) attempts: usize,
    pub(super) running_requests: usize,
    pub(super) output_units_default: u64,
    pub(super) output_step_units: u64,
    pub(super) tool_calls_held: u64,
    pub(super) first_content_grace_seconds: u64,
    pub(super) connect_seconds: u64,
    pub(super) answer_head_seconds: u64,
    pub(super) first_content_seconds: u64,
    pub(super) idle_seconds: u64,
    pub(super) keepalive_seconds: u64,
    pub(super) total_seconds: u64,
    pub(super) directory_entries: u64,
    pub(super) directory_unknown_entries: u64,
    pub(super) feed_stale_seconds: u64,
    pub(super) drain_seconds: u64,
    pub(super) price_list_bytes: usize,
}

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// A source cannot be read, or a key is unknown or of the wrong type.
    #[error("{0}")]
    Unreadable(Box<figment::Error>),
    /// The named file does not exist.
    #[error("there is no configuration file at {}", .0.display())]
    NoFile(PathBuf),
    /// A value makes no sense.
    #[error("setting {key}: {problem}")]
    Value {
        /// The setting.
        key: &'static str,
        /// What is wrong with it.
        problem: String,
    },
}

/// Reads defaults, file, environment and flags, and checks the result.
pub(crate) fn load(
    file: Option<&Path>,
    data: &Path,
    overrides: Overrides,
) -> Result<Config, ConfigError> {
    let file = file_of(file, data)?;
    let figment = figment(&file, overrides);
    let mut config = check(&figment)?;
    let sourced = sources(&figment).map_err(ConfigError::Unreadable)?;
    config.described = Arc::new(described(file.display().to_string(), &sourced));
    Ok(config)
}

/// The same, and what each setting is and where its value comes from.
pub(crate) fn load_with_sources(
    file: Option<&Path>,
    data: &Path,
    overrides: Overrides,
) -> Result<Vec<Sourced>, ConfigError> {
    let figment = figment(&file_of(file, data)?, overrides);
    check(&figment)?;
    sources(&figment).map_err(ConfigError::Unreadable)
}

fn check(figment: &Figment) -> Result<Config, ConfigError> {
    let raw: RawConfig =
        figment.extract().map_err(|error| ConfigError::Unreadable(Box::new(error)))?;
    Config::check(raw)
}

/// One that was named must be there.
fn file_of(file: Option<&Path>, data: &Path) -> Result<PathBuf, ConfigError> {
    match file {
        Some(file) if !file.is_file() => Err(ConfigError::NoFile(file.to_owned())),
        Some(file) => Ok(file.to_owned()),
        None => Ok(data.join("config.toml")),
    }
}

fn figment(file: &Path, overrides: Overrides) -> Figment {
    Figment::from(Toml::string(DEFAULTS))
        .merge(Toml::file(file))
        .merge(environment())
        .merge(Serialized::defaults(overrides))
}

/// Only variables that name a setting are read: others that begin with `ANC_` (`ANC_DATA`, or those
/// of the build) are none.
fn environment() -> Env {
    Env::prefixed("ANC_").split("__").filter(|key| {
        let name = key.as_str().split('.').next().unwrap_or_default().to_ascii_lowercase();
        DEFAULTS.lines().any(|line| {
            line.strip_prefix(&name).is_some_and(|rest| rest.trim_start().starts_with('='))
        }) || DEFAULTS.lines().any(|line| {
            let table = line.strip_prefix('[').and_then(|rest| rest.split(['.', ']']).next());
            table == Some(name.as_str())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_defaults_are_valid() {
        let nowhere = Path::new("/nonexistent");
        let config = load(None, nowhere, Overrides::default()).unwrap();
        assert_eq!(config.listen.port(), 8080);
    }

    #[test]
    fn a_file_that_was_named_must_exist() {
        let error =
            load(Some(Path::new("/nonexistent.toml")), Path::new("."), Overrides::default());
        assert!(matches!(error.err(), Some(ConfigError::NoFile(_))));
    }

    #[test]
    fn every_value_names_its_source_and_no_password_is_shown() {
        let data = tempfile::tempdir().unwrap();
        let file = data.path().join("config.toml");
        let text =
            "workers = 3\ndatabase = \"postgres://me:hush@db/anc\"\n[limits]\nattempts = 5\n";
        std::fs::write(&file, text).unwrap();
        let overrides =
            Overrides { listen: Some("127.0.0.1:9".to_owned()), ..Overrides::default() };
        let all = load_with_sources(None, data.path(), overrides).unwrap();
        let one = |key: &str| all.iter().find(|one| one.key == key).unwrap();
        let path = file.display();
        assert_eq!(one("workers").to_string(), format!("3 # {path}"));
        assert_eq!(one("limits.attempts").to_string(), format!("5 # {path}"));
        assert_eq!(one("listen").to_string(), "\"127.0.0.1:9\" # flag --listen");
        assert_eq!(one("durability").to_string(), "\"process\" # default");
        assert_eq!(one("trusted_proxies").value, "[]");
        assert_eq!(one("database").value, "\"postgres://me:removed@db/anc\"");
        assert!(all.len() > 30, "{}", all.len());
    }

    #[test]
    fn secrets_of_payments_are_not_shown() {
        let data = tempfile::tempdir().unwrap();
        let text = "public_url = \"https://r.example\"\n[payments.stripe]\n\
                    secret_key = \"sk_test_hush\"\nwebhook_secret = \"whsec_hush\"\n";
        std::fs::write(data.path().join("config.toml"), text).unwrap();
        let all = load_with_sources(None, data.path(), Overrides::default()).unwrap();
        let one = |key: &str| all.iter().find(|one| one.key == key).unwrap().value.as_str();
        assert_eq!(one("payments.stripe.secret_key"), "\"removed\"");
        assert_eq!(one("payments.stripe.webhook_secret"), "\"removed\"");
        assert_eq!(one("payments.stripe.amount_min"), "\"5\"");
    }

    #[test]
    fn a_flag_wins() {
        let overrides =
            Overrides { listen: Some("127.0.0.1:9".to_owned()), ..Overrides::default() };
        let config = load(None, Path::new("/nonexistent"), overrides).unwrap();
        assert_eq!(config.listen.port(), 9);
    }
}
