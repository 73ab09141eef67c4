//! The schema's versions: numbered files, alike on both engines.

use sqlx::migrate::{Migrate, Migrator};

use crate::sql::{Pool, query};
use crate::{Durability, Location, StoreError, database};

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// One version of the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// Its number.
    pub version: i64,
    /// What it is about.
    pub description: String,
    /// Whether the database has it.
    pub applied: bool,
}

/// Brings the schema up to date. Several nodes may try at once: one of them does it. A database
/// that is newer than this program is corrupt to it.
pub(crate) async fn up(pool: &Pool) -> Result<(), StoreError> {
    match pool {
        Pool::Sqlite(pool) => SQLITE.run(pool).await?,
        Pool::Postgres(pool) => {
            let mut connection = pool.acquire().await?;
            // A version may take long on a grown database, and another node may be at it.
            for limit in ["statement_timeout", "lock_timeout"] {
                query(format!("set {limit} = 0")).execute(&mut *connection).await?;
            }
            let done = POSTGRES.run(&mut *connection).await;
            // With the limits of others again: it is made anew.
            connection.close().await?;
            done?;
        }
    }
    Ok(())
}

/// [`up`] of a database that nobody serves.
pub(crate) async fn up_at(location: &Location) -> Result<(), StoreError> {
    let pool = database::writer(location, Durability::Power).await?;
    let done = up(&pool).await;
    pool.close().await;
    done
}

/// The versions that this program knows, and which of them the database has.
pub(crate) async fn status_at(location: &Location) -> Result<Vec<Migration>, StoreError> {
    let pool = database::writer(location, Durability::Power).await?;
    let (known, applied) = match &pool {
        Pool::Sqlite(pool) => {
            let mut connection = pool.acquire().await?;
            (&SQLITE, applied(&mut *connection, &SQLITE).await?)
        }
        Pool::Postgres(pool) => {
            let mut connection = pool.acquire().await?;
            (&POSTGRES, applied(&mut *connection, &POSTGRES).await?)
        }
    };
    pool.close().await;
    let status = known
        .iter()
        .map(|one| Migration {
            version: one.version,
            description: one.description.replace('_', " "),
            applied: applied.contains(&one.version),
        })
        .collect();
    Ok(status)
}

async fn applied(
    connection: &mut impl Migrate,
    migrator: &Migrator,
) -> Result<Vec<i64>, StoreError> {
    let table = &migrator.table_name;
    connection.ensure_migrations_table(table).await?;
    let applied = connection.list_applied_migrations(table).await?;
    Ok(applied.into_iter().map(|one| one.version).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_engines_have_the_same_versions() {
        let versions = |migrator: &Migrator| -> Vec<(i64, String)> {
            migrator.iter().map(|one| (one.version, one.description.to_string())).collect()
        };
        assert_eq!(versions(&SQLITE), versions(&POSTGRES));
    }
}
