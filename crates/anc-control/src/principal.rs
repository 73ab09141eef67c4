//! Who calls, and whose things they may touch.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use anc_domain::AccountId;
use anc_store::{AccountRecord, Role, UserRecord};
use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::error::ApiError;
use crate::session::presented_session;
use crate::state::{ApiState, PeerAddress};

/// A session's end is moved at most this often, since each move is a write.
const TOUCH_EVERY: Duration = Duration::from_mins(1);

/// A caller who has shown who they are.
#[derive(Debug, Clone)]
pub(crate) enum Principal {
    /// A person with a session.
    User(Box<UserRecord>),
    /// Whoever may read the data directory.
    LocalOperator,
}

impl FromRequestParts<ApiState> for Principal {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, ApiError> {
        if state.local {
            return Ok(Self::LocalOperator);
        }
        let settings = &state.shared.settings;
        let hash = presented_session(&parts.headers, settings.https())
            .ok_or_else(ApiError::not_signed_in)?;
        let sessions = state.store().sessions();
        let session = sessions.find(&hash).await?.ok_or_else(ApiError::not_signed_in)?;
        let user = state.store().users().by_id(session.user_id).await?;
        let user = user.filter(|user| !user.disabled).ok_or_else(ApiError::not_signed_in)?;
        let now = state.now();
        if now.since(session.last_seen_at) > TOUCH_EVERY {
            sessions.touch(&hash, crate::session::end(session.created_at, now)).await?;
        }
        Ok(Self::User(Box::new(user)))
    }
}

impl Principal {
    /// Whether the caller runs the instance.
    pub(crate) fn is_operator(&self) -> bool {
        match self {
            Self::LocalOperator => true,
            Self::User(user) => user.role >= Role::Admin,
        }
    }

    /// Who they are, for what is noted of their changes.
    pub(crate) fn actor(&self) -> &str {
        match self {
            Self::User(user) => &user.email,
            Self::LocalOperator => "command line",
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
            Self::LocalOperator => Err(ApiError::invalid("The command line has no session.")),
        }
    }

    /// Whose tokens the caller may see and change; `None` is everybody's.
    pub(crate) fn reach(&self) -> Option<AccountId> {
        match self {
            Self::User(user) if !self.is_operator() => Some(user.account_id),
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
            (None, Self::User(user)) => accounts.get(user.account_id).await?,
            (None, Self::LocalOperator) => {
                return Err(ApiError::field("account", "Name the account by its owner's email."));
            }
        };
        found.ok_or_else(|| ApiError::field("account", "There is no such account."))
    }
}

/// The caller's address.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller(pub(crate) IpAddr);

impl FromRequestParts<ApiState> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, ApiError> {
        match parts.extensions.get::<PeerAddress>() {
            Some(PeerAddress(address)) => Ok(Self(*address)),
            None if state.local => Ok(Self(Ipv4Addr::LOCALHOST.into())),
            None => Err(ApiError::internal()),
        }
    }
}
