//! Opening and closing the store.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anc_domain::{Clock, Entropy};

use crate::database::Database;
use crate::ledger::{self, Ledger, WriterOptions, WriterTarget};
use crate::seal::Sealer;
use crate::sql::query;
use crate::{
    Accounts, Alerts, Audits, Changes, Channels, Check, Factors, Groups, Identities, Invitations,
    MailCodes, ManagementKeys, Migration, Outbox, Payments, PendingSignIns, Prices,
    ProviderSignIns, RedemptionCodes, Retention, RunningView, Seed, Sessions, Settings, SignIns,
    Statements, StoreError, StoredResponses, Tiers, Tokens, UsageView, Users, copy, migrate, price,
    reseal, seed, user, verify,
};

/// The setting that names the master key in use.
pub(crate) const KEY_ID_SETTING: &str = "seal_key_id";

/// How long each of the last steps of closing may take.
const CLOSE_MAX: Duration = Duration::from_secs(10);

/// Where the database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A file, which one process alone writes to.
    Sqlite(PathBuf),
    /// A server, by its address `postgres://…`, which several nodes may share.
    Postgres(String),
}

/// What a commit waits for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Durability {
    /// Until the system has it: the death of the process loses nothing, a loss of power at most
    /// the last 50 ms. Money that comes in waits for the disk all the same. On PostgreSQL, as the
    /// server is set.
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
}

impl Store {
    /// Opens the database, or makes the file: brings its schema up to date, renews the built-in
    /// prices, closes the holds of processes that are gone, and starts the ledger writer.
    ///
    /// A file is for one process at a time; the caller locks the directory. A master key other than
    /// the one the database was made with is refused.
    pub async fn open(location: &Location, options: OpenOptions) -> Result<Self, StoreError> {
        let sealer = Sealer::new(&options.master_key)?;
        let clock = Arc::clone(&options.clock);
        let db = Arc::new(Database::open(location, options.durability, clock).await?);
        check_master_key(&db, &sealer).await?;
        price::renew_builtin(&db).await?;

        let target = match (location, &db.file) {
            (Location::Sqlite(_), Some(file)) => WriterTarget::Sqlite(file.clone()),
            (Location::Postgres(url), _) => WriterTarget::Postgres(url.clone()),
            (Location::Sqlite(_), None) => {
                return Err(StoreError::corrupt("a file without its gate"));
            }
        };
        let writer = WriterOptions { target, durability: options.durability, clock: options.clock };
        let (ledger, closed) = tokio::task::spawn_blocking(|| ledger::start(writer))
            .await
            .map_err(StoreError::unavailable)??;
        if closed > 0 {
            tracing::warn!(holds = closed, "closed requests that a process left open when it died");
        }
        user::post_starting_balance(&db, &ledger).await?;
        tokio::spawn(ledger::follow_usage(Arc::downgrade(&db)));
        let inner = Inner { db, ledger, sealer, entropy: options.entropy };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Does what is queued for the ledger, derives the last sums, and closes the database. Settle
    /// or drop every hold before. The store answers `Unavailable` from then on.
    pub async fn close(&self) {
        self.inner.ledger.close().await;
        // The next start derives what is left.
        match tokio::time::timeout(CLOSE_MAX, ledger::catch_up(&self.inner.db)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "could not derive the last sums"),
            Err(_) => tracing::warn!("the last sums took too long to derive"),
        }
        if tokio::time::timeout(CLOSE_MAX, self.inner.db.close()).await.is_err() {
            tracing::warn!("the database's connections did not close in time");
        }
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let _: i64 = query("select count(*) from node where id = 0")
            .fetch_value(&self.inner.db.readers)
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
    pub async fn verify_at(location: &Location) -> Result<Vec<Check>, StoreError> {
        verify::verify_at(location).await
    }

    /// The versions of the schema that this program knows, and which of them a database has.
    pub async fn migrations(location: &Location) -> Result<Vec<Migration>, StoreError> {
        migrate::status_at(location).await
    }

    /// Brings a database's schema up to date, as [`Store::open`] does.
    pub async fn migrate(location: &Location) -> Result<(), StoreError> {
        migrate::up_at(location).await
    }

    /// Seals every secret of a database that nobody serves under another master key, all or nothing;
    /// gives how many, and `None` where it was done before. Refused while a node serves it.
    pub async fn reseal(
        location: &Location,
        old: &[u8; 32],
        new: &[u8; 32],
        entropy: &dyn Entropy,
    ) -> Result<Option<u64>, StoreError> {
        reseal::reseal(location, old, new, entropy).await
    }

    /// Copies a database that nobody serves into an empty one on PostgreSQL; gives how many rows of
    /// which table.
    pub async fn copy(from: &Location, to: &Location) -> Result<Vec<(String, u64)>, StoreError> {
        copy::copy(from, to).await
    }

    /// Fills a database that nobody serves, and in which nothing was ever used, for measuring.
    pub async fn seed(location: &Location, seed: &Seed<'_>) -> Result<(), StoreError> {
        seed::seed(location, seed).await
    }

    /// API tokens.
    pub fn tokens(&self) -> Tokens<'_> {
        Tokens { db: &self.inner.db, entropy: self.inner.entropy.as_ref() }
    }

