//! Whether a notice is Stripe's: <https://docs.stripe.com/webhooks#verify-manually>.

use std::time::Duration;

use anc_domain::{Secret, UnixMillis};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

/// How far a signature's time may lie from ours, in either direction.
const TOLERANCE: Duration = Duration::from_mins(5);
/// Signatures of one notice that are looked at: Stripe sends one for each secret in force.
const SIGNATURES_MAX: usize = 8;

/// Whether `header` (`Stripe-Signature`) signs exactly these bytes, by one of the secrets and not
/// long ago. Comparing takes the same time however much agrees.
pub(super) fn is_signed(header: &str, body: &[u8], secrets: &[Secret], now: UnixMillis) -> bool {
    let Some((time, signatures)) = parts(header) else { return false };
    let Some(millis) = time.parse::<i64>().ok().and_then(|seconds| seconds.checked_mul(1_000))
    else {
        return false;
    };
    let away = now.as_millis().abs_diff(millis);
    if u128::from(away) > TOLERANCE.as_millis() {
        return false;
    }
    let mut found = false;
    // An empty secret would be everybody's.
    for secret in secrets.iter().filter(|secret| !secret.expose().is_empty()) {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()) else {
            continue;
        };
        mac.update(time.as_bytes());
        mac.update(b".");
        mac.update(body);
        for signature in &signatures {
            found |= mac.clone().verify_slice(signature).is_ok();
        }
    }
    found
}

/// The time as it is written, and the signatures of the one scheme that is known. A second time is
/// refused, since one could be checked and the other signed.
fn parts(header: &str) -> Option<(&str, Vec<[u8; 32]>)> {
    let (mut time, mut signatures) = (None, Vec::new());
    for part in header.split(',') {
        match part.trim().split_once('=')? {
            ("t", _) if time.is_some() => return None,
            ("t", text) => time = Some(text).filter(|text| is_number(text)),
            ("v1", text) if signatures.len() < SIGNATURES_MAX => signatures.extend(bytes(text)),
            _ => {}
        }
    }
    time.map(|time| (time, signatures))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Sixty-four hexadecimal digits.
fn bytes(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis::from_millis(1_790_000_000_000);
    const BODY: &[u8] = br#"{"id":"evt_1"}"#;

    fn signature(secret: &str, time: i64, body: &[u8]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(format!("{time}.").as_bytes());
        mac.update(body);
        let hex: Vec<String> =
            mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        hex.concat()
    }

    fn header(secret: &str, time: i64, body: &[u8]) -> String {
        format!("t={time},v1={},v0=00", signature(secret, time, body))
    }

    fn holds(header: &str) -> bool {
        let secrets = [Secret::new("whsec_new"), Secret::new("whsec_old")];
        is_signed(header, BODY, &secrets, NOW)
    }

    #[test]
    fn what_stripes_own_library_signs_is_taken() {
        // By `webhooks.generateTestHeaderString` of the package `stripe` 23.1.0.
        let header = "t=1790000000,\
                      v1=9297351e1379fa389d9bb355e57b8c11640949b2c515967418208c369ab2b4aa";
        assert!(holds(header));
        assert!(!holds(&header.replace("v1=9", "v1=8")));
    }

    #[test]
    fn either_secret_is_in_force_while_one_replaces_the_other() {
        let seconds = NOW.as_seconds();
        assert!(holds(&header("whsec_old", seconds, BODY)));
        assert!(holds(&header("whsec_new", seconds, BODY)));
        let two = format!(
            "t={seconds},v1={},v1={}",
            "0".repeat(64),
            signature("whsec_new", seconds, BODY)
        );
        assert!(holds(&two));
    }

    #[test]
    fn h5_what_is_not_signed_so_is_refused() {
        let seconds = NOW.as_seconds();
        let good = signature("whsec_old", seconds, BODY);
        for bad in [
            String::new(),
            "t".into(),
            format!("t={seconds}"),
            format!("v1={good}"),
            format!("t={seconds},v0={good}"),
            format!("t=,v1={good}"),
            format!("t=-{seconds},v1={good}"),
            format!("t={},v1={good}", seconds + 1),
            format!("t={seconds},t={seconds},v1={good}"),
            format!("t={seconds},v1={}", &good[..62]),
            format!("t={seconds},v1={good}00"),
            header("whsec_other", seconds, BODY),
            header("", seconds, BODY),
            header("whsec_old", seconds, b"{}"),
            header("whsec_old", seconds - 301, BODY),
            header("whsec_old", seconds + 301, BODY),
            header("whsec_old", i64::MAX, BODY),
        ] {
            assert!(!holds(&bad), "{bad}");
        }
        let by_nothing = header("", seconds, BODY);
        assert!(!is_signed(&by_nothing, BODY, &[Secret::new("")], NOW));
        assert!(!is_signed(&by_nothing, BODY, &[], NOW));
    }

    #[test]
    fn a_signature_holds_for_five_minutes() {
        let seconds = NOW.as_seconds();
        assert!(holds(&header("whsec_old", seconds - 300, BODY)));
        assert!(holds(&header("whsec_old", seconds + 300, BODY)));
    }
}
