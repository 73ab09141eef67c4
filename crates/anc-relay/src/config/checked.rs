//! Configuration that makes sense: the only form that the program sees.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anc_control::{
    AlertSettings, DescribedSettings, IdentitySettings, RedemptionSettings, SignUp, StripeSettings,
};
use anc_domain::{NanoUsd, TrustedProxies};
use anc_gateway::{InputHold, Limits};
use anc_store::{Durability, Location, USAGE_DAYS_MIN};
use anc_upstream::UpstreamTimeouts;
use url::Url;

use super::mail::{MailSettings, check_mail};
use super::payments::check_stripe;
use super::raw::{ConfigError, RawAlerts, RawConfig, RawLimits, RawRetention};
use super::redemption::check_redemption;
use super::sign_in::check_sign_in;
use crate::data_dir::DATABASE_FILE;
use crate::retention::Retention;

/// Everything that can be set.
#[derive(Clone)]
pub(crate) struct Config {
    pub(crate) listen: SocketAddr,
    pub(crate) public_url: Option<Url>,
    pub(crate) insecure_http: bool,
    /// Who may register.
    pub(crate) sign_up: SignUp,
    pub(crate) trusted_proxies: TrustedProxies,
    /// Whether web pages of other origins may call the relay.
    pub(crate) cors: bool,
    pub(crate) workers: usize,
    /// A server's address; `None` is a file in the data directory.
    postgres: Option<String>,
    /// Where the master key is; `None` is in the data directory.
    pub(crate) master_key_file: Option<PathBuf>,
    pub(crate) durability: Durability,
    /// Where figures for Prometheus are served, if anywhere.
    pub(crate) metrics_listen: Option<SocketAddr>,
    pub(crate) log_level: String,
    pub(crate) log_format: LogFormat,
    pub(crate) limits: Limits,
    pub(crate) timeouts: UpstreamTimeouts,
    pub(crate) listener: ListenerLimits,
    /// For how long running requests may go on when the relay is told to stop.
    pub(crate) drain: Duration,
    /// What is kept for a while only.
    pub(crate) retention: Retention,
    /// How accounts pay in; `None` where they cannot.
    pub(crate) payments: Option<StripeSettings>,
    /// What redemption codes may be.
    pub(crate) redemption: RedemptionSettings,
    /// How mail is sent; `None` where none is.
    pub(crate) mail: Option<MailSettings>,
    /// When people are told something without asking, and how.
    pub(crate) alerts: AlertSettings,
    /// All of it as people are shown it.
    pub(crate) described: Arc<DescribedSettings>,
    /// The most bytes of a price list that is imported.
    pub(crate) price_list_bytes: usize,
    /// Who people may sign in by.
    pub(crate) identities: IdentitySettings,
}

/// For whom the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// People.
    Text,
    /// Collectors.
    Json,
}

/// What connections may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ListenerLimits {
    /// At the same time.
    pub(crate) connections: usize,
    /// At the same time from one address.
    pub(crate) connections_per_address: usize,
    /// For a request's head, from its first byte.
    pub(crate) head: Duration,
    /// Before the first request and between two.
    pub(crate) idle: Duration,
    /// Without the client reading anything of its answer.
    pub(crate) write_stall: Duration,
}

pub(super) fn wrong(key: &'static str, problem: impl Into<String>) -> ConfigError {
    ConfigError::Value { key, problem: problem.into() }
}

impl Config {
    /// Where the database is, with this data directory.
    pub(crate) fn location(&self, data: &Path) -> Location {
        match &self.postgres {
            Some(url) => Location::Postgres(url.clone()),
            None => Location::Sqlite(data.join(DATABASE_FILE)),
        }
    }

