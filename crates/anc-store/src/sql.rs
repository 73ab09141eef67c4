//! One text of SQL for both engines: values that either binds, rows that either reads.
//!
//! Both know `$1`, `returning`, `on conflict`, tuple comparison, `exists`, and `bool`. What they
//! differ in stays out of the texts: a sum is cast (`cast(sum(x) as bigint)`), a subquery has a
//! name, a search is `lower(x) like lower($1)`, and columns that order pages collate by bytes (the
//! schema says so on PostgreSQL; it is SQLite's way).

use std::borrow::Cow;

use sqlx::postgres::{PgArguments, PgConnection, PgPool, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqlitePool, SqliteRow};
use sqlx::{Arguments as _, AssertSqlSafe, FromRow, Postgres, Sqlite, Transaction};

/// Connections to either engine.
#[derive(Debug, Clone)]
pub(crate) enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// A transaction on either engine. Dropped without a commit it rolls back.
pub(crate) enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// Where a query runs.
pub(crate) enum On<'a> {
    SqlitePool(&'a SqlitePool),
    Sqlite(&'a mut SqliteConnection),
    PgPool(&'a PgPool),
    Pg(&'a mut PgConnection),
}

/// A value to bind.
#[derive(Debug, Clone)]
pub(crate) enum Arg {
    Int(Option<i64>),
    Bool(bool),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
}

/// A row that reads from either engine; derive `FromRow` for it.
pub(crate) trait Readable:
    for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{
}

impl<T> Readable for T where
    T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{
}

/// A text of SQL and its values.
#[derive(Debug, Clone)]
pub(crate) struct Query {
    text: Cow<'static, str>,
    args: Vec<Arg>,
}

/// Begins a query. Values are bound, never written into the text.
pub(crate) fn query(text: impl Into<Cow<'static, str>>) -> Query {
    Query { text: text.into(), args: Vec::new() }
}

/// Runs one of sqlx's typed queries on whichever engine it is.
macro_rules! run {
    ($query:expr, $on:expr, |$sql:ident, $args:ident| $make:expr, $method:ident) => {{
        let Query { text, args } = $query;
        let $sql = AssertSqlSafe(text.into_owned());
        match $on.into() {
            On::SqlitePool(pool) => {
                let $args = sqlite_arguments(args)?;
                $make.$method(pool).await
            }
            On::Sqlite(connection) => {
                let $args = sqlite_arguments(args)?;
                $make.$method(connection).await
            }
            On::PgPool(pool) => {
                let $args = pg_arguments(args)?;
                $make.$method(pool).await
            }
            On::Pg(connection) => {
                let $args = pg_arguments(args)?;
                $make.$method(connection).await
            }
        }
    }};
}

impl Query {
    /// Binds the next of `$1`, `$2`, …
    pub(crate) fn bind(mut self, value: impl Into<Arg>) -> Self {
        self.args.push(value.into());
        self
    }

    /// Adds to the text.
    pub(crate) fn push(&mut self, text: &str) -> &mut Self {
        self.text.to_mut().push_str(text);
        self
    }

    /// Adds a value to the text, with its number.
    pub(crate) fn push_bind(&mut self, value: impl Into<Arg>) -> &mut Self {
        self.args.push(value.into());
        let number = self.args.len();
        self.push(&format!("${number}"))
    }

    /// Runs it and gives how many rows it touched.
    pub(crate) async fn execute<'a>(self, on: impl Into<On<'a>>) -> Result<u64, sqlx::Error> {
        let Self { text, args } = self;
        let sql = AssertSqlSafe(text.into_owned());
        let touched = match on.into() {
            On::SqlitePool(pool) => {
                sqlx::query_with(sql, sqlite_arguments(args)?).execute(pool).await?.rows_affected()
            }
            On::Sqlite(connection) => sqlx::query_with(sql, sqlite_arguments(args)?)
                .execute(connection)
                .await?
                .rows_affected(),
            On::PgPool(pool) => {
                sqlx::query_with(sql, pg_arguments(args)?).execute(pool).await?.rows_affected()
            }
            On::Pg(connection) => sqlx::query_with(sql, pg_arguments(args)?)
                .execute(connection)
                .await?
                .rows_affected(),
        };
        Ok(touched)
    }

    /// The first row, if there is one.
    pub(crate) async fn fetch_optional<'a, T: Readable>(
        self,
        on: impl Into<On<'a>>,
    ) -> Result<Option<T>, sqlx::Error> {
        run!(self, on, |sql, args| sqlx::query_as_with::<_, T, _>(sql, args), fetch_optional)
    }

    /// The first row; an error where there is none.
    pub(crate) async fn fetch_one<'a, T: Readable>(
        self,
        on: impl Into<On<'a>>,
    ) -> Result<T, sqlx::Error> {
        run!(self, on, |sql, args| sqlx::query_as_with::<_, T, _>(sql, args), fetch_one)
    }

    /// Every row.
    pub(crate) async fn fetch_all<'a, T: Readable>(
        self,
        on: impl Into<On<'a>>,
    ) -> Result<Vec<T>, sqlx::Error> {
        run!(self, on, |sql, args| sqlx::query_as_with::<_, T, _>(sql, args), fetch_all)
    }

    /// The one value of the one row.
    pub(crate) async fn fetch_value<'a, T>(self, on: impl Into<On<'a>>) -> Result<T, sqlx::Error>
    where
        (T,): Readable,
    {
        self.fetch_one::<(T,)>(on).await.map(|(value,)| value)
    }
}

