//! Codes of authenticator apps: TOTP (RFC 6238) as they all expect it, over SHA-1, of six digits and
//! thirty seconds.

use anc_domain::{Entropy, Secret, UnixMillis};
use hmac::{Hmac, Mac as _};
use sha1::Sha1;

/// 160 bits, as RFC 4226 recommends.
const SEED_BYTES: usize = 20;
const STEP_SECONDS: i64 = 30;
/// Steps before and after the clock's in which a code is taken: phones are seldom exact.
const STEPS_OFF: i64 = 1;
const CODE_DIGITS: usize = 6;
const CODES: u32 = 1_000_000;

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// A new seed, in base32.
pub(crate) fn new_seed(entropy: &dyn Entropy) -> Secret {
    Secret::new(random_base32::<SEED_BYTES>(entropy))
}

/// Random bytes as base32 (RFC 4648) without padding.
pub(crate) fn random_base32<const N: usize>(entropy: &dyn Entropy) -> String {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes);
    base32(&bytes)
}

/// What the QR code says to the app.
pub(crate) fn uri(issuer: &str, email: &str, seed: &Secret) -> String {
    let encoded = |text: &str| {
        url::form_urlencoded::byte_serialize(text.as_bytes())
            .collect::<String>()
            .replace('+', "%20")
    };
    let (issuer, email) = (encoded(issuer), encoded(email));
    let seed = seed.expose();
    format!(
        "otpauth://totp/{issuer}:{email}?secret={seed}&issuer={issuer}&algorithm=SHA1&digits=6&period=30"
    )
}

/// The step whose code was presented, if it is one of those around `now`.
pub(crate) fn matching_step(seed: &Secret, presented: &str, now: UnixMillis) -> Option<i64> {
    let key = read_base32(seed.expose())?;
    if presented.len() != CODE_DIGITS || !presented.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let presented: u32 = presented.parse().ok()?;
    let current = now.as_millis().div_euclid(1_000 * STEP_SECONDS);
    (current - STEPS_OFF..=current + STEPS_OFF)
        .rfind(|step| code_number(&key, *step).is_some_and(|code| code % CODES == presented))
}

/// RFC 4226: the 31 bits of which a code is the last digits.
fn code_number(key: &[u8], step: i64) -> Option<u32> {
    let mut mac = Hmac::<Sha1>::new_from_slice(key).ok()?;
    mac.update(&step.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let start = usize::from(digest.last()? & 0xf);
    let bytes: [u8; 4] = digest.get(start..start + 4)?.try_into().ok()?;
    Some(u32::from_be_bytes(bytes) & 0x7fff_ffff)
}

fn base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    for chunk in bytes.chunks(5) {
        let mut bits = [0_u8; 8];
        for (place, byte) in bits.iter_mut().skip(3).zip(chunk) {
            *place = *byte;
        }
        let number = u64::from_be_bytes(bits);
        for digit in 0..(chunk.len() * 8).div_ceil(5) {
            let place = (number >> (35 - 5 * digit)) & 31;
            text.extend(
                BASE32.get(usize::try_from(place).unwrap_or(0)).map(|byte| char::from(*byte)),
            );
        }
    }
    text
}

fn read_base32(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 5 / 8);
    let (mut waiting, mut bits) = (0_u32, 0_u32);
    for letter in text.bytes() {
        let digit = BASE32.iter().position(|known| *known == letter)?;
        waiting = (waiting << 5) | u32::try_from(digit).ok()?;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((waiting >> bits) & 0xff).ok()?);
            waiting &= (1 << bits) - 1;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use anc_domain::FixedEntropy;

    use super::*;

    /// RFC 6238, appendix B: SHA-1 over the seed "12345678901234567890", eight digits.
    const VECTORS: [(i64, u32); 6] = [
        (59, 94_287_082),
        (1_111_111_109, 7_081_804),
        (1_111_111_111, 14_050_471),
        (1_234_567_890, 89_005_924),
        (2_000_000_000, 69_279_037),
        (20_000_000_000, 65_353_130),
    ];

    fn seed() -> Secret {
        Secret::new(base32(b"12345678901234567890"))
    }

    fn at(seconds: i64) -> UnixMillis {
        UnixMillis::from_millis(seconds * 1_000)
    }

    #[test]
    fn codes_are_those_of_the_rfc() {
        for (seconds, code) in VECTORS {
            let number = code_number(b"12345678901234567890", seconds / STEP_SECONDS).unwrap();
            assert_eq!(number % 100_000_000, code, "at {seconds}");
            let shown = format!("{:06}", code % CODES);
            assert_eq!(matching_step(&seed(), &shown, at(seconds)), Some(seconds / STEP_SECONDS));
        }
    }

    #[test]
    fn a_code_is_taken_one_step_early_and_late_and_no_further() {
        let code = format!("{:06}", 89_005_924 % CODES);
        let step = 1_234_567_890 / STEP_SECONDS;
        for off in -3..=3 {
            let taken = matching_step(&seed(), &code, at((step + off) * STEP_SECONDS));
            assert_eq!(taken.is_some(), off.abs() <= 1, "{off}");
        }
    }

    #[test]
    fn what_is_no_code_is_not_taken() {
        for text in ["", "05924", "0005924", "+05924", "00592a", "００５９２４"] {
            assert_eq!(matching_step(&seed(), text, at(1_234_567_890)), None, "{text}");
        }
    }

    #[test]
    fn base32_is_that_of_the_rfc_and_reads_back() {
        for (bytes, text) in
            [("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foobar", "MZXW6YTBOI")]
        {
            assert_eq!(base32(bytes.as_bytes()), text);
            assert_eq!(read_base32(text).unwrap(), bytes.as_bytes());
        }
        assert_eq!(new_seed(&FixedEntropy::new(1)).expose().len(), 32);
        assert!(read_base32("m1").is_none());
    }

    #[test]
    fn the_link_names_relay_and_person() {
        let uri = uri("ANC Relay", "a+b@example.com", &seed());
        assert!(uri.starts_with("otpauth://totp/ANC%20Relay:a%2Bb%40example.com?secret=GEZD"));
    }
}
