//! What all workers share.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anc_domain::{Clock, Entropy};
use anc_limits::LocalLimits;
use anc_store::{Ledger, Store};
use anc_upstream::ParkedKeys;
use arc_swap::ArcSwap;

use crate::Limits;
use crate::catalog::Catalog;
use crate::directory::Directory;
use crate::recorder::Recorder;
use crate::request_body::BodyRoom;
use crate::running::RunningRequests;

/// The parts of the data plane, of which there is one each.
pub struct Shared {
    pub(crate) store: Store,
    pub(crate) ledger: Ledger,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) limits: Limits,
    pub(crate) directory: Directory,
    pub(crate) catalog: Arc<ArcSwap<Catalog>>,
    pub(crate) running: RunningRequests,
    pub(crate) rates: LocalLimits,
    pub(crate) bodies: BodyRoom,
    pub(crate) parked: ParkedKeys,
    pub(crate) recorder: Recorder,
    pub(crate) feed_stale: Arc<AtomicBool>,
    pub(crate) draining: AtomicBool,
}
