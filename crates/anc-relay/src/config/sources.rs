//! What each setting is, and where its value comes from.

use std::fmt;
use std::path::PathBuf;

use figment::value::{Dict, Value};
use figment::{Figment, Metadata, Source};

/// A setting with its value, as it would be written in a file.
pub(crate) struct Sourced {
    /// The key, its table before a dot.
    pub(crate) key: String,
    /// The value in TOML, without what is secret in it.
    pub(crate) value: String,
    /// Where it comes from.
    pub(crate) origin: Origin,
    /// The value has a secret in it, or would have.
    pub(super) is_secret: bool,
    /// The value is neither empty nor zero.
    pub(super) is_set: bool,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The documented defaults.
    Default,
    /// A file.
    File(PathBuf),
    /// A variable of the environment.
    Environment,
    /// A flag.
    Flag,
}

impl Sourced {
    /// The variable of the environment that sets it.
    pub(super) fn variable(&self) -> String {
        format!("ANC_{}", self.key.replace('.', "__").to_uppercase())
    }

    /// The flag that sets it, where there is one.
    pub(super) fn flag(&self) -> String {
        format!("--{}", self.key.replace('_', "-"))
    }
}

/// The value, and as a person knows it where it comes from.
impl fmt::Display for Sourced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} # ", self.value)?;
        match &self.origin {
            Origin::Default => f.write_str("default"),
            Origin::File(path) => write!(f, "{}", path.display()),
            Origin::Environment => write!(f, "environment variable {}", self.variable()),
            Origin::Flag => write!(f, "flag {}", self.flag()),
        }
    }
}

/// Every setting of the documented defaults, in alphabetical order, plain ones before tables.
pub(super) fn sources(figment: &Figment) -> Result<Vec<Sourced>, Box<figment::Error>> {
    let all: Dict = figment.extract()?;
    let mut found = Vec::new();
    add_table(figment, "", all, &mut found);
    Ok(found)
}

/// A table's own settings, then those of the tables in it.
fn add_table(figment: &Figment, prefix: &str, table: Dict, found: &mut Vec<Sourced>) {
    let (tables, plain): (Vec<_>, Vec<_>) =
        table.into_iter().partition(|(_, value)| matches!(value, Value::Dict(..)));
    for (key, value) in plain {
        found.push(sourced(figment, format!("{prefix}{key}"), &value));
    }
    for (name, value) in tables {
        let inner = value.into_dict().unwrap_or_default();
        add_table(figment, &format!("{prefix}{name}."), inner, found);
    }
}

fn sourced(figment: &Figment, key: String, value: &Value) -> Sourced {
    let origin = figment.find_metadata(&key).map_or(Origin::Default, origin);
    let is_set = is_set(value);
    let is_secret = is_secret(&key);
    let value = match key.as_str() {
        "database" => without_password(value),
        _ if is_secret && is_set => "\"removed\"".to_owned(),
        _ => written(value),
    };
    Sourced { key, value, origin, is_secret, is_set }
}

/// The database's address may have a password in it, also where nobody looks for one.
fn is_secret(key: &str) -> bool {
    key == "database" || ["_key", "_secret", ".password"].iter().any(|end| key.ends_with(end))
}

fn is_set(value: &Value) -> bool {
    !["\"\"", "0", "false", "[]"].contains(&written(value).as_str())
}

fn origin(metadata: &Metadata) -> Origin {
    match &metadata.source {
        Some(Source::File(path)) => Origin::File(path.clone()),
        _ if metadata.name.contains("environment") => Origin::Environment,
        _ if metadata.name.contains("TOML") => Origin::Default,
        _ => Origin::Flag,
    }
}

fn written(value: &Value) -> String {
    match value {
        // JSON's quoting is a part of TOML's.
        Value::String(_, text) => serde_json::Value::from(text.as_str()).to_string(),
        Value::Bool(_, yes) => yes.to_string(),
        // Signed in files, unsigned in the environment.
        Value::Num(_, number) => number
            .to_i128()
            .map(|whole| whole.to_string())
            .or_else(|| number.to_u128().map(|whole| whole.to_string()))
            .unwrap_or_else(|| number.to_f64().unwrap_or_default().to_string()),
        Value::Array(_, items) => {
            format!("[{}]", items.iter().map(written).collect::<Vec<_>>().join(", "))
        }
        Value::Char(..) | Value::Empty(..) | Value::Dict(..) => "\"\"".to_owned(),
    }
}

fn without_password(value: &Value) -> String {
    let Some(mut url) = value.as_str().and_then(|text| url::Url::parse(text).ok()) else {
        return written(value);
    };
    if url.password().is_some() {
        // Only an address without a host has no place for a password, and it had one.
        url.set_password(Some("removed")).ok();
    }
    format!("\"{url}\"")
}