    pub(super) fn check(raw: RawConfig) -> Result<Self, ConfigError> {
        let public_url = match raw.public_url.as_str() {
            "" => None,
            text => Some(check_public_url(text)?),
        };
        let proxies = raw
            .trusted_proxies
            .iter()
            .map(|text| {
                text.parse()
                    .map_err(|error| wrong("trusted_proxies", format!("{text:?} is {error}")))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let payments = check_stripe(raw.payments.stripe, public_url.as_ref())?;
        let mail = check_mail(raw.mail, public_url.as_ref())?;
        let identities = check_sign_in(raw.sign_in, public_url.is_some())?;
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Ok(Self {
            listen: raw
                .listen
                .parse()
                .map_err(|_| wrong("listen", "not an address and port such as 127.0.0.1:8080"))?,
            public_url,
            insecure_http: raw.insecure_http,
            sign_up: match raw.sign_up.as_str() {
                "closed" => SignUp::Closed,
                "invitation" => SignUp::Invitation,
                "open" => SignUp::Open,
                _ => return Err(wrong("sign_up", "\"closed\", \"invitation\" or \"open\"")),
            },
            trusted_proxies: TrustedProxies::new(proxies),
            cors: raw.cors,
            workers: if raw.workers == 0 { cores } else { raw.workers.min(256) },
            postgres: check_database(raw.database)?,
            master_key_file: (!raw.master_key_file.is_empty())
                .then(|| PathBuf::from(raw.master_key_file)),
            durability: match raw.durability.as_str() {
                "process" => Durability::Process,
                "power" => Durability::Power,
                _ => return Err(wrong("durability", "either \"process\" or \"power\"")),
            },
            metrics_listen: match raw.metrics_listen.as_str() {
                "" => None,
                text => Some(text.parse().map_err(|_| {
                    wrong("metrics_listen", "not an address and port such as 127.0.0.1:9464")
                })?),
            },
            log_level: check_log_level(raw.log_level)?,
            log_format: match raw.log_format.as_str() {
                "text" => LogFormat::Text,
                "json" => LogFormat::Json,
                _ => return Err(wrong("log_format", "either \"text\" or \"json\"")),
            },
            timeouts: UpstreamTimeouts {
                connect: Duration::from_secs(raw.limits.connect_seconds),
                head: Duration::from_secs(raw.limits.answer_head_seconds),
            },
            listener: ListenerLimits {
                connections: raw.limits.connections,
                connections_per_address: raw.limits.connections_per_address,
                idle: Duration::from_secs(raw.limits.connection_idle_seconds),
                head: Duration::from_secs(raw.limits.request_head_seconds),
                write_stall: Duration::from_secs(raw.limits.write_stall_seconds),
            },
            drain: Duration::from_secs(raw.limits.drain_seconds),
            limits: check_limits(&raw.limits, check_input_hold(&raw.input_hold)?)?,
            retention: check_retention(&raw.retention)?,
            payments,
            redemption: check_redemption(&raw.redemption_codes)?,
            mail,
            alerts: check_alerts(&raw.alerts)?,
            described: Arc::default(),
            price_list_bytes: raw.limits.price_list_bytes,
            identities,
        })
    }
}

fn check_retention(raw: &RawRetention) -> Result<Retention, ConfigError> {
    if raw.usage_days > 0 && raw.usage_days < USAGE_DAYS_MIN {
        return Err(wrong("retention.usage_days", format!("0, or at least {USAGE_DAYS_MIN}")));
    }
    let days = |days: u32| (days > 0).then_some(days);
    Ok(Retention {
        usage_days: days(raw.usage_days),
        audit_days: days(raw.audit_days),
        sign_in_days: days(raw.sign_in_days),
    })
}

fn check_alerts(raw: &RawAlerts) -> Result<AlertSettings, ConfigError> {
    let amount = |key: &'static str, text: &str| {
        let amount: NanoUsd =
            text.parse().map_err(|error: anc_domain::MoneyError| wrong(key, error.to_string()))?;
        if amount.is_negative() { Err(wrong(key, "below zero")) } else { Ok(amount) }
    };
    if raw.attempts == 0 || raw.attempts > 100 {
        return Err(wrong("alerts.attempts", "between 1 and 100"));
    }
    if raw.retry_seconds == 0 {
        return Err(wrong("alerts.retry_seconds", "at least 1"));
    }
    Ok(AlertSettings {
        low_balance: amount("alerts.low_balance", &raw.low_balance)?,
        unusual_min: amount("alerts.unusual_min", &raw.unusual_min)?,
        attempts: raw.attempts,
        retry: Duration::from_secs(raw.retry_seconds),
        private_webhooks: raw.private_webhooks,
    })
}

fn check_database(text: String) -> Result<Option<String>, ConfigError> {
    if text.is_empty() {
        return Ok(None);
    }
    // The text itself is not repeated: there may be a password in it.
    let url = Url::parse(&text).map_err(|error| wrong("database", error.to_string()))?;
    match url.scheme() {
        "postgres" | "postgresql" => Ok(Some(text)),
        _ => Err(wrong("database", "an address such as postgres://user:password@host/database")),
    }
}

/// A word that is no level would be taken for the name of a part of the program, and silence all of
/// it.
fn check_log_level(text: String) -> Result<String, ConfigError> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let is_level = |word: &str| LEVELS.contains(&word.trim().to_ascii_lowercase().as_str());
    let sound = text.split(',').all(|part| is_level(part.rsplit('=').next().unwrap_or_default()));
    if sound {
        return Ok(text);
    }
    Err(wrong(
        "log_level",
        "error, warn, info, debug, trace, or a filter such as \"info,anc_gateway=debug\"",
    ))
}

