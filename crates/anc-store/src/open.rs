//! Opening and closing the store.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anc_domain::{Clock, Entropy};

use crate::database::Database;
use crate::ledger::{self, Ledger, WriterOptions};
use crate::seal::Sealer;
use crate::{
    Accounts, Changes, Channels, Check, Prices, Sessions, Settings, StoreError, Tokens, UsageView,
    Users, price, user, verify,
};

/// The setting that names the master key in use.
const KEY_ID_SETTING: &str = "seal_key_id";

/// What a commit waits for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Durability {
    /// Until the system has it: the death of the process loses nothing, a loss of power at most
    /// the last 50 ms. Money that comes in waits for the disk all the same.
    #[default]
    Process,
    /// Until the disk has it.
    Power,
}

/// What the store needs to open.
pub struct OpenOptions {
    /// Tells the time of what is stored.
    pub clock: Arc<dyn Clock>,
    /// Makes ids and nonces.
    pub entropy: Arc<dyn Entropy>,
    /// Seals upstream keys.
    pub master_key: [u8; 32],
    /// What a commit waits for.
    pub durability: Durability,
}

/// The store. Cheap to clone; the doors borrow it.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    db: Arc<Database>,
    ledger: Ledger,
    sealer: Sealer,
    entropy: Arc<dyn Entropy>,
    path: PathBuf,
}

impl Store {
    /// Opens the database at `path` or makes it: brings its schema up to date, renews the built-in
    /// prices, closes the holds of an earlier life, and starts the ledger writer.
    ///
    /// One process at a time; the caller locks the directory. A master key other than the one the
    /// database was made with is refused.
    pub async fn open(path: &Path, options: OpenOptions) -> Result<Self, StoreError> {
        let sealer = Sealer::new(&options.master_key)?;
        let clock = Arc::clone(&options.clock);
        let db = Arc::new(Database::open(path, options.durability, clock).await?);
        check_master_key(&db, &sealer).await?;
        price::renew_builtin(&db).await?;

        let writer = WriterOptions {
            path: path.to_owned(),
            durability: options.durability,
            clock: options.clock,
            gate: db.gate(),
            log: Arc::clone(&db.log),
        };
        let (ledger, closed) = tokio::task::spawn_blocking(|| ledger::start(writer))
            .await
            .map_err(StoreError::unavailable)??;
        if closed > 0 {
            tracing::warn!(holds = closed, "closed requests that an earlier run left open");
        }
        user::post_starting_balance(&db, &ledger).await?;
        tokio::spawn(ledger::follow_usage(Arc::downgrade(&db)));
        let inner = Inner { db, ledger, sealer, entropy: options.entropy, path: path.to_owned() };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Does what is queued for the ledger, derives the last sums, and closes the database. Settle
    /// or drop every hold before. The store answers `Unavailable` from then on.
    pub async fn close(&self) {
        self.inner.ledger.close().await;
        if let Err(error) = ledger::catch_up(&self.inner.db).await {
            tracing::warn!(%error, "could not derive the last sums");
        }
        self.inner.db.close().await;
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let _: i64 = sqlx::query_scalar("select count(*) from node where id = 0")
            .fetch_one(&self.inner.db.readers)
            .await?;
        Ok(())
    }

    /// Brings the sums derived from usage up to date now, instead of within a second.
    pub async fn derive_usage(&self) -> Result<(), StoreError> {
        ledger::catch_up(&self.inner.db).await
    }

    /// Proves the books: the invariants L1, L2, L4, L6, L7, L8, while requests go on.
    pub async fn verify(&self) -> Result<Vec<Check>, StoreError> {
        verify::verify(&self.inner.db.readers).await
    }

    /// [`Store::verify`] of a database that nobody serves, such as a backup: reads only.
    pub async fn verify_file(path: &Path) -> Result<Vec<Check>, StoreError> {
        verify::verify_file(path).await
    }

    /// Where the database is.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// API tokens.
    pub fn tokens(&self) -> Tokens<'_> {
        Tokens { db: &self.inner.db, entropy: self.inner.entropy.as_ref() }
    }

    /// Accounts and their tiers.
    pub fn accounts(&self) -> Accounts<'_> {
        Accounts { db: &self.inner.db }
    }

    /// People who sign in.
    pub fn users(&self) -> Users<'_> {
        Users {
            db: &self.inner.db,
            ledger: &self.inner.ledger,
            entropy: self.inner.entropy.as_ref(),
        }
    }

    /// Signed-in browsers.
    pub fn sessions(&self) -> Sessions<'_> {
        Sessions { db: &self.inner.db }
    }

    /// Upstream accounts.
    pub fn channels(&self) -> Channels<'_> {
        Channels {
            db: &self.inner.db,
            sealer: &self.inner.sealer,
            entropy: self.inner.entropy.as_ref(),
        }
    }

    /// The price book.
    pub fn prices(&self) -> Prices<'_> {
        Prices { db: &self.inner.db }
    }

    /// Small facts of the instance.
    pub fn settings(&self) -> Settings<'_> {
        Settings { db: &self.inner.db }
    }

    /// Usage rows and their sums.
    pub fn usage(&self) -> UsageView<'_> {
        UsageView { db: &self.inner.db }
    }

    /// The change feed.
    pub fn changes(&self) -> Changes<'_> {
        Changes { db: &self.inner.db }
    }

    /// The ledger.
    pub fn ledger(&self) -> Ledger {
        self.inner.ledger.clone()
    }
}

/// A foreign key would seal new secrets that the old ones' owner cannot open, and fail late.
async fn check_master_key(db: &Database, sealer: &Sealer) -> Result<(), StoreError> {
    let ours = sealer.key_id_text();
    let settings = Settings { db };
    match settings.get(KEY_ID_SETTING).await? {
        None => settings.set(KEY_ID_SETTING, &ours).await,
        Some(known) if known == ours => Ok(()),
        Some(_) => Err(StoreError::corrupt("the database was made with another master key")),
    }
}
