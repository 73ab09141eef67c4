//! What redemptions read and write on SQLite.

use anc_domain::{NanoUsd, UnixMillis};
use rusqlite::{Connection, OptionalExtension, params};

use super::{CodeRow, Done, NewRedemption, Shelf, Wanted};
use crate::StoreError;

pub(in crate::ledger) fn load(
    connection: &Connection,
    wanted: &Wanted,
) -> Result<Shelf, StoreError> {
    let mut shelf = Shelf::default();
    for id in &wanted.codes {
        let row = connection
            .prepare_cached(
                "select c.id, c.hint, c.uses, c.used, c.revoked_at is not null, b.amount,
                        b.once_per_account, b.expires_at
                 from redemption_code c
                 join redemption_batch b on b.id = c.batch_id
                 where c.id = ?1",
            )?
            .query_row([id], |row| {
                Ok(CodeRow {
                    id: row.get(0)?,
                    hint: row.get(1)?,
                    uses: row.get(2)?,
                    used: row.get(3)?,
                    revoked: row.get(4)?,
                    amount: row.get(5)?,
                    once_per_account: row.get(6)?,
                    expires_at: row.get(7)?,
                })
            })
            .optional()?;
        if let Some(row) = row {
            shelf.put(row)?;
        }
    }
    for (code_id, account_id) in &wanted.pairs {
        let used: bool = connection
            .prepare_cached(
                "select exists (
                     select 1
                     from redemption
                     where account_id = ?2
                     and code_id = ?1
                 )",
            )?
            .query_row([code_id, account_id], |row| row.get(0))?;
        if used {
            shelf.used_by.insert((*code_id, *account_id));
        }
    }
    for word in &wanted.words {
        let done = connection
            .prepare_cached(
                "select id, code_id, account_id, amount from redemption where word = ?1",
            )?
            .query_row([word], |row| {
                Ok(Done {
                    id: row.get(0)?,
                    code_id: row.get(1)?,
                    account_id: row.get(2)?,
                    amount: NanoUsd::from_nanos(row.get(3)?),
                })
            })
            .optional()?;
        if let Some(done) = done {
            shelf.done.insert(*word, done);
        }
    }
    Ok(shelf)
}

pub(in crate::ledger) fn write(
    connection: &Connection,
    shelf: &Shelf,
    redemptions: &[NewRedemption],
    now: UnixMillis,
) -> Result<(), StoreError> {
    for (id, used) in shelf.used_codes() {
        connection
            .prepare_cached("update redemption_code set used = ?2 where id = ?1")?
            .execute(params![id, used])?;
    }
    for one in redemptions {
        connection
            .prepare_cached(
                "insert into redemption
                     (id, code_id, number, account_id, user_id, amount, cause, word,
                      created_at)
                 values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .execute(params![
                one.id,
                one.code_id,
                one.number,
                one.account_id,
                one.user_id,
                one.amount.nanos(),
                one.cause,
                one.word,
                now.as_millis(),
            ])?;
    }
    Ok(())
}