fn check_public_url(text: &str) -> Result<Url, ConfigError> {
    let url = Url::parse(text).map_err(|error| wrong("public_url", error.to_string()))?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.host().is_some()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty();
    if plain {
        Ok(url)
    } else {
        Err(wrong("public_url", "an origin such as https://relay.example.com"))
    }
}

fn check_input_hold(text: &str) -> Result<InputHold, ConfigError> {
    match text {
        "cautious" => Ok(InputHold::Cautious),
        "strict" => Ok(InputHold::Strict),
        _ => Err(wrong("input_hold", "either \"cautious\" or \"strict\"")),
    }
}

fn check_limits(raw: &RawLimits, input_hold: InputHold) -> Result<Limits, ConfigError> {
    let at_least_one = [
        ("limits.attempts", raw.attempts as u64),
        ("limits.connections", raw.connections as u64),
        ("limits.connections_per_address", raw.connections_per_address as u64),
        ("limits.request_body_bytes_per_second", raw.request_body_bytes_per_second),
        ("limits.running_requests", raw.running_requests as u64),
        ("limits.output_step_units", raw.output_step_units),
        ("limits.output_units_default", raw.output_units_default),
        ("limits.keepalive_seconds", raw.keepalive_seconds),
        ("limits.idle_seconds", raw.idle_seconds),
        ("limits.total_seconds", raw.total_seconds),
    ];
    if let Some((key, _)) = at_least_one.into_iter().find(|(_, value)| *value == 0) {
        return Err(wrong(key, "must be at least 1"));
    }
    Ok(Limits {
        request_body_bytes: raw.request_body_bytes,
        request_bodies_bytes: raw.request_bodies_bytes,
        request_body_idle: Duration::from_secs(raw.request_body_idle_seconds),
        request_body_bytes_per_second: raw.request_body_bytes_per_second,
        answer_bytes: raw.answer_bytes,
        refusal_bytes: raw.refusal_bytes,
        attempts: raw.attempts,
        running_requests: raw.running_requests,
        input_hold,
        output_units_default: raw.output_units_default,
        output_step_units: raw.output_step_units,
        tool_calls_held: raw.tool_calls_held,
        first_content_grace: Duration::from_secs(raw.first_content_grace_seconds),
        first_content: Duration::from_secs(raw.first_content_seconds),
        idle: Duration::from_secs(raw.idle_seconds),
        keepalive: Duration::from_secs(raw.keepalive_seconds),
        total: Duration::from_secs(raw.total_seconds),
        directory_entries: raw.directory_entries,
        directory_unknown_entries: raw.directory_unknown_entries,
        feed_stale: Duration::from_secs(raw.feed_stale_seconds),
    })
}
