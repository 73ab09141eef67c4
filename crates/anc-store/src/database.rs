//! The connections, and the one gate that all writers pass.

use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anc_domain::{Clock, UnixMillis};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Sqlite, SqlitePool, Transaction};
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::change::{ChangeHub, Topic};
use crate::sync::LogSync;
use crate::{Durability, StoreError};

/// Readers at once. Reads are short; more would only fight for two cores.
const READERS_MAX: u32 = 4;

/// How long SQLite itself waits for a lock that another process holds.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Pages in the log before it is folded into the file: often enough to stay small, seldom enough
/// not to be felt. Nobody checkpoints from the side: that starves, and the log grows.
pub(crate) const WAL_AUTOCHECKPOINT_PAGES: i64 = 16_000;

/// Page cache of a writing connection, in SQLite's negative KiB: 64 MiB.
pub(crate) const CACHE_SIZE: i64 = -65_536;

/// The pools and what a write needs beside them.
pub(crate) struct Database {
    pub(crate) readers: SqlitePool,
    writer: SqlitePool,
    gate: Arc<Mutex<()>>,
    clock: Arc<dyn Clock>,
    pub(crate) log: Arc<LogSync>,
    pub(crate) changes: Arc<ChangeHub>,
}

/// A write transaction that holds the gate. Dropped without a commit it rolls back.
pub(crate) struct WriteTx {
    // Before the gate, so that it is rolled back before the next writer comes in.
    transaction: Transaction<'static, Sqlite>,
    _gate: OwnedMutexGuard<()>,
    log: Arc<LogSync>,
    changes: Arc<ChangeHub>,
    last_change: Option<i64>,
    /// When the transaction began.
    pub(crate) now: UnixMillis,
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(BUSY_TIMEOUT)
        .pragma("wal_autocheckpoint", WAL_AUTOCHECKPOINT_PAGES.to_string())
}

/// A pool that cannot write.
pub(crate) async fn readers(path: &Path) -> Result<SqlitePool, StoreError> {
    let pool = SqlitePoolOptions::new()
        .max_connections(READERS_MAX)
        .connect_with(options(path).read_only(true))
        .await?;
    Ok(pool)
}

impl Database {
    /// Opens or makes the file and brings its schema up to date.
    pub(crate) async fn open(
        path: &Path,
        durability: Durability,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StoreError> {
        let (synchronous, log) = match durability {
            Durability::Process => (SqliteSynchronous::Normal, LogSync::behind(path)),
            Durability::Power => (SqliteSynchronous::Full, Ok(LogSync::waiting(path))),
        };
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(
                options(path)
                    .create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(synchronous)
                    .pragma("cache_size", CACHE_SIZE.to_string()),
            )
            .await?;
        sqlx::migrate!("migrations/sqlite").run(&writer).await?;
        let latest: i64 = sqlx::query_scalar("select coalesce(max(seq), 0) from change")
            .fetch_one(&writer)
            .await?;
        Ok(Self {
            readers: readers(path).await?,
            writer,
            gate: Arc::new(Mutex::new(())),
            clock,
            log: log.map_err(StoreError::unavailable)?,
            changes: Arc::new(ChangeHub::new(latest)),
        })
    }

    /// The gate for the ledger writer, which has a connection of its own.
    pub(crate) fn gate(&self) -> Arc<Mutex<()>> {
        Arc::clone(&self.gate)
    }

    /// The time by the store's clock.
    pub(crate) fn now(&self) -> UnixMillis {
        self.clock.now()
    }

    /// Waits for the gate and begins a write transaction.
    pub(crate) async fn write(&self) -> Result<WriteTx, StoreError> {
        let gate = Arc::clone(&self.gate).lock_owned().await;
        let transaction = self.writer.begin_with("begin immediate").await?;
        Ok(WriteTx {
            transaction,
            _gate: gate,
            log: Arc::clone(&self.log),
            changes: Arc::clone(&self.changes),
            last_change: None,
            now: self.now(),
        })
    }

    /// Closes every connection.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

impl WriteTx {
    /// Appends to the change feed, within this transaction.
    pub(crate) async fn change(&mut self, topic: Topic) -> Result<(), StoreError> {
        let (name, subject, hash) = match &topic {
            Topic::Token { id, hash } => {
                ("token", Some(id.as_i64()), Some(hash.as_bytes().to_vec()))
            }
            Topic::Account(id) => ("account", Some(id.as_i64()), None),
            Topic::Catalog => ("catalog", None, None),
        };
        let seq: i64 = sqlx::query_scalar(
            "insert into change (topic, subject, hash, created_at)
             values ($1, $2, $3, $4)
             returning seq",
        )
        .bind(name)
        .bind(subject)
        .bind(hash)
        .bind(self.now.as_millis())
        .fetch_one(&mut *self.transaction)
        .await?;
        self.last_change = Some(seq);
        Ok(())
    }

    /// Commits, then wakes those who follow the change feed.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        self.transaction.commit().await?;
        self.log.committed();
        if let Some(seq) = self.last_change {
            self.changes.committed(seq);
        }
        Ok(())
    }
}

impl Deref for WriteTx {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.transaction
    }
}

impl DerefMut for WriteTx {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.transaction
    }
}