    /// Accounts.
    pub fn accounts(&self) -> Accounts<'_> {
        Accounts { db: &self.inner.db }
    }

    /// Tiers.
    pub fn tiers(&self) -> Tiers<'_> {
        Tiers { db: &self.inner.db, entropy: self.inner.entropy.as_ref() }
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
        Sessions { db: &self.inner.db, entropy: self.inner.entropy.as_ref() }
    }

    /// How people signed in, and failed to.
    pub fn sign_ins(&self) -> SignIns<'_> {
        SignIns { db: &self.inner.db }
    }

    /// Second factors.
    pub fn factors(&self) -> Factors<'_> {
        Factors {
            db: &self.inner.db,
            sealer: &self.inner.sealer,
            entropy: self.inner.entropy.as_ref(),
        }
    }

    /// Browsers that still owe the second factor.
    pub fn pending_sign_ins(&self) -> PendingSignIns<'_> {
        PendingSignIns { db: &self.inner.db }
    }

    /// People as providers of identities know them.
    pub fn identities(&self) -> Identities<'_> {
        Identities { db: &self.inner.db, entropy: self.inner.entropy.as_ref() }
    }

    /// Browsers that were sent to a provider of identities.
    pub fn provider_sign_ins(&self) -> ProviderSignIns<'_> {
        ProviderSignIns { db: &self.inner.db }
    }

    /// Leave to register.
    pub fn invitations(&self) -> Invitations<'_> {
        Invitations { db: &self.inner.db, entropy: self.inner.entropy.as_ref() }
    }

    /// Links that were sent by mail.
    pub fn mail_codes(&self) -> MailCodes<'_> {
        MailCodes { db: &self.inner.db, entropy: self.inner.entropy.as_ref() }
    }

    /// What people are told without asking.
    pub fn alerts(&self) -> Alerts<'_> {
        Alerts {
            db: &self.inner.db,
            sealer: &self.inner.sealer,
            entropy: self.inner.entropy.as_ref(),
        }
    }

    /// Alerts on their way out.
    pub fn outbox(&self) -> Outbox<'_> {
        Outbox { db: &self.inner.db }
    }

    /// Upstream accounts.
    pub fn channels(&self) -> Channels<'_> {
        Channels {
            db: &self.inner.db,
            sealer: &self.inner.sealer,
            entropy: self.inner.entropy.as_ref(),
        }
    }

    /// Credentials of programs for the control API.
    pub fn management_keys(&self) -> ManagementKeys<'_> {
        ManagementKeys { db: &self.inner.db, entropy: self.inner.entropy.as_ref() }
    }

    /// Money that comes in by a payment provider.
    pub fn payments(&self) -> Payments<'_> {
        Payments {
            db: &self.inner.db,
            ledger: &self.inner.ledger,
            entropy: self.inner.entropy.as_ref(),
        }
    }

    /// Redemption codes.
    pub fn redemption_codes(&self) -> RedemptionCodes<'_> {
        RedemptionCodes {
            db: &self.inner.db,
            ledger: &self.inner.ledger,
            entropy: self.inner.entropy.as_ref(),
        }
    }

    /// Sets of channels.
    pub fn groups(&self) -> Groups<'_> {
        Groups { db: &self.inner.db }
    }

    /// The price book.
    pub fn prices(&self) -> Prices<'_> {
        Prices { db: &self.inner.db }
    }

    /// Small facts of the instance.
    pub fn settings(&self) -> Settings<'_> {
        Settings { db: &self.inner.db }
    }

    /// Answers that providers keep.
    pub fn stored_responses(&self) -> StoredResponses<'_> {
        StoredResponses { db: &self.inner.db }
    }

    /// Usage rows and their sums.
    pub fn usage(&self) -> UsageView<'_> {
        UsageView { db: &self.inner.db }
    }

    /// What moved balances, as the account's owner reads it.
    pub fn statements(&self) -> Statements<'_> {
        Statements { db: &self.inner.db }
    }

    /// What is kept for a while only.
    pub fn retention(&self) -> Retention<'_> {
        Retention { db: &self.inner.db, ledger: &self.inner.ledger }
    }

    /// What people and programs changed.
    pub fn audits(&self) -> Audits<'_> {
        Audits { db: &self.inner.db }
    }

    /// Requests that run, on any node.
    pub fn running(&self) -> RunningView<'_> {
        RunningView { db: &self.inner.db }
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
        Some(_) => Err(StoreError::corrupt(
            "the database was made with another master key; if a change of keys was interrupted, \
             run `anc-relay reseal` again",
        )),
    }
}
