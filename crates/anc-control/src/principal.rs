//! Who calls, and whose things they may touch.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use anc_domain::{AccountId, SecretHash, TokenText, UserId};
use anc_store::{AccountRecord, Changer, Client, Person, Role, TierTerms, UserRecord};
use axum::extract::{FromRequestParts, MatchedPath};
use http::header::{AUTHORIZATION, HeaderValue, USER_AGENT};
use http::request::Parts;

use crate::api::key_scopes::{Need, need_of};
use crate::api::step_up::needs_step_up;
use crate::error::ApiError;
use crate::session::{self, presented_session};
use crate::state::{ApiState, PeerAddress};

/// A session's end is moved at most this often, since each move is a write.
const TOUCH_EVERY: Duration = Duration::from_mins(1);

/// What is kept of the text by which a browser calls itself: more than honest ones have.
const AGENT_CHARS_MAX: usize = 200;

/// A caller who has shown who they are.
#[derive(Debug, Clone)]
pub(crate) enum Principal {
    /// A person with a session.
    User(Box<UserRecord>),
    /// A program that acts for a person, by a management key whose scopes allow what it calls; and
    /// what names the two of them.
    Key(Box<UserRecord>, String),
    /// Whoever may read the data directory.
    LocalOperator,
}

impl FromRequestParts<ApiState> for Principal {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, ApiError> {
        if state.local {
            return Ok(Self::LocalOperator);
        }
        if let Some(presented) = parts.headers.get(AUTHORIZATION) {
            let method = &parts.method;
            let path = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
            let (user, key) = holder(state, presented, need_of(method, path)).await?;
            let actor = format!("{} (key {key})", user.email);
            return Ok(Self::Key(Box::new(user), actor));
        }
        let settings = &state.shared.settings;
        let hash = presented_session(&parts.headers, settings.https())
            .ok_or_else(ApiError::not_signed_in)?;
        let sessions = state.store().sessions();
        let session = sessions.find(&hash).await?.ok_or_else(ApiError::not_signed_in)?;
        let user = state.store().users().by_id(session.user_id).await?;
        let user = user.filter(|user| !user.disabled).ok_or_else(ApiError::not_signed_in)?;
        let now = state.now();
        let path = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
        let shown_lately = session::is_stepped_up(&session, now);
        if needs_step_up(&parts.method, path) && !shown_lately {
            return Err(ApiError::step_up_required());
        }
        parts.extensions.insert(ShownLately(shown_lately));
        if now.since(session.last_seen_at) > TOUCH_EVERY {
            let end = session::end(session.created_at, now);
            sessions.touch(&hash, end, &client_of(parts, state)?).await?;
        }
        Ok(Self::User(Box::new(user)))
    }
}

/// The person for whom a presented management key acts, and the key's name, if its scopes allow what
/// it calls.
async fn holder(
    state: &ApiState,
    presented: &HeaderValue,
    need: Need,
) -> Result<(UserRecord, String), ApiError> {
    let text = presented.to_str().unwrap_or_default();
    let key = text
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, key)| key.trim())
        .filter(|key| TokenText::is_management(key))
        .ok_or_else(ApiError::invalid_management_key)?;
    let keys = state.store().management_keys();
    let now = state.now();
    let record = keys
        .find(&SecretHash::of(key))
        .await?
        .filter(|record| record.expires_at.is_none_or(|end| end > now))
        .ok_or_else(ApiError::invalid_management_key)?;
    let user = state.store().users().by_id(record.user_id).await?;
    let user = user.filter(|user| !user.disabled).ok_or_else(ApiError::invalid_management_key)?;
    match need {
        Need::AnyKey => {}
        Need::Scope(scope) if record.scopes.contains(&scope) => {}
        Need::Scope(scope) => return Err(ApiError::key_scope_missing(scope.name())),
        Need::Person => {
            return Err(ApiError::forbidden("Only a person who is signed in may do this."));
        }
    }
    if record.last_used_at.is_none_or(|last| now.since(last) > TOUCH_EVERY) {
        keys.touch(record.id).await?;
    }
    Ok((user, record.name))
}

impl Principal {
    /// Whether the caller runs the instance.
    pub(crate) fn is_operator(&self) -> bool {
        match self {
            Self::LocalOperator => true,
            Self::User(user) | Self::Key(user, _) => user.role >= Role::Admin,
        }
    }

    /// How the caller stands in the order of roles.
    pub(crate) fn rank(&self) -> Changer {
        match self {
            Self::LocalOperator => Changer::CommandLine,
            Self::User(own) | Self::Key(own, _) => Changer::Person(own.role),
        }
    }

    /// What bounds what the caller is shown of models and groups: the tier of their account. `None`
    /// for operators, who see everything.
    pub(crate) async fn tier(&self, state: &ApiState) -> Result<Option<TierTerms>, ApiError> {
        if self.is_operator() {
            return Ok(None);
        }
        Ok(Some(self.account(state, None).await?.tier.terms))
    }

