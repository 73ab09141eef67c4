//! Every secret of a database that nobody serves, sealed anew under another master key.

use anc_domain::Entropy;
use sqlx::FromRow;

use crate::database;
use crate::seal::{SEALED, SealedColumn, Sealer};
use crate::sql::{Pool, Tx, query};
use crate::{Durability, Location, StoreError, open};

/// A node of PostgreSQL that wrote its heartbeat within this many milliseconds lives.
const LIVING_MILLIS: i64 = 30_000;

#[derive(FromRow)]
struct SealedRow {
    id: i64,
    sealed: Vec<u8>,
}

/// Opens every secret with the one key and seals it with the other, all in one transaction; gives
/// how many. None where that was done before, so that an interrupted change of keys can be tried
/// again. Refused while a node serves the database: it would go on sealing with the old key.
pub(crate) async fn reseal(
    location: &Location,
    old: &[u8; 32],
    new: &[u8; 32],
    entropy: &dyn Entropy,
) -> Result<Option<u64>, StoreError> {
    let (old, new) = (Sealer::new(old)?, Sealer::new(new)?);
    let pool = database::writer(location, Durability::Power).await?;
    let done = reseal_on(&pool, &old, &new, entropy).await;
    pool.close().await;
    done
}

async fn reseal_on(
    pool: &Pool,
    old: &Sealer,
    new: &Sealer,
    entropy: &dyn Entropy,
) -> Result<Option<u64>, StoreError> {
    let known: Option<(String,)> = query("select value from setting where key = $1")
        .bind(open::KEY_ID_SETTING)
        .fetch_optional(pool)
        .await?;
    match known {
        Some((id,)) if id == new.key_id_text() => return Ok(None),
        Some((id,)) if id == old.key_id_text() => {}
        _ => return Err(StoreError::corrupt("the database was made with another master key")),
    }
    if let Pool::Postgres(_) = pool {
        let living: i64 = query(
            "select count(*)
             from node
             where heartbeat_at > cast(extract(epoch from clock_timestamp()) * 1000 as bigint) - $1",
        )
        .bind(LIVING_MILLIS)
        .fetch_value(pool)
        .await?;
        if living > 0 {
            return Err(StoreError::Conflict(
                "a relay serves this database, or did within half a minute; stop it first",
            ));
        }
    }
    let mut tx = match pool {
        Pool::Sqlite(pool) => Tx::Sqlite(pool.begin().await?),
        Pool::Postgres(pool) => Tx::Postgres(pool.begin().await?),
    };
    let mut count = 0;
    for column in SEALED {
        count += reseal_column(&mut tx, column, old, new, entropy).await?;
    }
    query("update setting set value = $2 where key = $1")
        .bind(open::KEY_ID_SETTING)
        .bind(new.key_id_text())
        .execute(&mut tx)
        .await?;
    tx.commit().await?;
    Ok(Some(count))
}

async fn reseal_column(
    tx: &mut Tx,
    column: &SealedColumn,
    old: &Sealer,
    new: &Sealer,
    entropy: &dyn Entropy,
) -> Result<u64, StoreError> {
    let SealedColumn { table, id, stored_in, .. } = column;
    let rows: Vec<SealedRow> = query(format!(
        "select {id} as id, {stored_in} as sealed from {table} where {stored_in} is not null"
    ))
    .fetch_all(&mut *tx)
    .await?;
    let mut count = 0;
    for row in rows {
        let place = column.place(row.id);
        let secret = old.open(place, &row.sealed)?;
        let sealed = new.seal(place, &secret, entropy)?;
        count += query(format!("update {table} set {stored_in} = $2 where {id} = $1"))
            .bind(row.id)
            .bind(sealed.as_slice())
            .execute(&mut *tx)
            .await?;
    }
    Ok(count)
}
