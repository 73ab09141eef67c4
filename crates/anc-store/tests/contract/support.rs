//! A store on a database of its own, and what most tests need of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anc_domain::{
    AccountId, AddressRules, ApiTokenId, Clock as _, ManualClock, Meter, ModelPatterns, NanoUsd,
    OsEntropy, PpmMultiplier, RequestId, Secret, SecretHash, TokenText, UnixMillis, Usage,
};
use anc_ledger::{EndReason, HoldAsk, ModelPrice, Otherwise, Zone};
use anc_store::{
    AccountChanges, Client, Durability, HoldRequest, Location, NewOwner, NewSession, NewToken,
    OpenHold, OpenOptions, Settlement, Store, StoreError, TierTerms, TokenTraits, UserRecord,
};
use anc_testkit::PgDatabase;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};
use tempfile::TempDir;

pub(crate) const NOW: UnixMillis = UnixMillis::from_millis(1_795_000_000_000);
pub(crate) const MASTER_KEY: [u8; 32] = [7; 32];
/// A database of its own, which goes with the value.
pub(crate) enum Place {
    Sqlite(TempDir),
    Postgres(PgDatabase),
}

pub(crate) const EMAIL: &str = "Owner@Example.com";

/// A store with its owner, whose account is metered.
pub(crate) struct Bed {
    pub(crate) store: Store,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) account: AccountId,
    pub(crate) requests: AtomicU64,
    pub(crate) place: Place,
}

pub(crate) fn nanos(amount: i64) -> NanoUsd {
    NanoUsd::from_nanos(amount)
}

/// One nano-dollar for a unit of input, two for a unit of output.
pub(crate) const PRICE: ModelPrice =
    ModelPrice::flat(NanoUsd::from_nanos(1_000_000), NanoUsd::from_nanos(2_000_000));

pub(crate) fn units(input: u64, output: u64) -> Usage {
    Usage::default().with(Meter::Input, input).with(Meter::Output, output)
}

impl Place {
    pub(crate) async fn new() -> Self {
        if crate::ON_POSTGRES {
            Self::Postgres(PgDatabase::create().await)
        } else {
            Self::Sqlite(tempfile::tempdir().unwrap())
        }
    }

    pub(crate) fn location(&self) -> Location {
        match self {
            Self::Sqlite(directory) => Location::Sqlite(directory.path().join("anc.db")),
            Self::Postgres(database) => Location::Postgres(database.url()),
        }
    }

    /// Statements of a hand beside the store, which looks or does damage.
    pub(crate) async fn run(&self, sql: &str) -> Result<(), sqlx::Error> {
        run_at(&self.location(), sql).await
    }
}

pub(crate) async fn run_at(location: &Location, sql: &str) -> Result<(), sqlx::Error> {
    let sql = AssertSqlSafe(sql.to_owned());
    match location {
        Location::Sqlite(path) => {
            let mut raw = SqliteConnection::connect(path.to_str().unwrap()).await?;
            sqlx::raw_sql(sql).execute(&mut raw).await?;
            raw.close().await
        }
        Location::Postgres(url) => {
            let mut raw = PgConnection::connect(url).await?;
            sqlx::raw_sql(sql).execute(&mut raw).await?;
            raw.close().await
        }
    }
}

/// A session of a person as they are now.
pub(crate) fn session_of(
    user: &UserRecord,
    hash: SecretHash,
    expires_at: UnixMillis,
) -> NewSession {
    let client = Client { address: "192.0.2.7".to_owned(), agent: "Firefox".to_owned() };
    let sign_in_version = user.sign_in_version;
    NewSession { hash, user_id: user.id, sign_in_version, expires_at, client }
}

/// An account with `balance` nano-dollars.
pub(crate) async fn fresh_store(balance: i64) -> Bed {
    let place = Place::new().await;
    let clock = Arc::new(ManualClock::new(NOW));
    let store = open(&place.location(), &clock, MASTER_KEY).await.unwrap();
    let owner = NewOwner {
        email: EMAIL.into(),
        password_hash: Secret::new("$argon2id$stub"),
        metered: true,
        starting_balance: nanos(balance),
    };
    let user = store.users().create_owner(owner).await.unwrap().unwrap();
    Bed { store, clock, account: user.account_id, requests: AtomicU64::new(0), place }
}

pub(crate) async fn open(
    location: &Location,
    clock: &Arc<ManualClock>,
    master_key: [u8; 32],
) -> Result<Store, StoreError> {
    let options = OpenOptions {
        clock: Arc::clone(clock) as Arc<_>,
        entropy: Arc::new(OsEntropy),
        master_key,
        durability: Durability::Process,
    };
    Store::open(location, options).await
}

