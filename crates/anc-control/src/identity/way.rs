//! A provider as it is asked, with what is remembered of what it says of itself.

use std::sync::Arc;
use std::time::Duration;

use anc_domain::{Secret, UnixMillis};
use anc_store::NewIdentity;
use anc_upstream::Upstream;
use tokio::sync::Mutex;
use url::Url;

use super::ask::Asker;
use super::discovery::Discovery;
use super::jwk::Key;
use super::visit::Visit;
use super::{IdentityLimits, IdentityProvider, IdentitySettings, ProviderKind, github, oidc};

/// After how long a provider that did not answer is asked again, and keys that were not found are
/// looked for again: strangers decide how often that comes up.
const ASKED_AGAIN: Duration = Duration::from_secs(10);

/// What is shown of how a provider names somebody.
const LABEL_CHARS_MAX: usize = 100;

/// Every provider that people may sign in by.
#[derive(Debug, Clone)]
pub(crate) struct Ways(Arc<[WayIn]>);

/// One provider.
#[derive(Debug)]
pub(crate) struct WayIn {
    pub(crate) provider: IdentityProvider,
    pub(super) limits: IdentityLimits,
    pub(super) upstream: Upstream,
    /// Where browsers come back to, to the letter.
    pub(super) redirect_uri: String,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    said: Option<(Arc<Metadata>, UnixMillis)>,
    /// When it last failed to answer.
    failed_at: Option<UnixMillis>,
}

/// What an OpenID provider says of itself, and its keys.
#[derive(Debug)]
pub(super) struct Metadata {
    pub(super) discovery: Discovery,
    pub(super) keys: Vec<Key>,
}

/// Why a visit came to nothing. Both texts are for the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ProviderFailure {
    /// It did not answer, or not so that it can be read. It may be tried again.
    #[error("{0}")]
    Unreachable(String),
    /// It did not take what the browser brought, or what it said is not to be believed.
    #[error("{0}")]
    Refused(String),
}

/// Somebody who has signed in at a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Arrived {
    /// Who they are there.
    pub(crate) identity: NewIdentity,
    /// Their address, where the provider says that it has made sure of it.
    pub(crate) email: Option<String>,
    /// When they showed the provider who they are, where it says so.
    pub(crate) shown_at: Option<UnixMillis>,
}

/// What a browser brings back.
pub(crate) struct Brought<'a> {
    pub(crate) code: &'a str,
    /// How the provider named itself to the browser.
    pub(crate) issuer: Option<&'a str>,
    pub(crate) visit: &'a Visit,
}

impl Ways {
    /// Those of the settings. None without an address to come back to.
    pub(crate) fn new(
        settings: IdentitySettings,
        public_url: Option<&Url>,
        upstream: &Upstream,
    ) -> Self {
        let limits = settings.limits;
        let Some(public_url) = public_url else { return Self(Arc::new([])) };
        let base = public_url.as_str().trim_end_matches('/');
        let way = |provider: IdentityProvider| WayIn {
            redirect_uri: format!("{base}/sign-in/{}", provider.id),
            provider,
            limits,
            upstream: upstream.clone(),
            known: Mutex::default(),
        };
        Self(settings.providers.into_iter().map(way).collect())
    }

    /// The one of that name in the settings.
    pub(crate) fn of(&self, id: &str) -> Option<&WayIn> {
        self.0.iter().find(|way| way.provider.id == id)
    }

    /// All, in the order in which they are offered.
    pub(crate) fn all(&self) -> impl Iterator<Item = &WayIn> {
        self.0.iter()
    }

    /// The one under whose issuer people are kept.
    pub(crate) fn of_issuer(&self, issuer: &str) -> Option<&WayIn> {
        self.0.iter().find(|way| way.provider.issuer() == issuer)
    }
}

impl WayIn {
    /// The address that a browser is sent to. `anew` where the person is to show the provider who they
    /// are even if it knows them by a session.
    pub(crate) async fn address(
        &self,
        state: &Secret,
        visit: &Visit,
        anew: bool,
        now: UnixMillis,
    ) -> Result<Url, ProviderFailure> {
        match &self.provider.kind {
            ProviderKind::Oidc { issuer } => {
                let metadata = self.metadata(issuer, now).await?;
                oidc::address(self, &metadata, state, visit, anew)
            }
            ProviderKind::Github { web, .. } => github::address(self, web, state, visit),
        }
    }

    /// Who has signed in there.
    pub(crate) async fn shown(
        &self,
        brought: &Brought<'_>,
        now: UnixMillis,
    ) -> Result<Arrived, ProviderFailure> {
        match &self.provider.kind {
            ProviderKind::Oidc { issuer } => oidc::shown(self, issuer, brought, now).await,
            ProviderKind::Github { web, api, .. } => github::shown(self, web, api, brought).await,
        }
    }

    pub(super) fn asker(&self) -> Asker<'_> {
        Asker {
            upstream: &self.upstream,
            limits: &self.limits,
            allow_private: self.provider.allow_private,
        }
    }

    /// What the provider says of itself: remembered for a while, and asked for by one at a time.
    pub(super) async fn metadata(
        &self,
        issuer: &str,
        now: UnixMillis,
    ) -> Result<Arc<Metadata>, ProviderFailure> {
        self.metadata_since(issuer, now.minus(self.limits.known), now).await
    }

    /// The same anew, because a key was not found: unless that was done just now.
    pub(super) async fn newer_metadata(
        &self,
        issuer: &str,
        now: UnixMillis,
    ) -> Result<Arc<Metadata>, ProviderFailure> {
        self.metadata_since(issuer, now.minus(ASKED_AGAIN), now).await
    }

    async fn metadata_since(
        &self,
        issuer: &str,
        oldest: UnixMillis,
        now: UnixMillis,
    ) -> Result<Arc<Metadata>, ProviderFailure> {
        let mut known = self.known.lock().await;
        if let Some((metadata, at)) = &known.said
            && *at > oldest
        {
            return Ok(Arc::clone(metadata));
        }
        if known.failed_at.is_some_and(|at| now.since(at) < ASKED_AGAIN) {
            let why = "it failed to answer a moment ago".to_owned();
            return Err(ProviderFailure::Unreachable(why));
        }
        known.failed_at = Some(now);
        let asker = self.asker();
        let discovery = Discovery::fetch(&asker, issuer).await?;
        let keys = discovery.keys(&asker).await?;
        let metadata = Arc::new(Metadata { discovery, keys });
        *known = Known { said: Some((Arc::clone(&metadata), now)), failed_at: None };
        Ok(metadata)
    }
}

/// How a provider names somebody, as it may be kept and shown.
pub(super) fn label(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(LABEL_CHARS_MAX).collect()
}
