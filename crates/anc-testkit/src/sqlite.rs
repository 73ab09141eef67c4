//! A relay's database, spoiled behind its back.

use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _};

/// Runs a statement on the database at `path`, whose relay must not run.
pub async fn sqlite(path: &Path, sql: &str) {
    let mut connection = SqliteConnectOptions::new()
        .filename(path)
        .connect()
        .await
        .expect("the database can be opened");
    sqlx::query(AssertSqlSafe(sql.to_owned()))
        .execute(&mut connection)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
}
