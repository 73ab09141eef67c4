//! What each setting is, for those who look at them in the console. The words are those of
//! `docs/configuration.md`, the defaults those of `config.default.toml`.

use anc_control::{DescribedSetting, DescribedSettings, SettingKind, SettingSource, SettingUnit};

use super::sources::{Origin, Sourced};

/// The documentation, one row a setting.
const DOCUMENTED: &str = include_str!("../../../../docs/configuration.md");

/// What some settings can be. Each word is in the setting's documentation.
const CHOICES: &[(&str, &[&str])] = &[
    ("sign_up", &["closed", "invitation", "open"]),
    ("durability", &["process", "power"]),
    ("input_hold", &["cautious", "strict"]),
    ("log_format", &["text", "json"]),
    ("mail.security", &["starttls", "tls", "none"]),
    ("mail.language", &["en", "zh-CN"]),
    ("payments.stripe.mode", &["test", "live"]),
];

/// Ends of names that say what is counted; the first that fits.
const UNITS: &[(&str, SettingUnit)] = &[
    ("_bytes_per_second", SettingUnit::BytesPerSecond),
    ("_bytes", SettingUnit::Bytes),
    ("_seconds", SettingUnit::Seconds),
    ("_days", SettingUnit::Days),
    ("_units_default", SettingUnit::Units),
    ("_units", SettingUnit::Units),
    ("amount_min", SettingUnit::Usd),
    ("amount_max", SettingUnit::Usd),
    ("low_balance", SettingUnit::Usd),
    ("unusual_min", SettingUnit::Usd),
];

/// A row of the documentation.
struct Documented {
    key: &'static str,
    default: &'static str,
    meaning: &'static str,
}

/// The rows of settings, in their order; other tables have two columns.
fn documented() -> impl Iterator<Item = Documented> {
    DOCUMENTED.lines().filter_map(|line| {
        let row = line.strip_prefix("| `")?.strip_suffix(" |")?;
        let (key, row) = row.split_once("` | `")?;
        let (default, meaning) = row.split_once("` | ")?;
        Some(Documented { key, default, meaning })
    })
}

/// Puts values beside the documentation.
pub(super) fn described(file: String, sourced: &[Sourced]) -> DescribedSettings {
    let items = documented()
        .filter_map(|row| {
            let value = sourced.iter().find(|one| one.key == row.key)?;
            Some(describe(&row, value))
        })
        .collect();
    DescribedSettings { file, items }
}

fn describe(row: &Documented, sourced: &Sourced) -> DescribedSetting {
    let choices = CHOICES.iter().find(|(key, _)| *key == row.key).map_or(&[][..], |(_, all)| *all);
    let (source, source_name) = match &sourced.origin {
        Origin::Default => (SettingSource::Default, None),
        Origin::File(path) => (SettingSource::File, Some(path.display().to_string())),
        Origin::Environment => (SettingSource::Environment, None),
        Origin::Flag => (SettingSource::Flag, Some(sourced.flag())),
    };
    DescribedSetting {
        key: row.key.to_owned(),
        table: row.key.rsplit_once('.').map_or("", |(table, _)| table).to_owned(),
        kind: kind_of(row.default, choices),
        unit: UNITS.iter().find(|(end, _)| row.key.ends_with(end)).map(|(_, unit)| *unit),
        choices: choices.iter().map(|&word| word.to_owned()).collect(),
        meaning: row.meaning.to_owned(),
        default: row.default.to_owned(),
        value: (!sourced.is_secret).then(|| sourced.value.clone()),
        secret: sourced.is_secret,
        set: sourced.is_set,
        source,
        source_name,
        variable: sourced.variable(),
    }
}

fn kind_of(default: &str, choices: &[&str]) -> SettingKind {
    match default.as_bytes().first() {
        _ if !choices.is_empty() => SettingKind::Choice,
        Some(b'[') => SettingKind::List,
        Some(b'"') => SettingKind::Text,
        Some(b't' | b'f') => SettingKind::Switch,
        _ => SettingKind::Number,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Overrides, load, load_with_sources};

    fn of(text: &str) -> DescribedSettings {
        let data = tempfile::tempdir().unwrap();
        std::fs::write(data.path().join("config.toml"), text).unwrap();
        let config = load(None, data.path(), Overrides::default()).unwrap();
        std::sync::Arc::into_inner(config.described).unwrap()
    }

    #[test]
    fn every_setting_is_described_once() {
        let nowhere = Path::new("/nonexistent");
        let all = load_with_sources(None, nowhere, Overrides::default()).unwrap();
        let mut known: Vec<String> = all.into_iter().map(|one| one.key).collect();
        let mut described: Vec<String> = of("").items.into_iter().map(|one| one.key).collect();
        known.sort_unstable();
        described.sort_unstable();
        assert_eq!(described, known);
    }

    #[test]
    fn every_choice_is_named_in_the_documentation_and_the_default_is_one() {
        for one in of("").items.into_iter().filter(|one| one.kind == SettingKind::Choice) {
            for word in &one.choices {
                assert!(one.meaning.contains(&format!("\"{word}\"")), "{}: {word}", one.key);
            }
            assert!(one.choices.contains(&one.default.trim_matches('"').to_owned()), "{}", one.key);
        }
        let keys = of("").items.into_iter().map(|one| one.key).collect::<Vec<_>>();
        assert!(CHOICES.iter().all(|(key, _)| keys.iter().any(|known| known == key)));
    }

    #[test]
    fn values_come_with_their_source_and_secrets_without() {
        let table =
            of("public_url = \"https://r.example\"\ndatabase = \"postgres://me:hush@db/anc\"\n\
                        [payments.stripe]\nsecret_key = \"sk_test_hush\"\n\
                        webhook_secret = \"whsec_hush\"\n[limits]\nattempts = 5\n");
        assert!(!serde_json::to_string(&table).unwrap().contains("hush"));
        let one = |key: &str| table.items.iter().find(|one| one.key == key).unwrap();
        for key in ["payments.stripe.secret_key", "payments.stripe.webhook_secret", "database"] {
            assert_eq!((one(key).value.as_deref(), one(key).set), (None, true), "{key}");
        }
        assert_eq!((one("mail.password").secret, one("mail.password").set), (true, false));
        let attempts = one("limits.attempts");
        assert_eq!((attempts.value.as_deref(), attempts.default.as_str()), (Some("5"), "3"));
        assert_eq!(attempts.source, SettingSource::File);
        assert_eq!(attempts.source_name.as_deref(), Some(table.file.as_str()));
        assert_eq!(attempts.variable, "ANC_LIMITS__ATTEMPTS");
        assert_eq!(one("limits.idle_seconds").unit, Some(SettingUnit::Seconds));
        assert_eq!(one("workers").source, SettingSource::Default);
        assert_eq!(one("trusted_proxies").kind, SettingKind::List);
    }
}
