//! What handlers share.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use anc_domain::{Clock, Entropy, UnixMillis};
use anc_store::Store;
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::ToSchema;

use crate::alerts::AlertSettings;
use crate::api::settings::DescribedSettings;
use crate::identity::{IdentitySettings, Ways};
use crate::mail::MailWay;
use crate::password::Passwords;
use crate::payments::{HookGuard, Stripe, StripeSettings};
use crate::probe::Providers;
use crate::redemption::{RedemptionGuard, RedemptionSettings};
use crate::throttle::Throttle;

/// How the instance is reached.
#[derive(Debug, Clone)]
pub struct ControlSettings {
    /// The address under which browsers reach the relay, where it differs from the one listened on.
    pub public_url: Option<Url>,
    /// Whether people may sign in over plain HTTP from other machines.
    pub insecure_http: bool,
    /// Who may register.
    pub sign_up: SignUp,
    /// The program's version.
    pub version: &'static str,
    /// How accounts pay in; `None` where they cannot.
    pub payments: Option<StripeSettings>,
    /// What redemption codes may be.
    pub redemption: RedemptionSettings,
    /// When people are told something without asking, and how.
    pub alerts: AlertSettings,
    /// The most bytes of a price list that is imported.
    pub price_list_bytes: usize,
    /// Who people may sign in by.
    pub identities: IdentitySettings,
}

/// Who may register.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SignUp {
    /// Nobody: operators add people.
    #[default]
    Closed,
    /// Whoever an operator has invited.
    Invitation,
    /// Everybody.
    Open,
}

impl ControlSettings {
    /// Whether browsers reach the relay over HTTPS.
    pub fn https(&self) -> bool {
        self.public_url.as_ref().is_some_and(|url| url.scheme() == "https")
    }
}

/// The address of the person or program that calls, put into each request by the server.
#[derive(Debug, Clone, Copy)]
pub struct PeerAddress(pub IpAddr);

/// Handlers' state: the shared parts, and which door the request came through.
#[derive(Clone)]
pub(crate) struct ApiState {
    pub(crate) shared: Arc<Shared>,
    /// The command line's door, behind the file system's permissions.
    pub(crate) local: bool,
}

pub(crate) struct Shared {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) settings: ControlSettings,
    pub(crate) changes_timeout: Duration,
    pub(crate) providers: Providers,
    pub(crate) passwords: Passwords,
    pub(crate) throttle: Throttle,
    /// The way to the payment provider.
    pub(crate) stripe: Option<Stripe>,
    pub(crate) hook_guard: HookGuard,
    /// Counts what makes mail be sent, apart from the guesses at passwords.
    pub(crate) mail_throttle: Throttle,
    /// Looks redemption codes up.
    pub(crate) redemption_guard: RedemptionGuard,
    pub(crate) mail: Option<MailWay>,
    /// The relay's settings as its operators are shown them.
    pub(crate) described: Arc<DescribedSettings>,
    /// The providers that people may sign in by.
    pub(crate) ways: Ways,
    /// Counts sign-ins that are begun at them.
    pub(crate) visit_throttle: Throttle,
    /// Counts tries of webhooks.
    pub(crate) webhook_throttle: Throttle,
}

impl ApiState {
    pub(crate) fn store(&self) -> &Store {
        &self.shared.store
    }

    pub(crate) fn now(&self) -> UnixMillis {
        self.shared.clock.now()
    }

    /// How to send mail with links, which need an address that no request can influence.
    pub(crate) fn mail_way(&self) -> Option<(&MailWay, &Url)> {
        let mail = self.shared.mail.as_ref()?;
        Some((mail, self.shared.settings.public_url.as_ref()?))
    }

    /// Waits until the data plane has taken note of every change so far. When it does not in time,
    /// it refuses requests by itself, so nothing is allowed that should not be.
    pub(crate) async fn in_force(&self) {
        let changes = self.shared.store.changes();
        if !changes.wait_applied(changes.latest(), self.shared.changes_timeout).await {
            tracing::warn!("a change is stored but not in force yet");
        }
    }
}
