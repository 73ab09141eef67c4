//! The control plane: the API of the console and of the command line.
//!
//! Axum and utoipa: a handler's annotations are its documentation, so the OpenAPI document cannot
//! say what the code does not. Requests come through one of two doors: the public one asks for a
//! session and for signs that the console's own page is calling; the local one, a socket in the
//! data directory, trusts whoever the file system lets in.
//!
//! # To add …
//! * an endpoint: a handler in `api/`, in the file of its resource, with `#[utoipa::path]`; a line
//!   in `api/mod.rs`; `make generate` for the console's types; a row in `docs/control-api.md`.
//! * a mutation that the data plane must know of: end it with `ApiState::in_force`.
//! * an error: a constructor in `error.rs`, a row in `docs/errors.md`, a text in both languages of
//!   the console.

#![allow(clippy::option_option, reason = "absent and null are two things in a change")]

mod alerts;
mod api;
mod audit;
mod csv;
mod error;
mod frame;
mod headers;
mod idempotency;
mod identity;
mod json;
mod mail;
mod one_time_link;
mod password;
mod payments;
mod price_diff;
mod price_list;
mod principal;
mod probe;
mod redemption;
mod second_factor;
mod session;
mod setup_code;
mod sign_in;
mod state;
mod throttle;
mod totp;

use std::sync::Arc;
use std::time::Duration;

use anc_domain::{Clock, Entropy, Secret};
use anc_store::{Store, StoreError};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::any;
use utoipa::openapi::OpenApi;

pub use alerts::AlertSettings;
pub use api::settings::{
    DescribedSetting, DescribedSettings, SettingKind, SettingSource, SettingUnit,
};
pub use headers::security_headers;
pub use identity::{IdentityLimits, IdentityProvider, IdentitySettings, ProviderKind};
pub use mail::{Language, Mail, MailWay, SendMail, Sending};
pub use payments::StripeSettings;
pub use probe::Providers;
pub use redemption::RedemptionSettings;
pub use state::{ControlSettings, PeerAddress, SignUp};

use crate::identity::Ways;
use crate::password::Passwords;
use crate::payments::{HookGuard, Stripe};
use crate::redemption::RedemptionGuard;
use crate::state::{ApiState, Shared};
use crate::throttle::Throttle;

/// Sign-ins by a provider that may be begun from an address without being finished, and cost no time:
/// people change their minds, and many may share an address.
const VISITS_FREE: u32 = 20;
/// The longest wait after that.
const VISITS_WAIT_MAX: Duration = Duration::from_mins(1);

/// What the control plane is made of.
pub struct ControlParts {
    /// Everything durable.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness for ids, sessions and secrets.
    pub entropy: Arc<dyn Entropy>,
    /// How the instance is reached.
    pub settings: ControlSettings,
    /// How long a change waits until the data plane has taken note of it.
    pub changes_timeout: Duration,
    /// The way to the providers.
    pub providers: Providers,
    /// The way out for mail, where the instance sends any.
    pub mail: Option<MailWay>,
    /// The relay's settings as its operators are shown them.
    pub described: Arc<DescribedSettings>,
}

impl std::fmt::Debug for ControlParts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ControlParts").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// The control plane.
#[derive(Clone)]
pub struct Control(Arc<Shared>);

impl std::fmt::Debug for Control {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Control").field("settings", &self.0.settings).finish_non_exhaustive()
    }
}

impl Control {
    /// Puts the parts together.
    pub fn new(parts: ControlParts) -> Self {
        let upstream = &parts.providers.upstream;
        let stripe =
            parts.settings.payments.clone().map(|settings| Stripe::new(settings, upstream.clone()));
        let settings = &parts.settings;
        let ways = Ways::new(settings.identities.clone(), settings.public_url.as_ref(), upstream);
        Self(Arc::new(Shared {
            stripe,
            ways,
            visit_throttle: Throttle::with(VISITS_FREE, VISITS_WAIT_MAX),
            hook_guard: HookGuard::new(),
            passwords: Passwords::new(),
            throttle: Throttle::new(),
            mail_throttle: Throttle::new(),
            redemption_guard: RedemptionGuard::new(&parts.settings.redemption),
            mail: parts.mail,
            described: parts.described,
            webhook_throttle: Throttle::new(),
            store: parts.store,
            clock: parts.clock,
            entropy: parts.entropy,
            settings: parts.settings,
            changes_timeout: parts.changes_timeout,
            providers: parts.providers,
        }))
    }

    /// The API for browsers and programs, and where the payment provider leaves its notices. Each
    /// request must carry its caller's [`PeerAddress`].
    pub fn router(&self) -> Router {
        let state = ApiState { shared: Arc::clone(&self.0), local: false };
        self.routed(false).merge(payments::hooks(state))
    }

    /// The API for the command line, which the file system has let in.
    pub fn local_router(&self) -> Router {
        self.routed(true)
    }

    fn routed(&self, local: bool) -> Router {
        let state = ApiState { shared: Arc::clone(&self.0), local };
        let (router, _) = api::routes().split_for_parts();
        router
            .route("/api", any(frame::nothing_here))
            .route("/api/{*rest}", any(frame::nothing_here))
            // Where monitoring looks; a page of HTML would be taken for an answer.
            .route("/metrics", any(frame::nothing_here))
            .method_not_allowed_fallback(frame::wrong_method)
            .layer(DefaultBodyLimit::max(json::BODY_BYTES_MAX))
            .layer(from_fn_with_state(state.clone(), frame::frame))
            .with_state(state)
    }

    /// Posts what payments left to be posted, and asks the payment provider about those of which
    /// nothing was heard; every minute, for ever. Nothing where accounts cannot pay in.
    pub async fn look_after_payments(self) {
        if self.0.stripe.is_none() {
            return;
        }
        loop {
            tokio::time::sleep(payments::LOOK_EVERY).await;
            self.look_at_payments().await;
        }
    }

    /// One such look, for tests that move the clock.
    pub async fn look_at_payments(&self) {
        payments::look(&ApiState { shared: Arc::clone(&self.0), local: true }).await;
    }

    /// Looks every minute for what people are to be told, and sends what is due, for ever.
    pub async fn look_after_alerts(self) {
        let state = || ApiState { shared: Arc::clone(&self.0), local: true };
        tokio::join!(alerts::look_for_ever(state()), alerts::send_for_ever(state()));
    }

    /// One such look and everything that is due sent, for tests that move the clock.
    pub async fn look_at_alerts(&self) -> Result<(), StoreError> {
        alerts::look_and_send(&ApiState { shared: Arc::clone(&self.0), local: true }).await
    }

    /// A new code for the one-time set-up link, in force until the next is issued; `None` once the
    /// instance is set up.
    pub async fn issue_setup_code(&self) -> Result<Option<Secret>, StoreError> {
        setup_code::issue(&self.0.store, &*self.0.entropy).await
    }
}

/// The API's description, OpenAPI 3.1.
pub fn openapi() -> OpenApi {
    api::routes().split_for_parts().1
}
