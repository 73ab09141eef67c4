//! Every id is its own type, and outside the program carries its prefix.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Entropy, UnixMillis};

/// Crockford's base 32: no letter that a person could mistake for a digit.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Random bits below the milliseconds of a 63-bit id.
const RANDOM_BITS: u32 = 22;

/// A text is not an id of the wanted kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid id: it begins with `{prefix}_`")]
pub struct IdParseError {
    /// What an id of this kind begins with.
    pub prefix: &'static str,
}

fn write_base32(f: &mut fmt::Formatter<'_>, mut value: u128, width: usize) -> fmt::Result {
    let mut digits = [b'0'; 26];
    for digit in digits[..width].iter_mut().rev() {
        *digit = ALPHABET[(value & 31) as usize];
        value >>= 5;
    }
    f.write_str(std::str::from_utf8(&digits[..width]).unwrap_or_default())
}

fn read_base32(text: &str, width: usize) -> Option<u128> {
    if text.len() != width {
        return None;
    }
    text.bytes().try_fold(0_u128, |value, byte| {
        let digit = ALPHABET.iter().position(|letter| *letter == byte)? as u128;
        value.checked_mul(32)?.checked_add(digit)
    })
}

macro_rules! small_ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        ///
        /// 63 bits: 41 of milliseconds since 2020, then 22 random ones, so that rows come in order
        /// of creation and no id tells how many there are.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(i64);

        impl $name {
            /// What an id of this kind begins with outside the program.
            pub const PREFIX: &'static str = $prefix;

            /// A new id.
            pub fn generate(now: UnixMillis, entropy: &dyn Entropy) -> Self {
                Self(time_ordered(now, entropy))
            }

            /// The id as the database holds it.
            pub const fn from_i64(value: i64) -> Self {
                Self(value)
            }

            /// The id for the database.
            pub const fn as_i64(self) -> i64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!($prefix, "_"))?;
                write_base32(f, u128::from(self.0.unsigned_abs()), 13)
            }
        }

        impl FromStr for $name {
            type Err = IdParseError;

            fn from_str(text: &str) -> Result<Self, IdParseError> {
                text.strip_prefix(concat!($prefix, "_"))
                    .and_then(|digits| read_base32(digits, 13))
                    .and_then(|value| i64::try_from(value).ok())
                    .map(Self)
                    .ok_or(IdParseError { prefix: $prefix })
            }
        }

        id_text!($name);
    )*};
}

macro_rules! id_text {
    ($name:ident) => {
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{self}")
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

small_ids! {
    /// The owner of balance, API tokens and usage.
    AccountId = "acc";
    /// A credential of the relay.
    ApiTokenId = "tok";
    /// One configured upstream account of a provider.
    ChannelId = "chn";
    /// A credential of a program for the control API.
    ManagementKeyId = "mgk";
    /// One attempt to pay in by a payment provider.
    PaymentId = "pay";
    /// What an account may do.
    TierId = "tier";
    /// A person who signs in.
    UserId = "usr";
    /// Leave to register.
    InvitationId = "inv";
    /// Redemption codes that were made together.
    CodeBatchId = "rcb";
    /// A redemption code.
    RedemptionCodeId = "rc";
    /// One use of a redemption code.
    RedemptionId = "rdm";
    /// Something that people were told without asking, by its number.
    AlertId = "alr";
    /// A signed-in browser.
    SessionId = "ses";
    /// A person as a provider of identities knows them.
    IdentityId = "idn";
}

/// 2020-01-01T00:00:00Z, from which the ids' milliseconds count: 41 bits last until 2089.
const EPOCH_MILLIS: i64 = 1_577_836_800_000;

fn time_ordered(now: UnixMillis, entropy: &dyn Entropy) -> i64 {
    let millis = (now.as_millis() - EPOCH_MILLIS).clamp(0, (1 << 41) - 1);
    let mut random = [0_u8; 4];
    entropy.fill(&mut random);
    let random = i64::from(u32::from_le_bytes(random) >> (32 - RANDOM_BITS));
    (millis << RANDOM_BITS) | random
}

/// One relayed request: 128 bits, 48 of them milliseconds, so that they sort by time.
///
/// It is the key that makes a settle happen once, and what a person quotes to support.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(u128);

impl RequestId {
    /// What a request's id begins with.
    pub const PREFIX: &'static str = "req";

    /// A new id.
    pub fn generate(now: UnixMillis, entropy: &dyn Entropy) -> Self {
        let mut random = [0_u8; 16];
        entropy.fill(&mut random[6..]);
        let millis = u128::from(now.as_millis().unsigned_abs() & ((1 << 48) - 1));
        Self((millis << 80) | (u128::from_be_bytes(random) & ((1 << 80) - 1)))
    }

    /// The id as the database holds it, sixteen bytes, the first the most significant.
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// The id from its sixteen bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(bytes))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("req_")?;
        write_base32(f, self.0, 26)
    }
}

impl FromStr for RequestId {
    type Err = IdParseError;

    fn from_str(text: &str) -> Result<Self, IdParseError> {
        text.strip_prefix("req_")
            .and_then(|digits| read_base32(digits, 26))
            .map(Self)
            .ok_or(IdParseError { prefix: "req" })
    }
}

id_text!(RequestId);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FixedEntropy;

    #[test]
    fn an_id_reads_back_and_says_what_it_is() {
        let now = UnixMillis::from_millis(1_790_000_000_123);
        let token = ApiTokenId::generate(now, &FixedEntropy::new(7));
        assert!(token.to_string().starts_with("tok_"));
        assert_eq!(token.to_string().parse(), Ok(token));
        assert!(token.to_string().parse::<AccountId>().is_err());

        let request = RequestId::generate(now, &FixedEntropy::new(7));
        assert_eq!(request.to_string().parse(), Ok(request));
        assert_eq!(RequestId::from_bytes(request.to_bytes()), request);
    }

    #[test]
    fn a_later_request_sorts_later() {
        let entropy = FixedEntropy::new(3);
        let earlier = RequestId::generate(UnixMillis::from_millis(1_000), &entropy);
        let later = RequestId::generate(UnixMillis::from_millis(1_001), &entropy);
        assert!(earlier < later);
        assert!(earlier.to_string() < later.to_string());
    }

    #[test]
    fn a_foreign_text_is_no_id() {
        for text in ["", "req_", "req_zzzzzzzzzzzzzzzzzzzzzzzzzz", "tok_01", "req_ÄÄÄÄÄÄÄÄÄÄÄÄÄ"]
        {
            assert!(text.parse::<RequestId>().is_err(), "{text}");
            assert!(text.parse::<ApiTokenId>().is_err(), "{text}");
        }
    }
}
