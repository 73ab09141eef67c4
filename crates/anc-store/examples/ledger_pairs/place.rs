//! A store to measure on, empty or seeded, with accounts that pay.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anc_domain::{OsEntropy, SystemClock};
use anc_store::{Durability, Location, OpenOptions, Store};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

/// Accounts 1 to this, each with a token of the same number.
pub(crate) const ACCOUNTS: i64 = 1_000;

/// A database and what it is called.
pub(crate) struct Place {
    pub(crate) name: String,
    pub(crate) location: Location,
    pub(crate) store: Store,
}

impl Place {
    /// Opens `NAME=DIRECTORY` or `NAME=DIRECTORY@URL` and adds the accounts, if they are missing.
    pub(crate) async fn open(text: &str) -> Self {
        let (name, place) = text.split_once('=').unwrap();
        let (directory, url) = match place.split_once('@') {
            Some((directory, url)) => (PathBuf::from(directory), Some(url.to_owned())),
            None => (PathBuf::from(place), None),
        };
        let location = match url {
            Some(url) => Location::Postgres(url),
            None => Location::Sqlite(directory.join("relay.db")),
        };
        let store = open(&location, master_key(&directory)).await;
        fill(&location).await;
        Self { name: name.to_owned(), location, store }
    }
}

fn master_key(directory: &Path) -> [u8; 32] {
    std::fs::read(directory.join("master.key")).map_or([7; 32], |key| key.try_into().unwrap())
}

async fn open(location: &Location, master_key: [u8; 32]) -> Store {
    let options = OpenOptions {
        clock: Arc::new(SystemClock),
        entropy: Arc::new(OsEntropy),
        master_key,
        durability: Durability::Process,
    };
    Store::open(location, options).await.unwrap()
}

/// Statements that add the accounts, each with more money than it can spend.
const FILL: [&str; 5] = [
    "insert into account (id, name, tier_id, metered, created_at)
     select id, 'a', 1, BOOL, 0 from missing",
    "insert into account_balance (account_id, balance)
     select id, 1000000000000000 from missing",
    "insert into ledger_entry
         (account_id, kind, amount, reason, cause, created_at, balance_after)
     select id, 'grant', 1000000000000000, 'bench', 'bench:' || id, 0, 1000000000000000
     from missing",
    "insert into api_token (id, account_id, hash, hint, name, enabled, models, ip_rules,
         created_at, updated_at)
     select id, id, HASH, 'h', 't', BOOL, '[]', '[]', 0, 0 from missing",
    "insert into api_token_spend (token_id) select id from missing",
];

async fn fill(location: &Location) {
    let numbers = format!(
        "with recursive number (id) as (
             select 1 union all select id + 1 from number where id < {ACCOUNTS}
         )
         insert into missing
         select id from number where id not in (select id from account)"
    );
    let statements = |flag: &str, hash: &str| {
        let fill = FILL.map(|sql| sql.replace("BOOL", flag).replace("HASH", hash)).join(";\n");
        format!("create temporary table missing (id bigint);\n{numbers};\n{fill};")
    };
    match location {
        Location::Sqlite(path) => {
            let raw = rusqlite::Connection::open(path).unwrap();
            let sql = statements("1", "randomblob(32)");
            raw.execute_batch(&format!("begin; {sql} commit;")).unwrap();
        }
        Location::Postgres(url) => {
            let mut raw = PgConnection::connect(url).await.unwrap();
            let sql = statements("true", "sha256(('bench' || id)::bytea)");
            sqlx::raw_sql(AssertSqlSafe(format!("begin; {sql} commit;")))
                .execute(&mut raw)
                .await
                .unwrap();
        }
    }
}
