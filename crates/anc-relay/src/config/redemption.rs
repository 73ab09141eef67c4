//! Settings of redemption codes that make sense.

use std::time::Duration;

use anc_control::RedemptionSettings;
use anc_domain::NanoUsd;

use super::checked::wrong;
use super::raw::{ConfigError, RawRedemption};

/// More codes in one answer, and in one transaction, would keep others waiting.
const BATCH_CODES_MAX: u32 = 10_000;
/// A wait that nobody sits out.
const WAIT_MAX_SECONDS: u64 = 86_400;

pub(super) fn check_redemption(raw: &RawRedemption) -> Result<RedemptionSettings, ConfigError> {
    if !(1..=BATCH_CODES_MAX).contains(&raw.batch_codes_max) {
        let problem = format!("between 1 and {BATCH_CODES_MAX}");
        return Err(wrong("redemption_codes.batch_codes_max", problem));
    }
    let amount_max = raw.amount_max.parse().ok().filter(|amount| *amount > NanoUsd::ZERO);
    let amount_max = amount_max.ok_or_else(|| {
        wrong("redemption_codes.amount_max", "dollars above zero, such as \"10000\"")
    })?;
    if raw.uses_max == 0 {
        return Err(wrong("redemption_codes.uses_max", "at least 1"));
    }
    let wait = raw.wrong_codes_wait_max_seconds;
    if !(1..=WAIT_MAX_SECONDS).contains(&wait) {
        let problem = format!("between 1 and {WAIT_MAX_SECONDS}");
        return Err(wrong("redemption_codes.wrong_codes_wait_max_seconds", problem));
    }
    Ok(RedemptionSettings {
        batch_codes_max: raw.batch_codes_max,
        amount_max,
        uses_max: raw.uses_max,
        wrong_codes_free: raw.wrong_codes_free,
        wrong_codes_wait_max: Duration::from_secs(wait),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw() -> RawRedemption {
        RawRedemption {
            batch_codes_max: 1_000,
            amount_max: "10000".into(),
            uses_max: 100_000,
            wrong_codes_free: 5,
            wrong_codes_wait_max_seconds: 900,
        }
    }

    #[test]
    fn the_defaults_are_what_the_control_plane_takes_for_them() {
        assert_eq!(check_redemption(&raw()).unwrap(), RedemptionSettings::default());
    }

    #[test]
    fn what_makes_no_sense_names_its_setting() {
        for (wrong, key) in [
            (RawRedemption { batch_codes_max: 0, ..raw() }, "batch_codes_max"),
            (RawRedemption { batch_codes_max: 10_001, ..raw() }, "batch_codes_max"),
            (RawRedemption { amount_max: "0".into(), ..raw() }, "amount_max"),
            (RawRedemption { amount_max: "-1".into(), ..raw() }, "amount_max"),
            (RawRedemption { uses_max: 0, ..raw() }, "uses_max"),
            (RawRedemption { wrong_codes_wait_max_seconds: 0, ..raw() }, "wait_max_seconds"),
        ] {
            let error = check_redemption(&wrong).unwrap_err().to_string();
            assert!(error.contains(key), "{error}");
        }
    }
}
