//! Rows in bulk into either engine: a prepared statement on SQLite, COPY on PostgreSQL.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags, params_from_iter};
use sqlx::{Postgres, Transaction};

use crate::sql::{Arg, Pool, query};
use crate::{Durability, Location, StoreError, copy, database};

/// How much is gathered before it is sent.
const SEND_BYTES: usize = 256 * 1024;

/// SQLite's page cache in its negative KiB: 512 MiB, for a while.
const CACHE_SIZE: i64 = -524_288;

/// One transaction of either engine.
pub(super) enum Sink {
    Sqlite(Connection),
    Postgres { pool: Pool, tx: Transaction<'static, Postgres> },
}

impl Sink {
    /// Begins the transaction. SQLite leaves its log for that time: all of this at once would make it
    /// as long as the database, and a rollback needs the few pages alone that are there before.
    pub(super) async fn begin(location: &Location) -> Result<Self, StoreError> {
        match location {
            Location::Sqlite(path) => {
                let connection =
                    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
                connection.busy_timeout(database::BUSY_TIMEOUT)?;
                connection.pragma_update(None, "cache_size", CACHE_SIZE)?;
                journal(&connection, "delete")?;
                connection.execute_batch("begin immediate")?;
                Ok(Self::Sqlite(connection))
            }
            Location::Postgres(_) => {
                let pool = database::writer(location, Durability::Power).await?;
                let Pool::Postgres(connections) = &pool else {
                    return Err(StoreError::corrupt("an address of another engine"));
                };
                let mut tx = connections.begin().await?;
                for limit in ["statement_timeout", "idle_in_transaction_session_timeout"] {
                    query(format!("set local {limit} = 0")).execute(&mut *tx).await?;
                }
                Ok(Self::Postgres { pool, tx })
            }
        }
    }

    /// Writes rows into a table and gives how many.
    pub(super) async fn fill(
        &mut self,
        table: &str,
        columns: &str,
        rows: impl Iterator<Item = Result<Vec<Arg>, StoreError>>,
    ) -> Result<u64, StoreError> {
        let mut written = 0;
        match self {
            Self::Sqlite(connection) => {
                let places = vec!["?"; columns.split(',').count()].join(", ");
                let sql = format!("insert into {table} ({columns}) values ({places})");
                let mut statement = connection.prepare(&sql)?;
                for row in rows {
                    statement.execute(params_from_iter(row?.iter().map(bound)))?;
                    written += 1;
                }
            }
            Self::Postgres { tx, .. } => {
                let mut copy =
                    tx.copy_in_raw(&format!("copy {table} ({columns}) from stdin")).await?;
                let mut lines = String::new();
                for row in rows {
                    write_line(&mut lines, &row?);
                    written += 1;
                    if lines.len() >= SEND_BYTES {
                        copy.send(std::mem::take(&mut lines).into_bytes()).await?;
                    }
                }
                copy.send(lines.into_bytes()).await?;
                copy.finish().await?;
            }
        }
        Ok(written)
    }

    /// Runs a statement with whole numbers as `$1`, `$2`, ….
    pub(super) async fn execute(&mut self, sql: &str, numbers: &[i64]) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(connection) => {
                // Its numbered values are written with another sign.
                connection.execute(&sql.replace('$', "?"), params_from_iter(numbers))?;
            }
            Self::Postgres { tx, .. } => {
                let mut query = query(sql.to_owned());
                for number in numbers {
                    query = query.bind(*number);
                }
                query.execute(&mut **tx).await?;
            }
        }
        Ok(())
    }

    /// Reads one number.
    pub(super) async fn number(&mut self, sql: &str) -> Result<i64, StoreError> {
        match self {
            Self::Sqlite(connection) => Ok(connection.query_row(sql, [], |row| row.get(0))?),
            Self::Postgres { tx, .. } => Ok(query(sql.to_owned()).fetch_value(&mut **tx).await?),
        }
    }

    /// Commits, and leaves the database as it is served: numbers go on after those that came, and
    /// PostgreSQL knows how much there is, as it would by itself after a while.
    pub(super) async fn commit(self, numbered: &str) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(connection) => {
                connection.execute_batch("commit")?;
                journal(&connection, "wal")
            }
            Self::Postgres { pool, mut tx } => {
                copy::renumber(&mut tx, numbered).await?;
                tx.commit().await?;
                if let Pool::Postgres(connections) = &pool {
                    let mut connection = connections.acquire().await?;
                    query("set statement_timeout = 0").execute(&mut *connection).await?;
                    query("vacuum (analyze)").execute(&mut *connection).await?;
                }
                pool.close().await;
                Ok(())
            }
        }
    }
}

fn journal(connection: &Connection, mode: &str) -> Result<(), StoreError> {
    let now: String =
        connection.query_row(&format!("pragma journal_mode = {mode}"), [], |row| row.get(0))?;
    if now == mode { Ok(()) } else { Err(StoreError::unavailable("somebody uses the database")) }
}

fn bound(arg: &Arg) -> ToSqlOutput<'_> {
    ToSqlOutput::Borrowed(match arg {
        Arg::Int(Some(number)) => ValueRef::Integer(*number),
        Arg::Bool(flag) => ValueRef::Integer(i64::from(*flag)),
        Arg::Text(Some(text)) => ValueRef::Text(text.as_bytes()),
        Arg::Bytes(Some(bytes)) => ValueRef::Blob(bytes),
        Arg::Int(None) | Arg::Text(None) | Arg::Bytes(None) => ValueRef::Null,
    })
}

/// A row in PostgreSQL's text form of COPY.
fn write_line(line: &mut String, row: &[Arg]) {
    for (index, arg) in row.iter().enumerate() {
        if index > 0 {
            line.push('\t');
        }
        match arg {
            Arg::Int(Some(number)) => line.push_str(&number.to_string()),
            Arg::Bool(flag) => line.push(if *flag { 't' } else { 'f' }),
            Arg::Text(Some(text)) => line.push_str(&copy::escaped(text)),
            Arg::Bytes(Some(bytes)) => {
                line.push_str("\\\\x");
                line.push_str(&crate::row::hex(bytes));
            }
            Arg::Int(None) | Arg::Text(None) | Arg::Bytes(None) => line.push_str("\\N"),
        }
    }
    line.push('\n');
}
