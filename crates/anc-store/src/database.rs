//! The connections, and the one gate that all writers of the control plane pass.

use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use anc_domain::{Clock, UnixMillis};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::change::{ChangeHub, Topic};
use crate::sql::{On, Pool, Tx, query};
use crate::sync::LogSync;
use crate::{Durability, Location, StoreError, migrate};

/// Readers at once. Reads are short; more would only fight for two cores.
const READERS_MAX: u32 = 4;

/// Connections of one node to PostgreSQL that read. Its round trips wait, so more than SQLite's.
const PG_READERS_MAX: u32 = 8;

/// How long a connection is waited for before the store counts as unavailable.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// How long SQLite itself waits for a lock that another process holds.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Pages in the log before it is folded into the file: often enough to stay small, seldom enough
/// not to be felt. Nobody checkpoints from the side: that starves, and the log grows.
pub(crate) const WAL_AUTOCHECKPOINT_PAGES: i64 = 16_000;

/// Page cache of a writing connection, in SQLite's negative KiB: 64 MiB.
pub(crate) const CACHE_SIZE: i64 = -65_536;

/// PostgreSQL's advisory lock of those who write what the control plane owns: it makes the change
/// feed's numbers visible in order, and counting before inserting safe.
const CONTROL_LOCK: i64 = 0x616e_6343_7472_6c00;

/// What PostgreSQL does for us when a node hangs: it ends statements and transactions that others
/// may be waiting for.
const PG_LIMITS: [(&str, &str); 3] = [
    ("statement_timeout", "30s"),
    ("lock_timeout", "10s"),
    ("idle_in_transaction_session_timeout", "10s"),
];

/// How PostgreSQL plans for us. Our statements read few rows; where the bound is known at run time
/// alone it expects millions, and would compile them and start workers for longer than they take. A
/// page of a look-up far behind in the log it would merge with all of the log before it.
const PG_PLANS: [(&str, &str); 3] =
    [("jit", "off"), ("max_parallel_workers_per_gather", "0"), ("enable_mergejoin", "off")];

/// SQLite's file as its two writers share it.
#[derive(Clone)]
pub(crate) struct SqliteFile {
    pub(crate) path: PathBuf,
    /// SQLite has one writer and no queue: this is the queue, fair, within the process.
    pub(crate) gate: Arc<Mutex<()>>,
    pub(crate) log: Arc<LogSync>,
}

/// The pools and what a write needs beside them.
pub(crate) struct Database {
    pub(crate) readers: Pool,
    writer: Pool,
    /// Absent on PostgreSQL, which has a queue of its own.
    pub(crate) file: Option<SqliteFile>,
    clock: Arc<dyn Clock>,
    pub(crate) changes: Arc<ChangeHub>,
}

/// A write transaction that no other writer of the control plane shares. Dropped without a commit
/// it rolls back.
pub(crate) struct WriteTx {
    // Before the gate, so that it is rolled back before the next writer comes in.
    tx: Tx,
    gate: Option<(OwnedMutexGuard<()>, Arc<LogSync>)>,
    changes: Arc<ChangeHub>,
    last_change: Option<i64>,
    /// When the transaction began.
    pub(crate) now: UnixMillis,
}

fn sqlite_options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(BUSY_TIMEOUT)
        .pragma("wal_autocheckpoint", WAL_AUTOCHECKPOINT_PAGES.to_string())
}

/// How to connect to PostgreSQL by its address.
pub(crate) fn pg_options(url: &str) -> Result<PgConnectOptions, StoreError> {
    let options = PgConnectOptions::from_str(url).map_err(StoreError::unavailable)?;
    Ok(options.application_name("anc-relay").options(PG_LIMITS).options(PG_PLANS))
}

/// A pool that reads; on SQLite it cannot write.
pub(crate) async fn readers(location: &Location) -> Result<Pool, StoreError> {
    match location {
        Location::Sqlite(path) => {
            let pool = SqlitePoolOptions::new()
                .max_connections(READERS_MAX)
                .connect_with(sqlite_options(path).read_only(true))
                .await?;
            Ok(Pool::Sqlite(pool))
        }
        Location::Postgres(url) => pg_pool(url, PG_READERS_MAX).await,
    }
}

