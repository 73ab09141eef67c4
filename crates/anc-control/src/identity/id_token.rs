//! Whether an ID token is its provider's, new, and for us.
//! <https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation>
//!
//! A signature counts only by a key of the provider's own set, and by an algorithm that fits the kind of
//! that key. Everything else that is checked comes after it.

use std::time::Duration;

use anc_domain::UnixMillis;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Value;

use super::jwk::Key;

/// How far the provider's clock may be from ours.
const SKEW: Duration = Duration::from_mins(1);
/// The specification's bound on what a provider calls a person.
const SUBJECT_CHARS_MAX: usize = 255;

/// What a token must say.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    pub(super) now: UnixMillis,
}

/// What a token says that was believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Claims {
    pub(super) subject: String,
    /// When the person showed the provider who they are, where it says so.
    pub(super) shown_at: Option<UnixMillis>,
    /// The rest, of which nothing is needed.
    pub(super) about: Value,
}

/// Why a token is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Untrusted {
    /// No key of the set is meant. There may be newer ones.
    #[error("the ID token is signed by a key that is not the provider's")]
    UnknownKey,
    /// Whatever the keys.
    #[error("the ID token {0}")]
    Wrong(&'static str),
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
    /// What a reader must understand; nothing of it is understood here.
    #[serde(default)]
    crit: Option<Value>,
}

#[derive(Deserialize)]
struct Standard {
    iss: String,
    sub: String,
    aud: Audience,
    exp: i64,
    iat: i64,
    #[serde(default)]
    nbf: Option<i64>,
    #[serde(default)]
    azp: Option<String>,
    nonce: String,
    #[serde(default)]
    auth_time: Option<i64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// Checks a token, and gives what it says.
pub(super) fn verify(
    token: &str,
    keys: &[Key],
    expected: &Expected<'_>,
) -> Result<Claims, Untrusted> {
    let malformed = Untrusted::Wrong("is malformed");
    let mut parts = token.split('.');
    let (Some(head), Some(body), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(malformed);
    };
    let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| malformed);
    let header: Header = serde_json::from_slice(&decoded(head)?).map_err(|_| malformed)?;
    if header.crit.is_some() {
        return Err(Untrusted::Wrong("asks for an extension"));
    }
    let signed = token.get(..head.len() + 1 + body.len()).ok_or(malformed)?.as_bytes();
    check_signature(&header, signed, &decoded(signature)?, keys)?;

    let body = decoded(body)?;
    let standard: Standard =
        serde_json::from_slice(&body).map_err(|_| Untrusted::Wrong("lacks a claim"))?;
    check_claims(&standard, expected)?;
    Ok(Claims {
        subject: standard.sub,
        shown_at: standard.auth_time.map(seconds),
        about: serde_json::from_slice(&body).map_err(|_| malformed)?,
    })
}

fn check_signature(
    header: &Header,
    signed: &[u8],
    signature: &[u8],
    keys: &[Key],
) -> Result<(), Untrusted> {
    let meant: Vec<&Key> = keys
        .iter()
        .filter(|key| header.kid.is_none() || key.id.is_none() || key.id == header.kid)
        .collect();
    if meant.is_empty() {
        return Err(Untrusted::UnknownKey);
    }
    if !meant.iter().any(|key| key.is_for(&header.alg)) {
        return Err(Untrusted::Wrong("is signed by an algorithm that is not its key's"));
    }
    if meant.iter().any(|key| key.has_signed(&header.alg, signed, signature)) {
        return Ok(());
    }
    // A provider without names for its keys may have changed them.
    if header.kid.is_none() {
        return Err(Untrusted::UnknownKey);
    }
    Err(Untrusted::Wrong("has a signature that is not its key's"))
}

fn check_claims(claims: &Standard, expected: &Expected<'_>) -> Result<(), Untrusted> {
    let (now, us) = (expected.now, expected.client_id);
    let (for_us, alone) = match &claims.aud {
        Audience::One(one) => (one == us, true),
        Audience::Several(all) => (all.iter().any(|one| one == us), all.len() == 1),
    };
    let party = claims.azp.as_deref();
    let wrong = [
        (claims.iss != expected.issuer, "is of another issuer"),
        (!for_us, "is for somebody else"),
        // One that others may show too names who it was made for.
        (
            !alone && party.is_none() || party.is_some_and(|party| party != us),
            "was not made for us",
        ),
        (claims.nonce != expected.nonce, "is of another sign-in"),
        (seconds(claims.exp).plus(SKEW) <= now, "has expired"),
        (seconds(claims.iat) > now.plus(SKEW), "is from the future"),
        (claims.nbf.is_some_and(|from| seconds(from) > now.plus(SKEW)), "is not valid yet"),
        (claims.sub.is_empty() || claims.sub.chars().count() > SUBJECT_CHARS_MAX, "names nobody"),
    ];
    match wrong.into_iter().find(|(is_wrong, _)| *is_wrong) {
        Some((_, why)) => Err(Untrusted::Wrong(why)),
        None => Ok(()),
    }
}

/// A time of a token; what is beyond all times is at their end.
fn seconds(seconds: i64) -> UnixMillis {
    UnixMillis::from_millis(seconds.saturating_mul(1000))
}

#[cfg(test)]
mod tests;
