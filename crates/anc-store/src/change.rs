//! The change feed: what the control plane changed, in order, for those who keep copies.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anc_domain::{AccountId, ApiTokenId, RequestId, SecretHash, TierId};
use tokio::sync::watch;

use crate::StoreError;
use crate::database::Database;
use crate::row;
use crate::sql::{Pool, query};

/// How long a reading may take: a server that swallows what it is sent must not look like one that
/// has nothing to tell.
const READ_MAX: Duration = Duration::from_secs(5);

/// Changes that a follower is given at once.
const PAGE: u32 = 1_000;

/// How often a follower asks a database that other nodes write to as well.
const POLL: Duration = Duration::from_millis(200);

/// What a change is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// A token was made, edited, disabled or deleted.
    Token {
        /// The token.
        id: ApiTokenId,
        /// The hash of its text, by which copies are kept.
        hash: SecretHash,
    },
    /// An account was suspended or given another tier: every token of it is affected.
    Account(AccountId),
    /// A tier was edited: every token of its accounts is affected.
    Tier(TierId),
    /// A running request is to end.
    Request(RequestId),
    /// Channels or prices.
    Catalog,
}

/// One entry of the feed. A higher `seq` was committed later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Its place in the feed.
    pub seq: i64,
    /// What changed.
    pub topic: Topic,
}

/// How far the feed and its followers in this process are.
#[derive(Debug)]
pub(crate) struct ChangeHub {
    latest: watch::Sender<i64>,
    followers: Mutex<Vec<watch::Receiver<i64>>>,
}

impl ChangeHub {
    pub(crate) fn new(latest: i64) -> Self {
        Self { latest: watch::Sender::new(latest), followers: Mutex::default() }
    }

    /// Wakes the followers after a commit.
    pub(crate) fn committed(&self, seq: i64) {
        self.latest.send_if_modified(|latest| {
            let newer = seq > *latest;
            *latest = seq.max(*latest);
            newer
        });
    }

    fn followers(&self) -> Vec<watch::Receiver<i64>> {
        let mut followers = self.followers.lock().unwrap_or_else(PoisonError::into_inner);
        // A follower that is gone keeps nobody waiting.
        followers.retain(|follower| follower.has_changed().is_ok());
        followers.clone()
    }
}

/// The feed's door.
#[derive(Clone, Copy)]
pub struct Changes<'a> {
    pub(crate) db: &'a Database,
}

impl Changes<'_> {
    /// The changes after `seq`, oldest first.
    pub async fn after(&self, seq: i64, limit: u32) -> Result<Vec<Change>, StoreError> {
        read_after(&self.db.readers, seq, limit).await
    }

    /// The place of the newest change; asks no database.
    pub fn latest(&self) -> i64 {
        *self.db.changes.latest.borrow()
    }

    /// Begins to follow at the newest change. Load what is to be kept *after* this call: then
    /// nothing is missed between the two.
    pub fn follow(&self, name: &'static str) -> Follower {
        let latest = self.db.changes.latest.subscribe();
        let position = *latest.borrow();
        let applied = watch::Sender::new(position);
        self.db
            .changes
            .followers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(applied.subscribe());
        tracing::debug!(follower = name, position, "following the change feed");
        Follower { readers: self.db.readers.clone(), latest, position, applied }
    }

    /// Waits until every follower of this process has applied the changes up to `seq`. False if
    /// that took longer than `timeout`.
    pub async fn wait_applied(&self, seq: i64, timeout: Duration) -> bool {
        let all = async {
            for mut follower in self.db.changes.followers() {
                // An error means that the follower is gone.
                let _ = follower.wait_for(|applied| *applied >= seq).await;
            }
        };
        tokio::time::timeout(timeout, all).await.is_ok()
    }
}

/// One who keeps copies. It counts for [`Changes::wait_applied`] until it is dropped.
#[derive(Debug)]
pub struct Follower {
    readers: Pool,
    latest: watch::Receiver<i64>,
    position: i64,
    applied: watch::Sender<i64>,
}

impl Follower {
    /// Waits for changes and gives them, oldest first; none where other nodes may write and had
    /// nothing new, so that who follows knows that the feed could be read. Fails where it cannot
    /// be: a follower that fails for long must refuse rather than guess. May be cancelled anywhere.
    pub async fn next(&mut self) -> Result<Vec<Change>, StoreError> {
        let position = self.position;
        let committed = self.latest.wait_for(|latest| *latest > position);
        let woken = match &self.readers {
            Pool::Sqlite(_) => Some(committed.await),
            Pool::Postgres(_) => tokio::time::timeout(POLL, committed).await.ok(),
        };
        if woken.is_some_and(|woken| woken.is_err()) {
            return Err(StoreError::unavailable("the store is closed"));
        }
        let changes =
            tokio::time::timeout(READ_MAX, read_after(&self.readers, self.position, PAGE))
                .await
                .map_err(|_| StoreError::unavailable("the change feed did not answer in time"))??;
        if let Some(last) = changes.last() {
            self.position = last.seq;
        }
        Ok(changes)
    }

    /// Gives the changes that were not applied once more: applying them failed.
    pub fn give_again(&mut self) {
        self.position = *self.applied.borrow();
    }

    /// Says that the copies show everything up to `seq`.
    pub fn applied(&self, seq: i64) {
        self.applied.send_replace(seq);
    }

    /// The place up to which [`Follower::next`] has given changes.
    pub const fn position(&self) -> i64 {
        self.position
    }
}

/// Place, topic, subject and hash.
type ChangeRow = (i64, String, Option<i64>, Option<Vec<u8>>);

async fn read_after(readers: &Pool, seq: i64, limit: u32) -> Result<Vec<Change>, StoreError> {
    let rows: Vec<ChangeRow> = query(
        "select seq, topic, subject, hash
         from change
         where seq > $1
         order by seq
         limit $2",
    )
    .bind(seq)
    .bind(i64::from(limit))
    .fetch_all(readers)
    .await?;
    rows.into_iter()
        .map(|(seq, topic, subject, hash)| {
            let topic = match (topic.as_str(), subject, hash) {
                ("token", Some(id), Some(hash)) => {
                    Topic::Token { id: ApiTokenId::from_i64(id), hash: row::hash(&hash)? }
                }
                ("account", Some(id), _) => Topic::Account(AccountId::from_i64(id)),
                ("tier", Some(id), _) => Topic::Tier(TierId::from_i64(id)),
                ("request", _, Some(id)) => Topic::Request(row::request_id(&id)?),
                ("catalog", ..) => Topic::Catalog,
                _ => return Err(StoreError::corrupt(format!("change {seq}"))),
            };
            Ok(Change { seq, topic })
        })
        .collect()
}
