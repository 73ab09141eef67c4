//! Alerts on their way out, by mail and by webhook.
//!
//! Whoever takes one moves its next try on by a lease, in a transaction, so that of several nodes one
//! sends it; when that one dies, the others find it after the lease. What was sent is marked; between
//! the sending and the mark a death makes it be sent once more, under the same id.

use std::time::Duration;

use anc_domain::AccountId;
use sqlx::FromRow;

use crate::alert::{AlertRecord, AlertRow};
use crate::database::Database;
use crate::sql::query;
use crate::{StoreError, row};

/// By what something is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendBy {
    /// To that address.
    Mail(String),
    /// To where its account's webhook is.
    Webhook,
}

impl SendBy {
    /// The stable name in the database and in figures.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Mail(_) => "mail",
            Self::Webhook => "webhook",
        }
    }
}

/// One that was taken to be sent.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Its place.
    pub seq: i64,
    /// How it goes.
    pub by: SendBy,
    /// For whose people.
    pub account: AccountId,
    /// The how-manieth try this is, from one on.
    pub attempt: u32,
    /// What it tells.
    pub alert: AlertRecord,
}

/// What became of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// It was taken over.
    Done,
    /// It was not, and is tried again after that.
    Again(Duration, String),
    /// It was not, and that is that.
    Failed(String),
}

#[derive(FromRow)]
struct OutgoingRow {
    outbox_seq: i64,
    channel: String,
    target: String,
    listener: i64,
    attempts: i64,
    #[sqlx(flatten)]
    alert: AlertRow,
}

/// The outbox's door.
#[derive(Clone, Copy)]
pub struct Outbox<'a> {
    pub(crate) db: &'a Database,
}

impl Outbox<'_> {
    /// Takes up to `limit` that are due. Nobody else is given them before `lease` is over.
    pub async fn take(&self, limit: u32, lease: Duration) -> Result<Vec<Outgoing>, StoreError> {
        let now = self.db.now();
        // Asked without the gate, so that an idle store is not written to.
        let due: bool = query("select exists (select 1 from outbox where next_try_at <= $1)")
            .bind(now.as_millis())
            .fetch_value(&self.db.readers)
            .await?;
        if !due {
            return Ok(Vec::new());
        }
        let mut tx = self.db.write().await?;
        let now = tx.now;
        let rows: Vec<OutgoingRow> = query(
            "select o.seq as outbox_seq, o.channel, o.target, o.account_id as listener, o.attempts,
                    a.seq, a.account_id, a.kind, a.token_id, a.channel_id, a.detail, a.created_at
             from outbox o
             join alert a on a.seq = o.alert_seq
             where o.next_try_at <= $1
             order by o.next_try_at, o.seq
             limit $2",
        )
        .bind(now.as_millis())
        .bind(i64::from(limit))
        .fetch_all(&mut tx)
        .await?;
        for row in &rows {
            query("update outbox set next_try_at = $2, attempts = attempts + 1 where seq = $1")
                .bind(row.outbox_seq)
                .bind(now.plus(lease).as_millis())
                .execute(&mut tx)
                .await?;
        }
        tx.commit().await?;
        rows.into_iter()
            .map(|row| {
                Ok(Outgoing {
                    seq: row.outbox_seq,
                    by: match row.channel.as_str() {
                        "mail" => SendBy::Mail(row.target),
                        _ => SendBy::Webhook,
                    },
                    account: AccountId::from_i64(row.listener),
                    attempt: u32::try_from(row.attempts + 1).unwrap_or(u32::MAX),
                    alert: row.alert.into_record()?,
                })
            })
            .collect()
    }

    /// Notes what became of a try. Nothing, if its lease was over and somebody else took it.
    pub async fn note(&self, outgoing: &Outgoing, sent: &Sent) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        let now = tx.now;
        let (next, done, failed, why) = match sent {
            Sent::Done => (None, Some(now), None, None),
            Sent::Again(wait, why) => (Some(now.plus(*wait)), None, None, Some(why.clone())),
            Sent::Failed(why) => (None, None, Some(now), Some(why.clone())),
        };
        query(
            "update outbox
             set next_try_at = $3, done_at = $4, failed_at = $5, failure = $6
             where seq = $1
             and attempts = $2
             and next_try_at is not null",
        )
        .bind(outgoing.seq)
        .bind(i64::from(outgoing.attempt))
        .bind(row::millis(next))
        .bind(row::millis(done))
        .bind(row::millis(failed))
        .bind(why)
        .execute(&mut tx)
        .await?;
        tx.commit().await
    }

    /// How many are still to be sent.
    pub async fn waiting(&self) -> Result<u64, StoreError> {
        let count = query("select count(*) from outbox where next_try_at is not null")
            .fetch_value(&self.db.readers)
            .await?;
        row::count(count)
    }
}
