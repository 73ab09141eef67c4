//! The relay: every request is authenticated, authorized, held for, routed, streamed through,
//! metered and settled. Read `relay.rs` first: one function there is the life of a request.
//!
//! # To add …
//! * a route: its path in `ingress.rs`, its operation in `anc-wire`, and what it does beside
//!   `relay.rs` (the free ones, `models.rs` and `count.rs`, show how).
//! * a limit: a field of [`Limits`] with its reason, a key in `config.default.toml`, a row in
//!   `docs/configuration.md`.
//! * a way for a stream to end: a `Stop` in `delivery.rs` and an `EndReason` in `anc-ledger`.

mod account;
mod admission;
mod affinity;
mod body;
mod catalog;
mod count;
mod delivery;
mod directory;
mod error;
mod events;
mod feed;
mod ingress;
mod limits;
mod metrics;
mod models;
mod other_models;
mod recorder;
mod relay;
mod request_body;
mod running;
mod shared;
mod silence;
mod stored;
mod token_self;
mod upstream;
mod written_body;

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anc_domain::{ClientAddress, Clock, Entropy, RelayError, RequestId};
use anc_limits::LocalLimits;
use anc_store::{Store, StoreError};
use anc_upstream::{ParkedKeys, Upstream};
use anc_wire::Operation;
use arc_swap::ArcSwap;
use http::header::{HeaderValue, X_CONTENT_TYPE_OPTIONS};
use http::{Request, Response};
use hyper::body::Incoming;

pub use body::GatewayBody;
pub use limits::{InputHold, Limits};
pub use written_body::CutShort;

use crate::catalog::Catalog;
use crate::directory::{Caller, Directory};
use crate::feed::Feed;
use crate::ingress::Call;
use crate::running::RunningRequests;
use crate::shared::Shared;

/// The data plane of one worker thread. Clones share everything but nothing that a thread could
/// wait for another with, save the store.
#[derive(Clone)]
pub struct Gateway {
    shared: Arc<Shared>,
    upstream: Upstream,
}

/// The data plane, from which each worker gets its [`Gateway`].
#[derive(Clone)]
pub struct DataPlane(Arc<Shared>);

impl std::fmt::Debug for DataPlane {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DataPlane")
            .field("running", &self.0.running.count())
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Gateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gateway").field("upstream", &self.upstream).finish_non_exhaustive()
    }
}

impl DataPlane {
    /// Reads the catalog and begins to follow the change feed, on the runtime that this is called
    /// from. Fails where the store cannot be read. Which keys rest is shared with whom it concerns.
    pub async fn start(
        store: Store,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        limits: Limits,
        parked: ParkedKeys,
    ) -> Result<Self, StoreError> {
        // The feed is entered before the catalog is read: a change in between is then seen twice
        // rather than never.
        let follower = store.changes().follow("gateway");
        let catalog = Arc::new(ArcSwap::from_pointee(Catalog::load(&store).await?));
        let shared = Arc::new(Shared {
            ledger: store.ledger(),
            directory: Directory::new(&limits),
            running: RunningRequests::new(limits.running_requests),
            rates: LocalLimits::default(),
            bodies: request_body::BodyRoom::default(),
            parked,
            recorder: recorder::Recorder::start(store.clone(), limits.running_requests),
            feed_stale: Arc::default(),
            draining: AtomicBool::new(false),
            store,
            clock,
            entropy,
            limits,
            catalog,
        });
        let feed = Feed {
            store: shared.store.clone(),
            directory: shared.directory.clone(),
            catalog: Arc::clone(&shared.catalog),
            running: shared.running.clone(),
            parked: shared.parked.clone(),
            stale: Arc::clone(&shared.feed_stale),
            stale_after: shared.limits.feed_stale,
        };
        tokio::spawn(feed.run(follower));
        Ok(Self(shared))
    }

    /// The gateway of a worker, which sends through that worker's own connections.
    pub fn worker(&self, upstream: Upstream) -> Gateway {
        Gateway { shared: Arc::clone(&self.0), upstream }
    }

