//! The control: what a request costs that is charged by one plain transaction, without any of the
//! ledger's rules, on the same engine and as durable. It lowers a balance and keeps a row.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anc_store::Location;
use rusqlite::{Connection, params};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio::task::JoinSet;

use crate::place::ACCOUNTS;
use crate::usage::{Cost, Spent};

/// Connections at the same time: PostgreSQL has a hundred, if nothing else is said.
const CONNECTIONS_MAX: u32 = 64;

const MODEL: &str = "sim-gpt";
const PRICE: &str = r#"{"input":"1","output":"4","multiplier_ppm":1000000}"#;
const RAW_USAGE: &str = r#"{"prompt_tokens":100,"completion_tokens":50}"#;
const CHARGE: i64 = 300_000;

/// Two tables and the connections to them.
pub(crate) enum Plain {
    Sqlite(Arc<Mutex<Connection>>),
    Postgres(PgPool),
}

impl Plain {
    /// Makes the tables: in a file beside the store's, or in its own database.
    pub(crate) async fn make(beside: &Location) -> Self {
        match beside {
            Location::Sqlite(path) => {
                let connection = Connection::open(path.with_extension("plain")).unwrap();
                // As durable as the relay is where nothing else is said.
                connection.pragma_update(None, "journal_mode", "wal").unwrap();
                connection.pragma_update(None, "synchronous", "normal").unwrap();
                connection.pragma_update(None, "wal_autocheckpoint", 16_000).unwrap();
                let tables = tables("integer", "integer primary key");
                connection.execute_batch(&format!("begin; {tables} commit;")).unwrap();
                Self::Sqlite(Arc::new(Mutex::new(connection)))
            }
            Location::Postgres(url) => {
                let options = PgPoolOptions::new().max_connections(CONNECTIONS_MAX);
                let pool = options.connect(url).await.unwrap();
                let tables = tables("bigint", "bigint generated always as identity primary key");
                sqlx::raw_sql(sqlx::AssertSqlSafe(tables)).execute(&pool).await.unwrap();
                Self::Postgres(pool)
            }
        }
    }

    /// Transactions of `waiting` callers over some accounts.
    pub(crate) async fn measure(&self, waiting: i64, accounts: i64, span: Duration) -> Cost {
        let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let before = Spent::now();
        let mut tasks = JoinSet::new();
        for worker in 0..waiting {
            let (stop, done) = (Arc::clone(&stop), Arc::clone(&done));
            let payers = (worker..)
                .step_by(usize::try_from(waiting).unwrap())
                .map(move |number| 1 + number % accounts)
                .take_while(move |_| !stop.load(Ordering::Relaxed));
            match self {
                Self::Sqlite(connection) => {
                    let connection = Arc::clone(connection);
                    tasks.spawn_blocking(move || {
                        for payer in payers {
                            on_sqlite(&connection, payer);
                            done.fetch_add(1, Ordering::Relaxed);
                        }
                    });
                }
                Self::Postgres(pool) => {
                    let pool = pool.clone();
                    tasks.spawn(async move {
                        for payer in payers {
                            on_postgres(&pool, payer).await;
                            done.fetch_add(1, Ordering::Relaxed);
                        }
                    });
                }
            }
        }
        tokio::time::sleep(span).await;
        let in_time = done.load(Ordering::Relaxed);
        stop.store(true, Ordering::Relaxed);
        tasks.join_all().await;
        before.until_now(in_time, done.load(Ordering::Relaxed), span)
    }
}

fn tables(integer: &str, key: &str) -> String {
    format!(
        "create table plain_balance (id {integer} primary key, balance {integer} not null);
         with recursive number (id) as (
             select 1 union all select id + 1 from number where id < {ACCOUNTS}
         )
         insert into plain_balance select id, 1000000000000000 from number;
         create table plain_usage (seq {key}, account_id {integer} not null, model text not null,
             price text not null, charge {integer} not null, created_at {integer} not null,
             raw_usage text not null);"
    )
}

fn on_sqlite(connection: &Mutex<Connection>, payer: i64) {
    let connection = connection.lock().unwrap();
    let run = |sql: &str, values: &[&dyn rusqlite::ToSql]| {
        connection.prepare_cached(sql).unwrap().execute(values).unwrap();
    };
    run("begin immediate", &[]);
    run("update plain_balance set balance = balance - ?2 where id = ?1", params![payer, CHARGE]);
    run(
        "insert into plain_usage (account_id, model, price, charge, created_at, raw_usage)
         values (?1, ?2, ?3, ?4, ?5, ?6)",
        params![payer, MODEL, PRICE, CHARGE, 1_795_000_000_000_i64, RAW_USAGE],
    );
    run("commit", &[]);
}

async fn on_postgres(pool: &PgPool, payer: i64) {
    sqlx::query(
        "with paid as (
             update plain_balance set balance = balance - $2 where id = $1
         )
         insert into plain_usage (account_id, model, price, charge, created_at, raw_usage)
         values ($1, $3, $4, $2, $5, $6)",
    )
    .bind(payer)
    .bind(CHARGE)
    .bind(MODEL)
    .bind(PRICE)
    .bind(1_795_000_000_000_i64)
    .bind(RAW_USAGE)
    .execute(pool)
    .await
    .unwrap();
}