/// A pool that writes, of one connection: writers queue for it.
pub(crate) async fn writer(
    location: &Location,
    durability: Durability,
) -> Result<Pool, StoreError> {
    match location {
        Location::Sqlite(path) => {
            let synchronous = match durability {
                Durability::Process => SqliteSynchronous::Normal,
                Durability::Power => SqliteSynchronous::Full,
            };
            let pool = SqlitePoolOptions::new()
                .max_connections(1)
                .connect_with(
                    sqlite_options(path)
                        .create_if_missing(true)
                        .journal_mode(SqliteJournalMode::Wal)
                        .synchronous(synchronous)
                        .pragma("cache_size", CACHE_SIZE.to_string()),
                )
                .await?;
            Ok(Pool::Sqlite(pool))
        }
        Location::Postgres(url) => pg_pool(url, 1).await,
    }
}

async fn pg_pool(url: &str, connections_max: u32) -> Result<Pool, StoreError> {
    let pool = PgPoolOptions::new()
        .max_connections(connections_max)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_with(pg_options(url)?)
        .await?;
    Ok(Pool::Postgres(pool))
}

impl Database {
    /// Opens the database, or makes the file, and brings its schema up to date.
    pub(crate) async fn open(
        location: &Location,
        durability: Durability,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StoreError> {
        let writer = writer(location, durability).await?;
        migrate::up(&writer).await?;
        let file = match location {
            Location::Postgres(_) => None,
            Location::Sqlite(path) => {
                let log = match durability {
                    Durability::Process => {
                        LogSync::behind(path).map_err(StoreError::unavailable)?
                    }
                    Durability::Power => LogSync::waiting(path),
                };
                Some(SqliteFile { path: path.clone(), gate: Arc::new(Mutex::new(())), log })
            }
        };
        let latest: i64 =
            query("select coalesce(max(seq), 0) from change").fetch_value(&writer).await?;
        Ok(Self {
            readers: readers(location).await?,
            writer,
            file,
            clock,
            changes: Arc::new(ChangeHub::new(latest)),
        })
    }

    /// The time by the store's clock.
    pub(crate) fn now(&self) -> UnixMillis {
        self.clock.now()
    }

    /// Waits for its turn and begins a write transaction.
    pub(crate) async fn write(&self) -> Result<WriteTx, StoreError> {
        let gate = match &self.file {
            Some(file) => {
                let turn = Arc::clone(&file.gate).lock_owned().await;
                Some((turn, Arc::clone(&file.log)))
            }
            None => None,
        };
        let tx = match &self.writer {
            Pool::Sqlite(pool) => Tx::Sqlite(pool.begin_with("begin immediate").await?),
            Pool::Postgres(pool) => {
                let mut tx = Tx::Postgres(pool.begin().await?);
                query("select pg_advisory_xact_lock($1)")
                    .bind(CONTROL_LOCK)
                    .execute(&mut tx)
                    .await?;
                tx
            }
        };
        Ok(WriteTx {
            tx,
            gate,
            changes: Arc::clone(&self.changes),
            last_change: None,
            now: self.now(),
        })
    }

    /// Returns when everything committed so far is on the disk. PostgreSQL's commits wait for it as
    /// the server is set.
    pub(crate) async fn on_disk(&self) -> Result<(), StoreError> {
        let Some(file) = &self.file else { return Ok(()) };
        let log = Arc::clone(&file.log);
        tokio::task::spawn_blocking(move || log.sync())
            .await
            .map_err(StoreError::unavailable)?
            .map_err(StoreError::unavailable)
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
            Topic::Tier(id) => ("tier", Some(id.as_i64()), None),
            Topic::Request(id) => ("request", None, Some(id.to_bytes().to_vec())),
            Topic::Catalog => ("catalog", None, None),
        };
        let seq: i64 = query(
            "insert into change (topic, subject, hash, created_at)
             values ($1, $2, $3, $4)
             returning seq",
        )
        .bind(name)
        .bind(subject)
        .bind(hash)
        .bind(self.now.as_millis())
        .fetch_value(&mut self.tx)
        .await?;
        self.last_change = Some(seq);
        Ok(())
    }

    /// Commits, then wakes those who follow the change feed.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        self.tx.commit().await?;
        if let Some((_turn, log)) = &self.gate {
            log.committed();
        }
        if let Some(seq) = self.last_change {
            self.changes.committed(seq);
        }
        Ok(())
    }
}

impl<'a> From<&'a mut WriteTx> for On<'a> {
    fn from(write: &'a mut WriteTx) -> Self {
        (&mut write.tx).into()
    }
}
