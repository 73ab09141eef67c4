//! From what a database holds to the words of the domain, and back.

use std::fmt::Write as _;
use std::str::FromStr;

use anc_domain::{Meter, RequestId, SecretHash, TokenCount, UnixMillis, Usage};
use anc_ledger::Zone;
use serde_json::{Map, Value};

use crate::StoreError;

pub(crate) fn hash(bytes: &[u8]) -> Result<SecretHash, StoreError> {
    <[u8; 32]>::try_from(bytes)
        .map(SecretHash::from_bytes)
        .map_err(|_| StoreError::corrupt("a hash is not 32 bytes"))
}

pub(crate) fn request_id(bytes: &[u8]) -> Result<RequestId, StoreError> {
    <[u8; 16]>::try_from(bytes)
        .map(RequestId::from_bytes)
        .map_err(|_| StoreError::corrupt("a request id is not 16 bytes"))
}

pub(crate) fn time(millis: Option<i64>) -> Option<UnixMillis> {
    millis.map(UnixMillis::from_millis)
}

pub(crate) fn millis(time: Option<UnixMillis>) -> Option<i64> {
    time.map(UnixMillis::as_millis)
}

/// A count that a CHECK keeps from being negative.
pub(crate) fn count(value: i64) -> Result<u64, StoreError> {
    u64::try_from(value).map_err(|_| StoreError::corrupt("a count is negative"))
}

/// A JSON list of texts, each of which has a form of its own.
pub(crate) fn list<T: FromStr>(text: &str) -> Result<Vec<T>, StoreError> {
    let texts: Vec<String> = serde_json::from_str(text).map_err(StoreError::corrupt)?;
    texts
        .iter()
        .map(|text| {
            text.parse().map_err(|_| StoreError::corrupt("a list has an element of the wrong form"))
        })
        .collect()
}

pub(crate) fn list_text<T: ToString>(items: impl Iterator<Item = T>) -> String {
    let texts: Vec<Value> = items.map(|item| Value::String(item.to_string())).collect();
    Value::Array(texts).to_string()
}

/// Usage as JSON, meters by name; what counted nothing is left out.
pub(crate) fn usage_text(usage: &Usage) -> String {
    let units: Map<String, Value> =
        usage.counted().map(|(meter, units)| (meter.name().to_owned(), units.into())).collect();
    Value::Object(units).to_string()
}

pub(crate) fn usage_from_text(text: &str) -> Result<Usage, StoreError> {
    let units: Map<String, Value> = serde_json::from_str(text).map_err(StoreError::corrupt)?;
    let mut usage = Usage::default();
    for meter in Meter::ALL {
        if let Some(units) = units.get(meter.name()) {
            let units = units
                .as_u64()
                .ok_or_else(|| StoreError::corrupt("observed units are no whole number"))?;
            usage.set(meter, units).map_err(StoreError::corrupt)?;
        }
    }
    Ok(usage)
}

/// Units as the columns of a usage row hold them.
pub(crate) fn units_column(units: TokenCount) -> i64 {
    // A usage has at most `Usage::PLAUSIBLE_MAX` units of a meter.
    i64::try_from(units).unwrap_or(i64::MAX)
}

/// A zone by its stored name. One that this program's rules no longer know counts as universal
/// time: windows must go on.
pub(crate) fn zone(name: &str) -> Zone {
    name.parse().unwrap_or_else(|_| Zone::utc())
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// `%` and `_` of a search text stand for themselves.
pub(crate) fn like_pattern(search: &str) -> String {
    let mut pattern = String::with_capacity(search.len() + 2);
    pattern.push('%');
    for letter in search.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_reads_back_from_its_text() {
        let usage = Usage::default().with(Meter::Input, 12).with(Meter::CacheWrite1h, 3);
        let text = usage_text(&usage);
        assert_eq!(text, r#"{"cache_write_1h":3,"input":12}"#);
        assert_eq!(usage_from_text(&text), Ok(usage));
        assert!(usage_from_text(r#"{"input":-1}"#).is_err());
    }

    #[test]
    fn a_search_text_means_itself() {
        assert_eq!(like_pattern("50%_x"), r"%50\%\_x%");
    }
}
