//! Sessions and their cookie.

use std::net::IpAddr;
use std::time::Duration;

use anc_domain::{Entropy, Secret, SecretHash, UnixMillis, UserId};
use anc_store::{Client, NewSession, SessionRecord, UserRecord};
use http::HeaderMap;
use http::header::{COOKIE, HeaderValue};

use crate::error::ApiError;
use crate::state::{ApiState, ControlSettings};

/// A session that nobody uses ends after a day, and every session after a month.
const IDLE: Duration = Duration::from_hours(24);
const ABSOLUTE: Duration = Duration::from_hours(30 * 24);
const ID_BYTES: usize = 32;

/// For how long the password or factor that was shown opens what asks for it anew.
const STEPPED_UP: Duration = Duration::from_mins(5);

/// What a cookie of ours stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CookieKind {
    /// A session.
    Session,
    /// A sign-in that still owes the second factor.
    Pending,
    /// A visit at a provider of identities.
    Visit,
}

impl CookieKind {
    /// Over HTTPS with the prefix that makes browsers bind the cookie to this host and to HTTPS.
    const fn name(self, https: bool) -> &'static str {
        match (self, https) {
            (Self::Session, true) => "__Host-anc_session",
            (Self::Session, false) => "anc_session",
            (Self::Pending, true) => "__Host-anc_sign_in",
            (Self::Pending, false) => "anc_sign_in",
            (Self::Visit, true) => "__Host-anc_visit",
            (Self::Visit, false) => "anc_visit",
        }
    }
}

/// The hash of the session that a request's cookie names.
pub(crate) fn presented_session(headers: &HeaderMap, https: bool) -> Option<SecretHash> {
    presented(headers, https, CookieKind::Session)
}

/// The hash of what a request's cookie of that kind holds.
pub(crate) fn presented(headers: &HeaderMap, https: bool, kind: CookieKind) -> Option<SecretHash> {
    presented_text(headers, https, kind).map(SecretHash::of)
}

/// What a request's cookie of that kind holds.
pub(crate) fn presented_text(headers: &HeaderMap, https: bool, kind: CookieKind) -> Option<&str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == kind.name(https))
        .map(|(_, id)| id)
}

/// Whether the person showed who they are a short while ago.
pub(crate) fn is_stepped_up(session: &SessionRecord, now: UnixMillis) -> bool {
    is_lately(session.stepped_up_at, now)
}

/// Whether what was shown then still opens what asks for it anew.
pub(crate) fn is_lately(shown_at: UnixMillis, now: UnixMillis) -> bool {
    now.since(shown_at) <= STEPPED_UP
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

/// Begins a session and gives its cookie. Refused if what `user` signs in with has changed since they
/// were read.
pub(crate) async fn begin(
    state: &ApiState,
    user: &UserRecord,
    client: Client,
) -> Result<HeaderValue, ApiError> {
    let id = random_text(&*state.shared.entropy);
    let now = state.now();
    let session = NewSession {
        hash: id.hash(),
        user_id: user.id,
        sign_in_version: user.sign_in_version,
        expires_at: end(now, now),
        client,
    };
    if !state.store().sessions().create(session).await? {
        return Err(ApiError::not_signed_in());
    }
    cookie(state, CookieKind::Session, id.expose(), ABSOLUTE)
}

/// Begins a session for a person whose sessions have all just ended by their own hand.
pub(crate) async fn begin_anew(
    state: &ApiState,
    id: UserId,
    client: Client,
) -> Result<HeaderValue, ApiError> {
    let user = state.store().users().by_id(id).await?;
    begin(state, &user.ok_or_else(ApiError::not_signed_in)?, client).await
}

/// Notes that the person has shown anew who they are, and gives the cookie of the session's new id:
/// whoever had the old one is out.
pub(crate) async fn step_up(state: &ApiState, old: &SecretHash) -> Result<HeaderValue, ApiError> {
    let id = random_text(&*state.shared.entropy);
    if !state.store().sessions().step_up(old, &id.hash()).await? {
        return Err(ApiError::not_signed_in());
    }
    cookie(state, CookieKind::Session, id.expose(), ABSOLUTE)
}

/// A cookie that makes the browser forget its session.
pub(crate) fn end_cookie(state: &ApiState) -> Result<HeaderValue, ApiError> {
    forget(state, CookieKind::Session)
}

/// A cookie that makes the browser forget one of that kind.
pub(crate) fn forget(state: &ApiState, kind: CookieKind) -> Result<HeaderValue, ApiError> {
    cookie(state, kind, "", Duration::ZERO)
}

/// A cookie of that kind.
pub(crate) fn cookie(
    state: &ApiState,
    kind: CookieKind,
    id: &str,
    age: Duration,
) -> Result<HeaderValue, ApiError> {
    let https = state.shared.settings.https();
    let (name, secure) = (kind.name(https), if https { "; Secure" } else { "" });
    let age = age.as_secs();
    let text = format!("{name}={id}; Path=/; HttpOnly; SameSite=Strict; Max-Age={age}{secure}");
    let mut value = HeaderValue::from_str(&text).map_err(|_| ApiError::internal())?;
    value.set_sensitive(true);
    Ok(value)
}

/// 256 random bits as text.
pub(crate) fn random_text(entropy: &dyn Entropy) -> Secret {
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
