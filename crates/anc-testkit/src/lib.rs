//! What tests share: the relay as the process that people run, a plain HTTP client, and the
//! scripted provider.
//!
//! # To add …
//! * a way to start the relay: a method of [`Relay`] in `relay.rs`.
//! * a kind of call: a function in `client.rs`.
//! * what Stripe does: `stripe.rs`; what a mail server does: `smtp.rs`; where
//!   webhooks are posted to: `hook.rs`; what a provider of identities does: `idp.rs`.
//!
//! Everything here panics where something is not as a test needs it: that is how a test fails.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test's helper fails by panicking"
)]

mod client;
mod hook;
mod idp;
mod packed;
mod postgres;
mod raw;
mod relay;
mod signer;
mod smtp;
mod sqlite;
mod stripe;

pub use client::{Answer, Client, Events};
pub use hook::{HookReceiver, Posted};
pub use idp::ScriptedIdp;
pub use packed::packed;
pub use postgres::{PgDatabase, PgServer};
pub use raw::RawConnection;
pub use relay::{OWNER_EMAIL, OWNER_PASSWORD, Relay};
pub use signer::{Signer, unsigned};
pub use smtp::{CaughtMail, MailCatcher};
pub use sqlite::sqlite;
pub use stripe::{ScriptedStripe, signature};

pub use anc_simulator as simulator;