fn sqlite_arguments(args: Vec<Arg>) -> Result<SqliteArguments, sqlx::Error> {
    let mut arguments = SqliteArguments::default();
    for arg in args {
        match arg {
            Arg::Int(value) => arguments.add(value),
            Arg::Bool(value) => arguments.add(value),
            Arg::Text(value) => arguments.add(value),
            Arg::Bytes(value) => arguments.add(value),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

fn pg_arguments(args: Vec<Arg>) -> Result<PgArguments, sqlx::Error> {
    let mut arguments = PgArguments::default();
    for arg in args {
        match arg {
            Arg::Int(value) => arguments.add(value),
            Arg::Bool(value) => arguments.add(value),
            Arg::Text(value) => arguments.add(value),
            Arg::Bytes(value) => arguments.add(value),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

impl Pool {
    /// A transaction that sees one state of the database and writes nothing.
    pub(crate) async fn snapshot(&self) -> Result<Tx, sqlx::Error> {
        match self {
            Self::Sqlite(pool) => pool.begin().await.map(Tx::Sqlite),
            Self::Postgres(pool) => pool
                .begin_with("begin isolation level repeatable read read only")
                .await
                .map(Tx::Postgres),
        }
    }

    /// Closes every connection.
    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

impl Tx {
    pub(crate) async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(tx) => tx.commit().await,
            Self::Postgres(tx) => tx.commit().await,
        }
    }
}

impl<'a> From<&'a Pool> for On<'a> {
    fn from(pool: &'a Pool) -> Self {
        match pool {
            Pool::Sqlite(pool) => Self::SqlitePool(pool),
            Pool::Postgres(pool) => Self::PgPool(pool),
        }
    }
}

impl<'a> From<&'a mut Tx> for On<'a> {
    fn from(tx: &'a mut Tx) -> Self {
        match tx {
            Tx::Sqlite(tx) => Self::Sqlite(tx),
            Tx::Postgres(tx) => Self::Pg(tx),
        }
    }
}

impl<'a> From<&'a mut PgConnection> for On<'a> {
    fn from(connection: &'a mut PgConnection) -> Self {
        Self::Pg(connection)
    }
}

impl From<i64> for Arg {
    fn from(value: i64) -> Self {
        Self::Int(Some(value))
    }
}

impl From<Option<i64>> for Arg {
    fn from(value: Option<i64>) -> Self {
        Self::Int(value)
    }
}

impl From<bool> for Arg {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<&str> for Arg {
    fn from(value: &str) -> Self {
        Self::Text(Some(value.to_owned()))
    }
}

impl From<String> for Arg {
    fn from(value: String) -> Self {
        Self::Text(Some(value))
    }
}

impl From<&String> for Arg {
    fn from(value: &String) -> Self {
        Self::Text(Some(value.clone()))
    }
}

impl From<Option<String>> for Arg {
    fn from(value: Option<String>) -> Self {
        Self::Text(value)
    }
}

impl From<&Option<String>> for Arg {
    fn from(value: &Option<String>) -> Self {
        Self::Text(value.clone())
    }
}

impl From<&[u8]> for Arg {
    fn from(value: &[u8]) -> Self {
        Self::Bytes(Some(value.to_vec()))
    }
}

impl From<Option<Vec<u8>>> for Arg {
    fn from(value: Option<Vec<u8>>) -> Self {
        Self::Bytes(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_numbered_in_the_order_in_which_they_are_added() {
        let mut query = query("select * from t where a = $1").bind(1_i64);
        query.push(" and b = ").push_bind("x").push(" and c = ").push_bind(true);
        assert_eq!(query.text, "select * from t where a = $1 and b = $2 and c = $3");
        assert_eq!(query.args.len(), 3);
    }
}
