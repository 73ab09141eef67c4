//! Attempts that failed and cost the operator all the same: their provider told what it bills before
//! another one was tried, or none answered. They move no balance. A row for each, by request and
//! attempt, so that a batch that is tried again writes it once.

use std::sync::Arc;

use anc_domain::{ChannelId, PpmMultiplier, UnixMillis, Usage};
use rusqlite::{Connection, params};
use sqlx::{Postgres, Transaction};

use super::op::Ticket;
use crate::sql::query;
use crate::{OwnCost, StoreError, row};

/// An attempt at a provider that failed after the provider had told what it bills.
#[derive(Debug, Clone, Copy)]
pub struct FailedAttempt {
    /// Which one of the request, from one.
    pub attempt: u32,
    /// Which channel was tried.
    pub channel_id: ChannelId,
    /// The units that its provider told.
    pub usage: Usage,
    /// The factor on the price book at which it bills.
    pub multiplier: PpmMultiplier,
}

/// The same with what it cost.
pub(super) struct FailedAttemptOp {
    ticket: Arc<Ticket>,
    attempt: FailedAttempt,
    own_cost: OwnCost,
}

impl FailedAttemptOp {
    /// `None` where it makes no amount.
    pub(super) fn new(ticket: Arc<Ticket>, attempt: FailedAttempt) -> Option<Self> {
        let own_cost = OwnCost::of(&attempt.usage, &ticket.price, Some(attempt.multiplier))?;
        Some(Self { ticket, attempt, own_cost })
    }
}

const INSERT: &str =
    "insert into failed_attempt (request_id, attempt, account_id, channel_id, model,
         units, price, cost, cost_ppm, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     on conflict (request_id, attempt) do nothing";

pub(super) fn write_to_sqlite(
    connection: &Connection,
    attempts: &[&FailedAttemptOp],
    now: UnixMillis,
) -> Result<(), StoreError> {
    for FailedAttemptOp { ticket, attempt, own_cost } in attempts {
        connection.prepare_cached(INSERT)?.execute(params![
            ticket.request_id,
            attempt.attempt,
            ticket.account_id,
            attempt.channel_id.as_i64(),
            ticket.model.as_str(),
            row::usage_text(&attempt.usage),
            ticket.price_text,
            own_cost.amount.nanos(),
            own_cost.multiplier.ppm(),
            now.as_millis(),
        ])?;
    }
    Ok(())
}

pub(super) async fn write_to_postgres(
    tx: &mut Transaction<'_, Postgres>,
    attempts: &[&FailedAttemptOp],
    now: UnixMillis,
) -> Result<(), StoreError> {
    for FailedAttemptOp { ticket, attempt, own_cost } in attempts {
        query(INSERT)
            .bind(ticket.request_id.as_slice())
            .bind(i64::from(attempt.attempt))
            .bind(ticket.account_id)
            .bind(attempt.channel_id.as_i64())
            .bind(ticket.model.as_str())
            .bind(row::usage_text(&attempt.usage))
            .bind(&*ticket.price_text)
            .bind(own_cost.amount.nanos())
            .bind(i64::from(own_cost.multiplier.ppm()))
            .bind(now.as_millis())
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}
