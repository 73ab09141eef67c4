//! The usage rows of a batch, by one statement over arrays.

use anc_domain::{ChannelId, Meter, UnixMillis};
use sqlx::{Postgres, Transaction};

use crate::ledger::batch::Outcome;
use crate::{StoreError, row};

/// Inserts them in order, under the lock by which they get their numbers.
pub(super) async fn insert_usage(
    tx: &mut Transaction<'_, Postgres>,
    outcome: &Outcome<'_>,
    now: UnixMillis,
) -> Result<(), StoreError> {
    let rows = &outcome.usage;
    let units = |meter: Meter| -> Vec<i64> {
        rows.iter().map(|one| row::units_column(one.settlement.usage.get(meter))).collect()
    };
    let small = |value: Option<u32>| value.map(i64::from);
    sqlx::query(
        "insert into usage (request_id, account_id, token_id, model, channel_id,
             input, cached_input, cache_write_5m, cache_write_1h, cache_write_other,
             input_audio, input_image, output, reasoning, output_audio, output_image,
             web_search, file_search, request,
             price, charge, held, end_reason, estimated, suspect, stream,
             started_at, first_token_ms, total_ms, attempts, upstream_status,
             client_address, client_agent, raw_usage, window_day, window_week, window_month,
             cost, cost_ppm, created_at)
         select *, $40::bigint
         from unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[],
             $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[],
             $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[],
             $16::bigint[], $17::bigint[], $18::bigint[], $19::bigint[], $20::text[],
             $21::bigint[], $22::bigint[], $23::text[], $24::boolean[], $25::boolean[],
             $26::boolean[], $27::bigint[], $28::bigint[], $29::bigint[], $30::bigint[],
             $31::bigint[], $32::text[], $33::text[], $34::text[], $35::bigint[],
             $36::bigint[], $37::bigint[], $38::bigint[], $39::bigint[])",
    )
    .bind(rows.iter().map(|one| one.ticket.request_id.as_slice()).collect::<Vec<_>>())
    .bind(rows.iter().map(|one| one.ticket.account_id).collect::<Vec<_>>())
    .bind(rows.iter().map(|one| one.ticket.token_id).collect::<Vec<_>>())
    .bind(rows.iter().map(|one| one.ticket.model.as_str()).collect::<Vec<_>>())
    .bind(
        rows.iter().map(|one| one.settlement.channel_id.map(ChannelId::as_i64)).collect::<Vec<_>>(),
    )
    .bind(units(Meter::Input))
    .bind(units(Meter::CachedInput))
    .bind(units(Meter::CacheWrite5m))
    .bind(units(Meter::CacheWrite1h))
    .bind(units(Meter::CacheWriteOther))
    .bind(units(Meter::InputAudio))
    .bind(units(Meter::InputImage))
    .bind(units(Meter::Output))
    .bind(units(Meter::Reasoning))
    .bind(units(Meter::OutputAudio))
    .bind(units(Meter::OutputImage))
    .bind(units(Meter::WebSearch))
    .bind(units(Meter::FileSearch))
    .bind(units(Meter::Request))
    .bind(rows.iter().map(|one| one.price_text).collect::<Vec<_>>())
    .bind(rows.iter().map(|one| one.charge.nanos()).collect::<Vec<_>>())
    .bind(rows.iter().map(|one| one.held.nanos()).collect::<Vec<_>>())
    .bind(rows.iter().map(|one| one.settlement.end_reason.name()).collect::<Vec<_>>())
    .bind(rows.iter().map(|one| one.settlement.estimated).collect::<Vec<_>>())
    .bind(rows.iter().map(|one| one.settlement.suspect).collect::<Vec<_>>())
    .bind(rows.iter().map(|one| one.ticket.stream).collect::<Vec<_>>())
    .bind(rows.iter().map(|one| one.started_at).collect::<Vec<_>>())
    .bind(rows.iter().map(|one| small(one.settlement.first_token_ms)).collect::<Vec<_>>())
    .bind(rows.iter().map(|one| small(one.settlement.total_ms)).collect::<Vec<_>>())
    .bind(rows.iter().map(|one| i64::from(one.settlement.attempts)).collect::<Vec<_>>())
    .bind(rows.iter().map(|one| one.settlement.upstream_status.map(i64::from)).collect::<Vec<_>>())
    .bind(rows.iter().map(|one| one.settlement.client_address.clone()).collect::<Vec<_>>())
    .bind(rows.iter().map(|one| one.settlement.client_agent.clone()).collect::<Vec<_>>())
    .bind(rows.iter().map(|one| one.settlement.raw_usage.clone()).collect::<Vec<_>>())
    .bind(rows.iter().map(|one| one.windows[0]).collect::<Vec<_>>())
    .bind(rows.iter().map(|one| one.windows[1]).collect::<Vec<_>>())
    .bind(rows.iter().map(|one| one.windows[2]).collect::<Vec<_>>())
    .bind(rows.iter().map(|one| one.own_cost.map(|cost| cost.amount.nanos())).collect::<Vec<_>>())
    .bind(
        rows.iter()
            .map(|one| one.own_cost.map(|cost| i64::from(cost.multiplier.ppm())))
            .collect::<Vec<_>>(),
    )
    .bind(now.as_millis())
    .execute(&mut **tx)
    .await?;
    Ok(())
}
