//! Signing in by a provider of identities: OpenID Connect, and GitHub.
//!
//! A visit: the browser is sent to the provider with a state, a nonce and a PKCE challenge, comes back
//! to the console's page `/sign-in/{provider}` with a code, and that page hands the code in. The
//! state is kept as a hash and works once; nonce and PKCE verifier are derived from what the browser's
//! cookie holds, so that they are nowhere else.
//!
//! * `visit.rs`: what is bound to a browser on its way.
//! * `way.rs`: a provider as it is asked; the cache of what it says of itself.
//! * `discovery.rs`: what an OpenID provider says of itself.
//! * `id_token.rs`, `jwk.rs`: whether an ID token is the provider's, new, and for us. Pure.
//! * `oidc.rs`, `github.rs`: from a code to who somebody is.
//! * `ask.rs`: one question, bounded in time and size.
//! * `person.rs`: from who somebody is there to who they are here.
//!
//! # To add …
//! * a provider that speaks OpenID Connect: nothing; it is a table of the settings.
//! * one that does not: a case of [`ProviderKind`], its two questions beside `github.rs`, its table in
//!   the settings.

mod ask;
mod discovery;
mod github;
mod id_token;
mod jwk;
mod oidc;
mod person;
mod visit;
mod way;

use std::time::Duration;

use anc_domain::Secret;
use anc_upstream::Endpoint;

pub(crate) use self::person::{check_domain, person_of};
pub(crate) use self::visit::Visit;
pub(crate) use self::way::{Arrived, Brought, ProviderFailure, WayIn, Ways};

/// Who people may sign in by.
#[derive(Debug, Clone, Default)]
pub struct IdentitySettings {
    /// In the order in which they are offered. Their names and issuers differ.
    pub providers: Vec<IdentityProvider>,
    /// What they, and strangers, may cost.
    pub limits: IdentityLimits,
}

/// A provider of identities.
#[derive(Debug, Clone)]
pub struct IdentityProvider {
    /// Its name in the settings, and in the address that browsers come back to: `[a-z0-9_-]`.
    pub id: String,
    /// What people read.
    pub name: String,
    /// How it is asked.
    pub kind: ProviderKind,
    /// By which it knows this relay.
    pub client_id: String,
    /// What this relay shows it.
    pub client_secret: Secret,
    /// What it is asked to tell, separated by spaces.
    pub scopes: String,
    /// Domains of verified addresses that may enter, in lower case; empty is all.
    pub domains: Vec<String>,
    /// Whether it may be at a private address, and be reached by plain http.
    pub allow_private: bool,
}

/// How a provider is asked.
#[derive(Debug, Clone)]
pub enum ProviderKind {
    /// OpenID Connect with discovery.
    Oidc {
        /// The issuer as the provider spells it.
        issuer: String,
    },
    /// GitHub's OAuth.
    Github {
        /// Where people sign in.
        web: Endpoint,
        /// Where it is asked.
        api: Endpoint,
        /// The former as it is kept with people.
        issuer: String,
    },
}

/// What providers, and strangers, may cost.
#[derive(Debug, Clone, Copy)]
pub struct IdentityLimits {
    /// How long a visit may take.
    pub visit: Duration,
    /// Visits at the same time, of everybody.
    pub visits_max: i64,
    /// How long an answer may take.
    pub answer: Duration,
    /// An answer in bytes.
    pub answer_bytes: usize,
    /// How long what a provider says of itself, and its keys, are believed.
    pub known: Duration,
}

impl Default for IdentityLimits {
    fn default() -> Self {
        Self {
            visit: Duration::from_mins(10),
            visits_max: 10_000,
            answer: Duration::from_secs(10),
            answer_bytes: 256 * 1024,
            known: Duration::from_hours(1),
        }
    }
}

impl IdentityProvider {
    /// Under what its people are kept: its own address, whatever it is called in the settings.
    pub fn issuer(&self) -> &str {
        match &self.kind {
            ProviderKind::Oidc { issuer } | ProviderKind::Github { issuer, .. } => issuer,
        }
    }
}