    /// Refuses those who may not change the account of these people: their role must be higher than
    /// that of each of them, who is not themselves.
    pub(crate) fn above_all(&self, people: &[Person]) -> Result<(), ApiError> {
        let is_below = |person: &Person| match self {
            Self::LocalOperator => true,
            Self::User(own) | Self::Key(own, _) => own.id == person.id || own.role > person.role,
        };
        if people.iter().all(is_below) {
            return Ok(());
        }
        Err(ApiError::forbidden("Only somebody of a higher role may change this account."))
    }

    /// Whether the caller may act on `user`, who is then of a lower role.
    pub(crate) fn is_above(&self, user: &UserRecord) -> bool {
        self.rank().may_act_on(user.role)
    }

    /// The person who calls, or for whom a program does; `None` is the command line.
    pub(crate) fn person(&self) -> Option<UserId> {
        match self {
            Self::LocalOperator => None,
            Self::User(own) | Self::Key(own, _) => Some(own.id),
        }
    }

    /// Who they are, for what is noted of their changes.
    pub(crate) fn actor(&self) -> &str {
        match self {
            Self::User(user) => &user.email,
            Self::Key(_, actor) => actor,
            Self::LocalOperator => "command line",
        }
    }

    /// Whose idempotency keys its are.
    pub(crate) fn key(&self) -> String {
        match self {
            Self::User(user) | Self::Key(user, _) => user.id.to_string(),
            Self::LocalOperator => "local".to_owned(),
        }
    }

    /// Refuses everybody who does not run the instance.
    pub(crate) fn operator(&self) -> Result<(), ApiError> {
        if self.is_operator() {
            return Ok(());
        }
        Err(ApiError::forbidden("Only the relay's operators may do this."))
    }

    /// The person behind a session.
    pub(crate) fn user(&self) -> Result<&UserRecord, ApiError> {
        match self {
            Self::User(user) => Ok(user),
            Self::Key(..) => {
                Err(ApiError::forbidden("Only a person who is signed in may do this."))
            }
            Self::LocalOperator => Err(ApiError::invalid("The command line has no session.")),
        }
    }

    /// Whose tokens the caller may see and change; `None` is everybody's.
    pub(crate) fn reach(&self) -> Option<AccountId> {
        match self {
            Self::User(user) | Self::Key(user, _) if !self.is_operator() => Some(user.account_id),
            _ => None,
        }
    }

    /// The account that a request names, or the caller's own. Naming another's is for operators.
    pub(crate) async fn account(
        &self,
        state: &ApiState,
        named: Option<&str>,
    ) -> Result<AccountRecord, ApiError> {
        let accounts = state.store().accounts();
        let found = match (named, self) {
            (Some(name), _) => {
                let found = match name.parse::<AccountId>() {
                    Ok(id) => accounts.get(id).await?,
                    Err(_) => accounts.by_owner_email(name).await?,
                };
                found.filter(|account| self.reach().is_none_or(|own| own == account.id))
            }
            (None, Self::User(user) | Self::Key(user, _)) => accounts.get(user.account_id).await?,
            (None, Self::LocalOperator) => {
                return Err(ApiError::field("account", "Name the account by its owner's email."));
            }
        };
        found.ok_or_else(|| ApiError::field("account", "There is no such account."))
    }
}

/// Whether the caller showed who they are within minutes; programs and the command line have their
/// own proof. An extractor to be named after [`Principal`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct ShownLately(bool);

impl ShownLately {
    /// Refuses a person who did not.
    pub(crate) fn check(self) -> Result<(), ApiError> {
        if self.0 { Ok(()) } else { Err(ApiError::step_up_required()) }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ShownLately {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Ok(parts.extensions.get().copied().unwrap_or(Self(true)))
    }
}

/// The browser that calls: its address, and what it calls itself.
#[derive(Debug, Clone)]
pub(crate) struct Visitor(pub(crate) Client);

impl FromRequestParts<ApiState> for Visitor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, ApiError> {
        client_of(parts, state).map(Self)
    }
}

fn client_of(parts: &Parts, state: &ApiState) -> Result<Client, ApiError> {
    let address = address_of(parts, state)?.to_canonical().to_string();
    let agent = parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
    Ok(Client { address, agent: plain_agent(agent.unwrap_or_default()) })
}

/// A browser's name for itself as it may be kept and shown.
fn plain_agent(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(AGENT_CHARS_MAX).collect()
}

fn address_of(parts: &Parts, state: &ApiState) -> Result<IpAddr, ApiError> {
    match parts.extensions.get::<PeerAddress>() {
        Some(PeerAddress(address)) => Ok(*address),
        None if state.local => Ok(Ipv4Addr::LOCALHOST.into()),
        None => Err(ApiError::internal()),
    }
}

/// The caller's address.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller(pub(crate) IpAddr);

impl FromRequestParts<ApiState> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, ApiError> {
        address_of(parts, state).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_calls_itself_is_kept_short_and_plain() {
        assert_eq!(plain_agent("Mozilla/5.0\u{1b}[31m\t(X11)"), "Mozilla/5.0[31m(X11)");
        assert_eq!(plain_agent(&"x".repeat(5_000)).len(), AGENT_CHARS_MAX);
    }
}
