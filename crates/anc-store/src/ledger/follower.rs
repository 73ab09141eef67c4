//! Sums and look-ups derived from the usage rows, about every second, with a watermark in the same
//! transaction. After a crash it goes on from there. A derived thing is never a second source:
//! `verify.rs` compares it with the rows.

use std::sync::Weak;
use std::time::Duration;

use crate::StoreError;
use crate::database::Database;
use crate::sql::query;
use crate::usage::{
    COST_COLUMNS, COST_SUMS, HOUR_MILLIS, INPUT_UNITS, OUTPUT_UNITS, WATERMARK, meter_columns,
    sums_of_meters,
};
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
    for derive in derivations() {
        query(derive).bind(from).bind(upto).execute(&mut tx).await?;
    }
    query("update follower_watermark set seq = $2 where name = $1")
        .bind(WATERMARK)
        .bind(upto)
        .execute(&mut tx)
        .await?;
    tx.commit().await?;
    Ok(upto)
}

/// What derives sums and look-ups from the rows after `$1` up to `$2`. Lines come in the order of
/// their keys, which is quicker where they are many.
pub(crate) fn derivations() -> Vec<String> {
    let lookup = |table: &str, column: &str, unless: &str| {
        format!(
            "insert into {table} ({column}, seq)
             select {column}, seq
             from usage
             where seq > $1
             and seq <= $2
             order by {column}, seq{unless}"
        )
    };
    vec![
        // A request id that comes twice would be a fault that verify tells; it must not stop the
        // sums.
        lookup("usage_lookup", "request_id", " on conflict (request_id) do nothing"),
        lookup("usage_by_token", "token_id", ""),
        lookup("usage_by_account", "account_id", ""),
        UPSERT_CLIENTS.to_owned(),
        upsert_sums(),
        upsert_hours("account_id"),
        upsert_hours(EVERYBODY),
        upsert_channel_hours(),
        UPSERT_TOKEN_DAYS.to_owned(),
        upsert_outcomes("account_id"),
        upsert_outcomes(EVERYBODY),
        UPSERT_CHANNEL_OUTCOMES.to_owned(),
    ]
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

/// `column = table.column + excluded.column, …` of some columns.
pub(super) fn added(table: &str, columns: &str) -> String {
    let added: Vec<String> = columns
        .split(", ")
        .map(|column| format!("{column} = {table}.{column} + excluded.{column}"))
        .collect();
    added.join(", ")
}

fn upsert_sums() -> String {
    let (columns, sums) = (meter_columns(), sums_of_meters());
    let added = added("usage_hourly", &format!("requests, charge, {columns}, {COST_COLUMNS}"));
    format!(
        "insert into usage_hourly (account_id, token_id, hour, model, requests, charge, {columns},
             {COST_COLUMNS})
         select account_id, token_id, created_at / {HOUR_MILLIS}, model,
                count(*), cast(sum(charge) as bigint), {sums}, {COST_SUMS}
         from usage
         where seq > $1
         and seq <= $2
         group by account_id, token_id, created_at / {HOUR_MILLIS}, model
         on conflict (account_id, token_id, hour, model) do update
         set {added}"
    )
}

/// What each token came to in a day.
const UPSERT_TOKEN_DAYS: &str = "insert into usage_token_day
         (token_id, day, account_id, requests, charge)
     select token_id, created_at / 86400000, account_id, count(*), cast(sum(charge) as bigint)
     from usage
     where seq > $1
     and seq <= $2
     group by token_id, created_at / 86400000, account_id
     on conflict (token_id, day) do update
     set requests = usage_token_day.requests + excluded.requests,
         charge = usage_token_day.charge + excluded.charge";

/// How what each channel answered ended, by hour and model; channel 0 is none.
const UPSERT_CHANNEL_OUTCOMES: &str = "insert into usage_channel_outcome
         (hour, channel_id, model, end_reason, requests)
     select created_at / 3600000, coalesce(channel_id, 0), model, end_reason, count(*)
     from usage
     where seq > $1
     and seq <= $2
     group by created_at / 3600000, coalesce(channel_id, 0), model, end_reason
     on conflict (hour, channel_id, model, end_reason) do update
     set requests = usage_channel_outcome.requests + excluded.requests";

/// What an account, or everybody, came to in an hour by model, and where in the log that lies.
fn upsert_hours(whose: &str) -> String {
    let costs = added("usage_account_hour", COST_COLUMNS);
    format!(
        "insert into usage_account_hour (account_id, hour, model, requests, charge, input_units,
             output_units, streams, charge_max, first_seq, last_seq, {COST_COLUMNS})
         select {whose}, created_at / {HOUR_MILLIS}, model, count(*),
                cast(sum(charge) as bigint), cast(sum({INPUT_UNITS}) as bigint),
                cast(sum({OUTPUT_UNITS}) as bigint),
                cast(sum(case when stream then 1 else 0 end) as bigint), max(charge), min(seq),
                max(seq), {COST_SUMS}
         from usage
         where seq > $1
         and seq <= $2
         group by {group}created_at / {HOUR_MILLIS}, model
         on conflict (account_id, hour, model) do update
         set requests = usage_account_hour.requests + excluded.requests,
             charge = usage_account_hour.charge + excluded.charge,
             input_units = usage_account_hour.input_units + excluded.input_units,
             output_units = usage_account_hour.output_units + excluded.output_units,
             streams = usage_account_hour.streams + excluded.streams,
             charge_max = case
                 when excluded.charge_max > usage_account_hour.charge_max then excluded.charge_max
                 else usage_account_hour.charge_max
             end,
             first_seq = case
                 when usage_account_hour.last_seq = 0 then excluded.first_seq
                 else usage_account_hour.first_seq
             end,
             last_seq = excluded.last_seq,
             {costs}",
        group = of_whom(whose),
    )
}

/// What each channel came to in an hour; 0 stands for none.
fn upsert_channel_hours() -> String {
    let added = added("usage_channel_hour", &format!("requests, charge, {COST_COLUMNS}"));
    format!(
        "insert into usage_channel_hour (channel_id, hour, requests, charge, {COST_COLUMNS})
         select coalesce(channel_id, 0), created_at / {HOUR_MILLIS}, count(*),
                cast(sum(charge) as bigint), {COST_SUMS}
         from usage
         where seq > $1
         and seq <= $2
         group by coalesce(channel_id, 0), created_at / {HOUR_MILLIS}
         on conflict (hour, channel_id) do update
         set {added}"
    )
}

/// What stands for everybody in the place of an account's id.
const EVERYBODY: &str = "0";

/// The beginning of a grouping by account, if there is one.
fn of_whom(whose: &str) -> &'static str {
    if whose == EVERYBODY { "" } else { "account_id, " }
}

fn upsert_outcomes(whose: &str) -> String {
    let span = span_of_row();
    format!(
        "insert into usage_outcome_hourly
             (account_id, hour, end_reason, first_token_ms_to, requests)
         select {whose}, created_at / {HOUR_MILLIS}, end_reason, {span}, count(*)
         from usage
         where seq > $1
         and seq <= $2
         group by {group}created_at / {HOUR_MILLIS}, end_reason, {span}
         on conflict (account_id, hour, end_reason, first_token_ms_to) do update
         set requests = usage_outcome_hourly.requests + excluded.requests",
        group = of_whom(whose),
    )
}
