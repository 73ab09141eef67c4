//! Sessions and their cookie.

use std::net::IpAddr;
use std::time::Duration;

use anc_domain::{Entropy, Secret, SecretHash, UnixMillis};
use anc_store::{NewSession, UserRecord};
use http::HeaderMap;
use http::header::{COOKIE, HeaderValue};

use crate::error::ApiError;
use crate::state::{ApiState, ControlSettings};

/// A session that nobody uses ends after a day, and every session after a month.
const IDLE: Duration = Duration::from_hours(24);
const ABSOLUTE: Duration = Duration::from_hours(30 * 24);
const ID_BYTES: usize = 32;

/// The prefix makes browsers bind the cookie to this host and to HTTPS.
const SECURE_COOKIE: &str = "__Host-anc_session";
const PLAIN_COOKIE: &str = "anc_session";

const fn cookie_name(https: bool) -> &'static str {
    if https { SECURE_COOKIE } else { PLAIN_COOKIE }
}

/// The hash of the session that a request's cookie names.
pub(crate) fn presented_session(headers: &HeaderMap, https: bool) -> Option<SecretHash> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == cookie_name(https))
        .map(|(_, id)| SecretHash::of(id))
}

/// When a session ends that was begun then and is used now.
pub(crate) fn end(created_at: UnixMillis, now: UnixMillis) -> UnixMillis {
    now.plus(IDLE).min(created_at.plus(ABSOLUTE))
}

/// A person may sign in from here: over HTTPS, or from this very machine.
pub(crate) fn check_connection(settings: &ControlSettings, peer: IpAddr) -> Result<(), ApiError> {
    let safe = settings.https() || settings.insecure_http || peer.to_canonical().is_loopback();
    if safe { Ok(()) } else { Err(ApiError::insecure_connection()) }
}

/// Begins a session and gives its cookie.
pub(crate) async fn begin(state: &ApiState, user: &UserRecord) -> Result<HeaderValue, ApiError> {
    let id = random_text(&*state.shared.entropy);
    let now = state.now();
    let session = NewSession { hash: id.hash(), user_id: user.id, expires_at: end(now, now) };
    state.store().sessions().create(session).await?;
    cookie(state.shared.settings.https(), id.expose(), ABSOLUTE)
}

/// A cookie that makes the browser forget its session.
pub(crate) fn end_cookie(state: &ApiState) -> Result<HeaderValue, ApiError> {
    cookie(state.shared.settings.https(), "", Duration::ZERO)
}

fn cookie(https: bool, id: &str, age: Duration) -> Result<HeaderValue, ApiError> {
    let (name, secure) = (cookie_name(https), if https { "; Secure" } else { "" });
    let age = age.as_secs();
    let text = format!("{name}={id}; Path=/; HttpOnly; SameSite=Strict; Max-Age={age}{secure}");
    let mut value = HeaderValue::from_str(&text).map_err(|_| ApiError::internal())?;
    value.set_sensitive(true);
    Ok(value)
}

/// 256 random bits as text.
fn random_text(entropy: &dyn Entropy) -> Secret {
    let mut bytes = [0; ID_BYTES];
    entropy.fill(&mut bytes);
    Secret::new(hex(&bytes))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;

    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a text cannot fail.
        write!(text, "{byte:02x}").ok();
        text
    })
}
