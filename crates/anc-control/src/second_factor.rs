//! The second step of signing in: between password and session, a cookie that opens nothing else.

use std::net::IpAddr;
use std::time::Duration;

use anc_domain::{Secret, SecretHash, UserId};
use anc_store::UserRecord;
use http::HeaderMap;
use http::header::HeaderValue;

use crate::error::ApiError;
use crate::session::{self, CookieKind};
use crate::sign_in::Way;
use crate::state::ApiState;
use crate::totp;

/// How long a browser may take between the password and the code.
pub(crate) const PENDING: Duration = Duration::from_mins(5);
/// Codes that a person is given.
const RECOVERY_CODES: usize = 10;
/// 80 bits: sixteen letters, in four groups.
const RECOVERY_BYTES: usize = 10;
const GROUP_CHARS: usize = 4;

/// Begins a sign-in that still owes the second factor, and gives its cookie.
pub(crate) async fn begin(state: &ApiState, user: &UserRecord) -> Result<HeaderValue, ApiError> {
    let id = session::random_text(&*state.shared.entropy);
    let end = state.now().plus(PENDING);
    if !state.store().pending_sign_ins().create(&id.hash(), user, end).await? {
        return Err(ApiError::sign_in_expired());
    }
    session::cookie(state, CookieKind::Pending, id.expose(), PENDING)
}

/// The person whose sign-in this browser began, and its hash.
pub(crate) async fn pending(
    state: &ApiState,
    headers: &HeaderMap,
) -> Result<(UserRecord, SecretHash), ApiError> {
    let https = state.shared.settings.https();
    let hash = session::presented(headers, https, CookieKind::Pending)
        .ok_or_else(ApiError::sign_in_expired)?;
    let id = state.store().pending_sign_ins().find(&hash).await?;
    let user = match id {
        Some(id) => state.store().users().by_id(id).await?,
        None => None,
    };
    let user = user.filter(|user| !user.disabled).ok_or_else(ApiError::sign_in_expired)?;
    Ok((user, hash))
}

/// Takes a code of the person's app, or one of their recovery codes, uses it up, and says which of the
/// two it was. `None` is a wrong one. Guesses are slowed down for the person and for the address.
pub(crate) async fn check(
    state: &ApiState,
    user_id: UserId,
    code: &str,
    address: IpAddr,
) -> Result<Option<Way>, ApiError> {
    let name = format!("factor of {user_id}");
    state.shared.throttle.attempt(&name, address, state.now())?;
    let way = way_of(state, user_id, code).await?;
    if way.is_some() {
        state.shared.throttle.succeeded(&name, address);
    }
    Ok(way)
}

async fn way_of(state: &ApiState, user_id: UserId, code: &str) -> Result<Option<Way>, ApiError> {
    let factors = state.store().factors();
    let Some(factor) = factors.get(user_id).await?.filter(|factor| factor.confirmed) else {
        return Ok(None);
    };
    let code = code.trim();
    if let Some(step) = totp::matching_step(&factor.seed, code, state.now()) {
        // The store decides whether it is new: two at once must not both get in.
        return Ok(factors.use_step(user_id, step).await?.then_some(Way::App));
    }
    let right = factors.use_recovery_code(user_id, &recovery_hash(code)).await?;
    Ok(right.then_some(Way::RecoveryCode))
}

/// New recovery codes, as they are shown, and their hashes.
pub(crate) fn recovery_codes(state: &ApiState) -> (Vec<String>, Vec<SecretHash>) {
    let codes: Vec<String> = (0..RECOVERY_CODES)
        .map(|_| grouped(&totp::random_base32::<RECOVERY_BYTES>(&*state.shared.entropy)))
        .collect();
    let hashes = codes.iter().map(|code| recovery_hash(code)).collect();
    (codes, hashes)
}

/// The hash of a recovery code, however its letters were typed.
fn recovery_hash(typed: &str) -> SecretHash {
    let plain: String = typed
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_uppercase())
        .collect();
    Secret::new(plain).hash()
}

fn grouped(code: &str) -> String {
    let letters: Vec<char> = code.chars().collect();
    let groups: Vec<String> = letters.chunks(GROUP_CHARS).map(String::from_iter).collect();
    groups.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recovery_code_is_read_however_it_is_typed() {
        let shown = grouped("ABCDEFGH23456777");
        assert_eq!(shown, "ABCD-EFGH-2345-6777");
        for typed in ["abcdefgh23456777", " ABCD EFGH 2345 6777 ", "abcd-efgh-2345-6777"] {
            assert!(recovery_hash(typed).matches(&recovery_hash(&shown)), "{typed}");
        }
    }
}
