//! Requests that run, on any node: those that have a hold.

use anc_domain::{AccountId, ApiTokenId, NanoUsd, RequestId, UnixMillis};
use sqlx::FromRow;

use crate::StoreError;
use crate::change::Topic;
use crate::database::Database;
use crate::row;
use crate::sql::query;

/// A request that runs.
#[derive(Debug, Clone, PartialEq)]
pub struct RunningRecord {
    /// The request.
    pub request_id: RequestId,
    /// Who pays.
    pub account_id: AccountId,
    /// With which token.
    pub token_id: ApiTokenId,
    /// The name that the client asked for.
    pub model: String,
    /// What is held for it.
    pub held: NanoUsd,
    /// Whether its answer is a stream.
    pub stream: bool,
    /// When its hold was taken.
    pub started_at: UnixMillis,
    /// Output units seen so far; written every couple of seconds.
    pub output_units: u64,
}

#[derive(FromRow)]
struct RunningRow {
    request_id: Vec<u8>,
    account_id: i64,
    token_id: i64,
    model: String,
    amount: i64,
    stream: bool,
    created_at: i64,
    observed: Option<String>,
}

/// The running requests' door.
#[derive(Clone, Copy)]
pub struct RunningView<'a> {
    pub(crate) db: &'a Database,
}

impl RunningView<'_> {
    /// The requests that run, oldest first: of one account, or of all.
    pub async fn list(
        &self,
        account: Option<AccountId>,
        limit: u32,
    ) -> Result<Vec<RunningRecord>, StoreError> {
        let rows: Vec<RunningRow> = query(
            "select request_id, account_id, token_id, model, amount, stream, created_at, observed
             from hold
             where ($1 is null or account_id = $1)
             order by created_at, request_id
             limit $2",
        )
        .bind(account.map(AccountId::as_i64))
        .bind(i64::from(limit))
        .fetch_all(&self.db.readers)
        .await?;
        rows.into_iter().map(RunningRow::into_record).collect()
    }

    /// Asks whichever node runs a request to end it. False where there is none of that account.
    pub async fn end(&self, id: RequestId, account: Option<AccountId>) -> Result<bool, StoreError> {
        let mut tx = self.db.write().await?;
        let found: bool = query(
            "select exists (
                 select 1
                 from hold
                 where request_id = $1
                 and ($2 is null or account_id = $2)
             )",
        )
        .bind(id.to_bytes().as_slice())
        .bind(account.map(AccountId::as_i64))
        .fetch_value(&mut tx)
        .await?;
        if found {
            tx.change(Topic::Request(id)).await?;
            tx.commit().await?;
        }
        Ok(found)
    }
}

impl RunningRow {
    fn into_record(self) -> Result<RunningRecord, StoreError> {
        let observed = self.observed.as_deref().map(row::usage_from_text).transpose()?;
        Ok(RunningRecord {
            request_id: row::request_id(&self.request_id)?,
            account_id: AccountId::from_i64(self.account_id),
            token_id: ApiTokenId::from_i64(self.token_id),
            model: self.model,
            held: NanoUsd::from_nanos(self.amount),
            stream: self.stream,
            started_at: UnixMillis::from_millis(self.created_at),
            output_units: observed.map_or(0, |usage| usage.output_total()),
        })
    }
}
