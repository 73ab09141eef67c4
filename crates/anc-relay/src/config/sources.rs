//! What each setting is, and where its value comes from.

use figment::value::{Dict, Value};
use figment::{Figment, Metadata, Source};

/// A setting with its value, as it would be written in a file.
pub(crate) struct Sourced {
    /// The key, its table before a dot.
    pub(crate) key: String,
    /// The value in TOML.
    pub(crate) value: String,
    /// Where it comes from.
    pub(crate) source: String,
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
    let source =
        figment.find_metadata(&key).map_or_else(|| "default".to_owned(), |from| named(from, &key));
    let value = match key.as_str() {
        "database" => without_password(value),
        _ if is_secret(&key) && value.as_str() != Some("") => "\"removed\"".to_owned(),
        _ => written(value),
    };
    Sourced { key, value, source }
}

fn is_secret(key: &str) -> bool {
    [".secret_key", ".webhook_secret", ".password"].iter().any(|end| key.ends_with(end))
}

/// A source as a person knows it.
fn named(metadata: &Metadata, key: &str) -> String {
    match &metadata.source {
        Some(Source::File(path)) => path.display().to_string(),
        _ if metadata.name.contains("environment") => {
            format!("environment variable ANC_{}", key.replace('.', "__").to_uppercase())
        }
        _ if metadata.name.contains("TOML") => "default".to_owned(),
        _ => format!("flag --{}", key.replace('_', "-")),
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