    /// Refuses new requests from now on; those that run may finish.
    pub fn drain(&self) {
        self.0.draining.store(true, Ordering::Release);
    }

    /// Ends what still runs, in-band, charged for what was delivered.
    pub fn end_all(&self) {
        self.0.running.revoke(running::Owner::Everybody);
    }

    /// Whether new requests are refused because the relay is stopping.
    pub fn is_draining(&self) -> bool {
        self.0.draining.load(Ordering::Acquire)
    }

    /// Whether the change feed can be read, so that nothing is served that was revoked.
    pub fn knows_changes(&self) -> bool {
        !self.0.feed_stale.load(Ordering::Acquire)
    }

    /// How many requests run.
    pub fn running(&self) -> usize {
        self.0.running.count()
    }
}

impl std::ops::Deref for Gateway {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.shared
    }
}

impl Gateway {
    /// Whether a path belongs to the data plane.
    pub fn owns(path: &str) -> bool {
        let under = |prefix: &str| {
            path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        under("/v1") || under("/v1beta") || under("/v1alpha") || under("/dashboard/billing")
    }

    /// Answers one request of the data plane. Never fails: an error is an answer in the protocol
    /// that was called.
    pub async fn handle(
        &self,
        request: Request<Incoming>,
        client: ClientAddress,
    ) -> Result<Response<GatewayBody>, Infallible> {
        let now = self.clock.now();
        let request_id = RequestId::generate(now, &*self.entropy);
        let (parts, body) = request.into_parts();
        let protocol = ingress::protocol_of(parts.uri.path(), &parts.headers);
        let as_array = ingress::wants_array(&parts.uri);
        let answer = match ingress::receive(request_id, now, parts, client) {
            Ok(call) => self.answer(call, body).await,
            Err(refusal) => Err(refusal),
        };
        metrics::running(self.running.count());
        metrics::answered(
            protocol,
            answer.as_ref().map_or_else(|error| error.code.code(), |_| "ok"),
        );
        let mut answer = answer.unwrap_or_else(|error| {
            tracing::debug!(request = %request_id, code = error.code.code(), "refused");
            let answer = anc_wire::error_response(protocol, &error, request_id);
            let answer = if as_array { anc_wire::in_array(answer) } else { answer };
            answer.map(GatewayBody::full)
        });
        // What models and providers write is data; no browser may take it for something else.
        answer.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        Ok(answer)
    }

    async fn answer(
        &self,
        call: Call,
        body: Incoming,
    ) -> Result<Response<GatewayBody>, RelayError> {
        if self.draining.load(Ordering::Acquire) {
            return Err(error::relay_unavailable("The relay is shutting down."));
        }
        if self.feed_stale.load(Ordering::Acquire) {
            return Err(error::relay_unavailable(
                "The relay cannot learn of changes at the moment.",
            ));
        }
        match call.operation {
            Operation::CountTokens | Operation::GeminiCountTokens | Operation::CountResponse => {
                count::count_tokens(self, call, body).await
            }
            Operation::StoredResponse
            | Operation::DeleteStoredResponse
            | Operation::CancelStoredResponse
            | Operation::StoredResponseInput => stored::stored_response(self, call, body).await,
            Operation::ListModels => models::list_models(self, &call).await,
            Operation::GetModel => models::get_model(self, &call).await,
            Operation::TokenSelf => token_self::show(self, &call).await,
            Operation::BillingSubscription => token_self::subscription(self, &call).await,
            Operation::BillingUsage => token_self::usage(self, &call).await,
            _ => relay::relay(self, call, body).await,
        }
    }

    /// Phase 2, as every route begins.
    async fn authenticate(&self, call: &Call) -> Result<Caller, RelayError> {
        let credential = call.credential.as_ref();
        admission::authenticate(&self.directory, &self.store, &*self.clock, credential).await
    }
}
