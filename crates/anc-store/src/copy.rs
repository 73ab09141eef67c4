//! A move from SQLite to PostgreSQL: every row of every table, in one transaction.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use futures_util::TryStreamExt as _;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row as _};

use crate::sql::{Pool, Tx, query};
use crate::{Durability, Location, StoreError, database, migrate, row};

/// How much is gathered before it is sent.
const SEND_BYTES: usize = 256 * 1024;

const NOT_EMPTY: StoreError = StoreError::Conflict("the database to copy to is not empty");
const WRONG_WAY: StoreError = StoreError::Conflict("only SQLite can be copied, and to PostgreSQL");

/// A column as PostgreSQL has it.
struct Column {
    name: String,
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    Int,
    Bool,
    Text,
    Bytes,
}

/// Copies, and gives how many rows of which table. Both schemas are brought up to date first.
pub(crate) async fn copy(from: &Location, to: &Location) -> Result<Vec<(String, u64)>, StoreError> {
    let (Location::Sqlite(_), Location::Postgres(_)) = (from, to) else {
        return Err(WRONG_WAY);
    };
    migrate::up_at(from).await?;
    migrate::up_at(to).await?;
    let (source, target) =
        (database::readers(from).await?, database::writer(to, Durability::Power).await?);
    let copied = copy_all(&source, &target).await;
    source.close().await;
    target.close().await;
    copied
}

async fn copy_all(source: &Pool, target: &Pool) -> Result<Vec<(String, u64)>, StoreError> {
    let (Pool::Sqlite(_), Pool::Postgres(target)) = (source, target) else {
        return Err(WRONG_WAY);
    };
    let mut source = source.snapshot().await?;
    let mut tx = target.begin().await?;
    // A table is copied by one statement, however long it is.
    query("set local statement_timeout = 0").execute(&mut *tx).await?;
    let owned: bool = query("select exists (select 1 from account)").fetch_value(&mut *tx).await?;
    if owned {
        return Err(NOT_EMPTY);
    }
    let tables = tables_in_order(&mut tx).await?;
    for table in tables.iter().rev() {
        // What a fresh schema brings along comes from the source instead.
        query(format!("delete from {table}")).execute(&mut *tx).await?;
    }
    let mut copied = Vec::new();
    for table in tables {
        let rows = copy_table(&mut source, &mut tx, &table).await?;
        renumber(&mut tx, &table).await?;
        copied.push((table, rows));
    }
    tx.commit().await?;
    Ok(copied)
}

/// Every table, those that others refer to first.
async fn tables_in_order(connection: &mut PgConnection) -> Result<Vec<String>, StoreError> {
    let names: Vec<(String,)> = query(
        "select cast(table_name as text)
         from information_schema.tables
         where table_schema = current_schema()
         and table_type = 'BASE TABLE'
         and table_name not like '\\_%'
         order by 1",
    )
    .fetch_all(&mut *connection)
    .await?;
    let references: Vec<(String, String)> = query(
        "select cast(conrelid::regclass as text), cast(confrelid::regclass as text)
         from pg_constraint
         where contype = 'f'
         and conrelid <> confrelid",
    )
    .fetch_all(connection)
    .await?;
    let mut waiting: BTreeSet<String> = names.into_iter().map(|(name,)| name).collect();
    let mut ordered = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let free: Vec<String> = waiting
            .iter()
            .filter(|table| !references.iter().any(|(of, to)| of == *table && waiting.contains(to)))
            .cloned()
            .collect();
        if free.is_empty() {
            return Err(StoreError::corrupt("tables refer to each other in a circle"));
        }
        waiting.retain(|table| !free.contains(table));
        ordered.extend(free);
    }
    Ok(ordered)
}

async fn columns_of(connection: &mut PgConnection, table: &str) -> Result<Vec<Column>, StoreError> {
    let columns: Vec<(String, String)> = query(
        "select cast(column_name as text), cast(data_type as text)
         from information_schema.columns
         where table_schema = current_schema()
         and table_name = $1
         order by ordinal_position",
    )
    .bind(table)
    .fetch_all(connection)
    .await?;
    columns
        .into_iter()
        .map(|(name, data_type)| {
            let kind = match data_type.as_str() {
                "bigint" => Kind::Int,
                "boolean" => Kind::Bool,
                "text" => Kind::Text,
                "bytea" => Kind::Bytes,
                other => {
                    return Err(StoreError::corrupt(format!("{table}.{name} is of type {other}")));
                }
            };
            Ok(Column { name, kind })
        })
        .collect()
}

async fn copy_table(
    source: &mut Tx,
    target: &mut PgConnection,
    table: &str,
) -> Result<u64, StoreError> {
    let Tx::Sqlite(source) = source else {
        return Err(WRONG_WAY);
    };
    let columns = columns_of(target, table).await?;
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let names = names.join(", ");
    let into = format!("copy {table} ({names}) from stdin");
    let text = AssertSqlSafe(format!("select {names} from {table}"));
    let mut rows = sqlx::query(text).fetch(&mut **source);
    let mut sink = target.copy_in_raw(&into).await?;
    let (mut lines, mut copied) = (String::new(), 0);
    while let Some(row) = rows.try_next().await? {
        write_line(&mut lines, &row, &columns)?;
        copied += 1;
        if lines.len() >= SEND_BYTES {
            sink.send(std::mem::take(&mut lines).into_bytes()).await?;
        }
    }
    sink.send(lines.into_bytes()).await?;
    sink.finish().await?;
    Ok(copied)
}

/// A row in PostgreSQL's text form of COPY.
fn write_line(line: &mut String, from: &SqliteRow, columns: &[Column]) -> Result<(), StoreError> {
    for (index, column) in columns.iter().enumerate() {
        if index > 0 {
            line.push('\t');
        }
        let value = match column.kind {
            Kind::Int => from.try_get::<Option<i64>, _>(index)?.map(|number| number.to_string()),
            Kind::Bool => from
                .try_get::<Option<bool>, _>(index)?
                .map(|flag| if flag { "t" } else { "f" }.to_owned()),
            Kind::Text => from.try_get::<Option<String>, _>(index)?.map(|text| escaped(&text)),
            Kind::Bytes => from
                .try_get::<Option<Vec<u8>>, _>(index)?
                .map(|bytes| format!("\\\\x{}", row::hex(&bytes))),
        };
        let _ = write!(line, "{}", value.as_deref().unwrap_or("\\N"));
    }
    line.push('\n');
    Ok(())
}

pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' => escaped.push_str("\\\\"),
            '\t' => escaped.push_str("\\t"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Numbers that the database gives go on after those that came.
pub(crate) async fn renumber(connection: &mut PgConnection, table: &str) -> Result<(), StoreError> {
    let identity: Option<(String,)> = query(
        "select cast(column_name as text)
         from information_schema.columns
         where table_schema = current_schema()
         and table_name = $1
         and is_identity = 'YES'",
    )
    .bind(table)
    .fetch_optional(&mut *connection)
    .await?;
    if let Some((column,)) = identity {
        query(format!(
            "select setval(pg_get_serial_sequence('{table}', '{column}'), max({column}))
             from {table}
             having max({column}) is not null"
        ))
        .execute(connection)
        .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stays_one_field_of_one_line() {
        assert_eq!(escaped("a\tb\nc\\d\r"), r"a\tb\nc\\d\r");
    }
}
