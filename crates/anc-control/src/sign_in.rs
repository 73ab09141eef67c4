//! What is kept of how people sign in, and of who failed to be them.

use anc_domain::UserId;
use anc_store::{Client, NewSignIn};

use crate::state::ApiState;

/// What was shown last to sign in, or was wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Way {
    /// The password alone.
    Password,
    /// A code of the authenticator app, or what was taken for one.
    App,
    /// A recovery code.
    RecoveryCode,
    /// The person registered, or set the instance up.
    Registration,
    /// The provider of identities of that name in the settings.
    Provider(String),
}

impl Way {
    fn name(self) -> String {
        match self {
            Self::Password => "password".to_owned(),
            Self::App => "app".to_owned(),
            Self::RecoveryCode => "recovery_code".to_owned(),
            Self::Registration => "registration".to_owned(),
            Self::Provider(id) => format!("provider:{id}"),
        }
    }
}

/// Keeps that a session began. It has begun whether or not this can be kept.
pub(crate) async fn succeeded(state: &ApiState, user_id: UserId, way: Way, client: Client) {
    keep(state, NewSignIn { user_id, succeeded: true, way: way.name(), client }).await;
}

/// Keeps that somebody failed to be a person, apart from the answer: its time must not tell that the
/// person is known.
pub(crate) fn failed(state: &ApiState, user_id: UserId, way: Way, client: Client) {
    let state = state.clone();
    tokio::spawn(async move {
        keep(&state, NewSignIn { user_id, succeeded: false, way: way.name(), client }).await;
    });
}

async fn keep(state: &ApiState, new: NewSignIn) {
    if let Err(error) = state.store().sign_ins().note(&new).await {
        tracing::error!(%error, "a sign-in could not be kept");
    }
}
