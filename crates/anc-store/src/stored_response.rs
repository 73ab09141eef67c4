//! Answers, and items of answers, that a provider keeps so that later requests can refer to them: whose they are, and
//! which channel and key reach them. Kept for as long as the provider keeps the answer itself.

use anc_domain::{AccountId, ChannelId, ModelName, TokenCount, UnixMillis};
use sqlx::FromRow;

use crate::database::Database;
use crate::sql::query;
use crate::{StoreError, row};

/// What is known of a stored answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredResponse {
    /// Who had it made. Nobody else finds it.
    pub account_id: AccountId,
    /// The provider's name for it.
    pub response_id: String,
    /// Through which channel it was made.
    pub channel_id: ChannelId,
    /// With which of the channel's keys: the beginning of the key's hash, since keys have no ids
    /// and their order may change. None where the provider needs no key.
    pub key_digest: Option<u64>,
    /// The model, as its client asked for it.
    pub model: ModelName,
    /// How much a request that goes on from it reads again: its input and its output.
    pub units: TokenCount,
    /// When it is forgotten.
    pub expires_at: UnixMillis,
}

#[derive(FromRow)]
struct StoredRow {
    response_id: String,
    channel_id: i64,
    key_digest: Option<i64>,
    model: String,
    units: i64,
    expires_at: i64,
}

/// The stored answers' door.
#[derive(Clone, Copy)]
pub struct StoredResponses<'a> {
    pub(crate) db: &'a Database,
}

impl StoredResponses<'_> {
    /// Keeps several at once, and forgets those whose time is over.
    pub async fn record(&self, responses: &[StoredResponse]) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        let now = tx.now.as_millis();
        query("delete from stored_response where expires_at <= $1")
            .bind(now)
            .execute(&mut tx)
            .await?;
        for one in responses {
            query(
                "insert into stored_response (account_id, response_id, channel_id, key_digest,
                     model, units, created_at, expires_at)
                 values ($1, $2, $3, $4, $5, $6, $7, $8)
                 on conflict (account_id, response_id) do update
                 set channel_id = excluded.channel_id, key_digest = excluded.key_digest,
                     model = excluded.model, units = excluded.units,
                     expires_at = excluded.expires_at",
            )
            .bind(one.account_id.as_i64())
            .bind(&one.response_id)
            .bind(one.channel_id.as_i64())
            .bind(one.key_digest.map(u64::cast_signed))
            .bind(one.model.as_str())
            .bind(row::units_column(one.units))
            .bind(now)
            .bind(one.expires_at.as_millis())
            .execute(&mut tx)
            .await?;
        }
        tx.commit().await
    }

    /// One of an account's own. Another account's is not found, just like none.
    pub async fn find(
        &self,
        account_id: AccountId,
        response_id: &str,
    ) -> Result<Option<StoredResponse>, StoreError> {
        let found = self.find_all(account_id, &[response_id.to_owned()]).await?;
        Ok(found.into_iter().next())
    }

    /// Those of several that are an account's own, by their names.
    pub async fn find_all(
        &self,
        account_id: AccountId,
        response_ids: &[String],
    ) -> Result<Vec<StoredResponse>, StoreError> {
        if response_ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut select = query(
            "select response_id, channel_id, key_digest, model, units, expires_at
             from stored_response
             where account_id = $1
             and expires_at > $2
             and response_id in (",
        )
        .bind(account_id.as_i64())
        .bind(self.db.now().as_millis());
        for (place, id) in response_ids.iter().enumerate() {
            select.push(if place > 0 { ", " } else { "" }).push_bind(id);
        }
        select.push(") order by response_id");
        let rows: Vec<StoredRow> = select.fetch_all(&self.db.readers).await?;
        rows.into_iter().map(|row| row.into_record(account_id)).collect()
    }

    /// Forgets one of an account's own. False if there is none.
    pub async fn delete(
        &self,
        account_id: AccountId,
        response_id: &str,
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.write().await?;
        let done = query("delete from stored_response where account_id = $1 and response_id = $2")
            .bind(account_id.as_i64())
            .bind(response_id)
            .execute(&mut tx)
            .await?;
        tx.commit().await?;
        Ok(done > 0)
    }
}

impl StoredRow {
    fn into_record(self, account_id: AccountId) -> Result<StoredResponse, StoreError> {
        Ok(StoredResponse {
            account_id,
            response_id: self.response_id,
            channel_id: ChannelId::from_i64(self.channel_id),
            key_digest: self.key_digest.map(i64::cast_unsigned),
            model: self.model.parse().map_err(StoreError::corrupt)?,
            units: row::count(self.units)?,
            expires_at: UnixMillis::from_millis(self.expires_at),
        })
    }
}
