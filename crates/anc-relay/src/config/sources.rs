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
    let (tables, plain): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|(_, value)| matches!(value, Value::Dict(..)));
    for (key, value) in plain {
        found.push(sourced(figment, key, &value));
    }
    for (table, value) in tables {
        for (key, value) in value.into_dict().unwrap_or_default() {
            found.push(sourced(figment, format!("{table}.{key}"), &value));
        }
    }
    Ok(found)
}

fn sourced(figment: &Figment, key: String, value: &Value) -> Sourced {
    let source =
        figment.find_metadata(&key).map_or_else(|| "default".to_owned(), |from| named(from, &key));
    let value = if key == "database" { without_password(value) } else { written(value) };
    Sourced { key, value, source }
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