impl Bed {
    /// Opens the same database as a process would that starts after this one died.
    pub(crate) async fn start_again(&self) -> Store {
        if let Place::Postgres(_) = self.place {
            // Others find out by its heartbeat.
            self.place.run("update node set heartbeat_at = heartbeat_at - 3600000").await.unwrap();
        }
        open(&self.place.location(), &self.clock, MASTER_KEY).await.unwrap()
    }

    pub(crate) async fn number(&self, sql: &str) -> i64 {
        let sql = AssertSqlSafe(sql.to_owned());
        match self.place.location() {
            Location::Sqlite(path) => {
                let mut raw = SqliteConnection::connect(path.to_str().unwrap()).await.unwrap();
                sqlx::query_scalar(sql).fetch_one(&mut raw).await.unwrap()
            }
            Location::Postgres(url) => {
                let mut raw = PgConnection::connect(&url).await.unwrap();
                sqlx::query_scalar(sql).fetch_one(&mut raw).await.unwrap()
            }
        }
    }

    /// The time by the store's clock.
    pub(crate) fn store_time(&self) -> i64 {
        self.clock.now().as_millis()
    }

    pub(crate) fn new_token(&self, name: &str) -> NewToken {
        let text = TokenText::generate(&OsEntropy);
        NewToken {
            account_id: self.account,
            name: name.into(),
            hash: text.secret().hash(),
            hint: text.hint(),
            quota: None,
            expires_at: None,
            models: ModelPatterns::default(),
            ip_rules: AddressRules::default(),
            enabled: true,
            traits: TokenTraits::default(),
        }
    }

    pub(crate) async fn token_of(&self, new: NewToken) -> (ApiTokenId, SecretHash) {
        let hash = new.hash;
        let record = self.store.tokens().create(new).await.unwrap().unwrap();
        (record.id, hash)
    }

    /// A token with a quota of nano-dollars, or none.
    pub(crate) async fn token(&self, quota: Option<i64>) -> ApiTokenId {
        let mut new = self.new_token("test");
        new.quota = quota.map(nanos);
        self.token_of(new).await.0
    }

    pub(crate) fn request_id(&self) -> RequestId {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        RequestId::from_bytes((u128::from(number) + 1).to_be_bytes())
    }

    pub(crate) fn request(&self, token_id: ApiTokenId, full: i64, least: i64) -> HoldRequest {
        HoldRequest {
            request_id: self.request_id(),
            account_id: self.account,
            token_id,
            model: "sim-gpt".parse().unwrap(),
            ask: HoldAsk { full: nanos(full), least: nanos(least), otherwise: Otherwise::Least },
            price: PRICE.snapshot(PpmMultiplier::ONE),
            input_estimate: 10,
            stream: true,
        }
    }

    /// A hold that must be granted.
    pub(crate) async fn hold(&self, token: ApiTokenId, amount: i64) -> OpenHold {
        let request = self.request(token, amount, amount);
        self.store.ledger().hold(request).await.unwrap().unwrap()
    }

    /// A whole request that costs `input + 2 × output` nano-dollars, and the operator nine tenths.
    pub(crate) async fn spend(&self, token: ApiTokenId, input: u64, output: u64) -> RequestId {
        let hold = self.hold(token, 1).await;
        let id = hold.request_id();
        let settlement = Settlement::new(EndReason::Complete, units(input, output));
        let cost_multiplier = Some(PpmMultiplier::from_ppm(900_000));
        hold.settle(Settlement { cost_multiplier, ..settlement }).await.unwrap();
        id
    }

    pub(crate) async fn set_zone(&self, zone: &Zone) {
        let changes = AccountChanges { zone: Some(zone.clone()), ..AccountChanges::default() };
        self.store.accounts().update(self.account, changes).await.unwrap().unwrap();
    }

    /// The standard tier's overdraft in nano-dollars.
    pub(crate) async fn set_overdraft(&self, overdraft: i64) {
        let tier = self.store.accounts().get(self.account).await.unwrap().unwrap().tier.id;
        let edit = |terms: &mut TierTerms| -> Result<(), StoreError> {
            terms.overdraft = nanos(overdraft);
            Ok(())
        };
        self.store.tiers().update(tier, None, edit).await.unwrap().unwrap();
    }

    pub(crate) async fn balance(&self) -> i64 {
        let account = self.store.accounts().get(self.account).await.unwrap();
        account.unwrap().balance.nanos()
    }

    pub(crate) async fn held(&self) -> i64 {
        let account = self.store.accounts().get(self.account).await.unwrap();
        account.unwrap().held.nanos()
    }

    /// Waits for what happens by itself, such as the release of a dropped hold.
    pub(crate) async fn until_nothing_is_held(&self) {
        for _ in 0..500 {
            if self.held().await == 0 {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("still held after five seconds: {}", self.held().await);
    }
}

/// Every invariant that verify knows.
pub(crate) async fn assert_books(store: &Store) {
    for check in store.verify().await.unwrap() {
        assert!(check.ok, "{}: {}", check.name, check.detail);
    }
}
