//! Paying in by Stripe Checkout: the page where it is paid, the notices that tell of it, and a look
//! after what was not heard of.
//!
//! * `stripe.rs`: asking Stripe.
//! * `signature.rs`: whether a notice is Stripe's.
//! * `notice.rs`: from Stripe's words to the store's.
//! * `hook.rs`: where notices arrive.
//! * `look.rs`: what is done without being told.

mod hook;
mod look;
mod notice;
mod signature;
mod stripe;

use anc_domain::{NanoUsd, Secret};
use anc_store::PaymentMode;
use anc_upstream::Endpoint;
use url::Url;

pub(crate) use hook::{HookGuard, hooks};
pub(crate) use look::{LOOK_EVERY, look};
pub(crate) use stripe::{Stripe, StripeFailure};

/// Nano-dollars in a cent, the smallest unit of the one currency that balances have.
pub(crate) const NANOS_PER_MINOR: i64 = 10_000_000;

/// How accounts pay in by Stripe.
#[derive(Debug, Clone)]
pub struct StripeSettings {
    /// The secret or restricted key.
    pub secret_key: Secret,
    /// What notices are signed with; several while one is replaced. Not empty.
    pub webhook_secrets: Vec<Secret>,
    /// Whether the money is real.
    pub mode: PaymentMode,
    /// As Stripe spells it.
    pub currency: String,
    /// The least that is paid at once.
    pub amount_min: NanoUsd,
    /// The most.
    pub amount_max: NanoUsd,
    /// Where Stripe is.
    pub api: Endpoint,
    /// Where browsers reach this relay, and come back to.
    pub public_url: Url,
}
