//! Sums and look-ups derived from the usage rows, about every second, with a watermark in the same
//! transaction. After a crash it goes on from there. A derived thing is never a second source:
//! `verify.rs` compares it with the rows.

use std::sync::Weak;
use std::time::Duration;

use crate::StoreError;
use crate::database::Database;
use crate::sql::query;
use crate::usage::{HOUR_MILLIS, WATERMARK, meter_columns, sums_of_meters};
use crate::usage_digest::span_of_row;

/// How far readers may have to look into the tail, in time.
const INTERVAL: Duration = Duration::from_secs(1);

/// Rows derived in one transaction: few enough that the ledger behind the gate is not kept long.
const PAGE: i64 = 1_000;

/// Follows until the store is dropped.
pub(crate) async fn follow_usage(db: Weak<Database>) {
    loop {
        tokio::time::sleep(INTERVAL).await;
        let Some(db) = db.upgrade() else {
            return;
        };
        if let Err(error) = catch_up(&db).await {
            tracing::warn!(%error, "could not derive sums from the usage rows");
        }
    }
}

/// Derives everything that is committed when it is called; what others commit meanwhile is left to
/// the next time.
pub(crate) async fn catch_up(db: &Database) -> Result<(), StoreError> {
    // Asked without the gate, so that an idle store is not written to.
    let (mut mark, newest): (i64, i64) = query(
        "select seq, (select coalesce(max(seq), 0) from usage)
         from follower_watermark
         where name = $1",
    )
    .bind(WATERMARK)
    .fetch_one(&db.readers)
    .await?;
    while mark < newest {
        mark = derive_page(db).await?;
    }
    Ok(())
}

/// Gives how far the sums have come.
async fn derive_page(db: &Database) -> Result<i64, StoreError> {
    let mut tx = db.write().await?;
    let (from, upto): (i64, Option<i64>) = query(
        "with mark as (select seq from follower_watermark where name = $1),
         page as (select seq from usage where seq > (select seq from mark) order by seq limit $2)
         select (select seq from mark), (select max(seq) from page)",
    )
    .bind(WATERMARK)
    .bind(PAGE)
    .fetch_one(&mut tx)
    .await?;
    let Some(upto) = upto else {
        // Nothing is left: somebody else derived it, and what was newest may be pruned.
        return Ok(i64::MAX);
    };
    // A request id that comes twice would be a fault that verify tells; it must not stop the sums.
    query(
        "insert into usage_lookup (request_id, seq)
         select request_id, seq
         from usage
         where seq > $1
         and seq <= $2
         on conflict (request_id) do nothing",
    )
    .bind(from)
    .bind(upto)
    .execute(&mut tx)
    .await?;
    for (table, column) in [("usage_by_token", "token_id"), ("usage_by_account", "account_id")] {
        query(format!(
            "insert into {table} ({column}, seq)
             select {column}, seq
             from usage
             where seq > $1
             and seq <= $2"
        ))
        .bind(from)
        .bind(upto)
        .execute(&mut tx)
        .await?;
    }
    query(UPSERT_CLIENTS).bind(from).bind(upto).execute(&mut tx).await?;
    query(upsert_sums()).bind(from).bind(upto).execute(&mut tx).await?;
    query(upsert_outcomes()).bind(from).bind(upto).execute(&mut tx).await?;
    query("update follower_watermark set seq = $2 where name = $1")
        .bind(WATERMARK)
        .bind(upto)
        .execute(&mut tx)
        .await?;
    tx.commit().await?;
    Ok(upto)
}

/// From where and with what each token was used, to the minute.
const UPSERT_CLIENTS: &str = "insert into api_token_client
         (token_id, address, agent, first_used_at, last_used_at, requests)
     select token_id, coalesce(client_address, ''), substr(coalesce(client_agent, ''), 1, 64),
            min(created_at) / 60000 * 60000, max(created_at) / 60000 * 60000, count(*)
     from usage
     where seq > $1
     and seq <= $2
     group by token_id, coalesce(client_address, ''), substr(coalesce(client_agent, ''), 1, 64)
     on conflict (token_id, address, agent) do update
     set last_used_at = excluded.last_used_at,
         requests = api_token_client.requests + excluded.requests";

fn upsert_sums() -> String {
    let (columns, sums) = (meter_columns(), sums_of_meters());
    let added: Vec<String> = meter_columns()
        .split(", ")
        .chain(["requests", "charge"])
        .map(|column| format!("{column} = usage_hourly.{column} + excluded.{column}"))
        .collect();
    let added = added.join(", ");
    format!(
        "insert into usage_hourly (account_id, token_id, hour, model, requests, charge, {columns})
         select account_id, token_id, created_at / {HOUR_MILLIS}, model,
                count(*), cast(sum(charge) as bigint), {sums}
         from usage
         where seq > $1
         and seq <= $2
         group by account_id, token_id, created_at / {HOUR_MILLIS}, model
         on conflict (account_id, token_id, hour, model) do update
         set {added}"
    )
}

fn upsert_outcomes() -> String {
    let span = span_of_row();
    format!(
        "insert into usage_outcome_hourly
             (account_id, hour, end_reason, first_token_ms_to, requests)
         select account_id, created_at / {HOUR_MILLIS}, end_reason, {span}, count(*)
         from usage
         where seq > $1
         and seq <= $2
         group by account_id, created_at / {HOUR_MILLIS}, end_reason, {span}
         on conflict (account_id, hour, end_reason, first_token_ms_to) do update
         set requests = usage_outcome_hourly.requests + excluded.requests"
    )
}
