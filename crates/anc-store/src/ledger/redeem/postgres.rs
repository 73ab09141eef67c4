//! What redemptions read and write on PostgreSQL.

use anc_domain::{NanoUsd, UnixMillis};
use sqlx::{Postgres, Transaction};

use super::{CodeRow, Done, NewRedemption, Shelf, Wanted};
use crate::StoreError;
use crate::sql::query;

/// The accounts' rows are locked already. Codes are locked next; what was redeemed is read by
/// statements of their own after that, so that they see what others committed meanwhile.
pub(in crate::ledger) async fn load(
    tx: &mut Transaction<'_, Postgres>,
    wanted: &Wanted,
) -> Result<Shelf, StoreError> {
    let mut shelf = Shelf::default();
    let codes: Vec<CodeRow> = sqlx::query_as(
        "select c.id, c.hint, c.uses, c.used, c.revoked_at is not null as revoked, b.amount,
                b.once_per_account, b.expires_at
         from redemption_code c
         join redemption_batch b on b.id = c.batch_id
         where c.id = any($1)
         order by c.id
         for update of c",
    )
    .bind(wanted.codes.iter().copied().collect::<Vec<_>>())
    .fetch_all(&mut **tx)
    .await?;
    for row in codes {
        shelf.put(row)?;
    }
    let (codes, accounts): (Vec<i64>, Vec<i64>) = wanted.pairs.iter().copied().unzip();
    let used: Vec<(i64, i64)> = sqlx::query_as(
        "select distinct code_id, account_id
         from redemption
         where (code_id, account_id) in (select * from unnest($1::bigint[], $2::bigint[]))",
    )
    .bind(codes)
    .bind(accounts)
    .fetch_all(&mut **tx)
    .await?;
    shelf.used_by.extend(used);
    let words: Vec<&[u8]> = wanted.words.iter().map(<[u8; 32]>::as_slice).collect();
    let done: Vec<(Vec<u8>, i64, i64, i64, i64)> = sqlx::query_as(
        "select word, id, code_id, account_id, amount
         from redemption
         where word = any($1)",
    )
    .bind(words)
    .fetch_all(&mut **tx)
    .await?;
    for (word, id, code_id, account_id, amount) in done {
        let word = *crate::row::hash(&word)?.as_bytes();
        let amount = NanoUsd::from_nanos(amount);
        shelf.done.insert(word, Done { id, code_id, account_id, amount });
    }
    Ok(shelf)
}

pub(in crate::ledger) async fn write(
    tx: &mut Transaction<'_, Postgres>,
    shelf: &Shelf,
    redemptions: &[NewRedemption],
    now: UnixMillis,
) -> Result<(), StoreError> {
    for (id, used) in shelf.used_codes() {
        query("update redemption_code set used = $2 where id = $1")
            .bind(id)
            .bind(used)
            .execute(&mut **tx)
            .await?;
    }
    for one in redemptions {
        query(
            "insert into redemption
                 (id, code_id, number, account_id, user_id, amount, cause, word, created_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(one.id)
        .bind(one.code_id)
        .bind(i64::from(one.number))
        .bind(one.account_id)
        .bind(one.user_id)
        .bind(one.amount.nanos())
        .bind(&one.cause)
        .bind(one.word.as_slice())
        .bind(now.as_millis())
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}
