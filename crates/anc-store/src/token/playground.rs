//! A secret for a person's playground, beside a token's own.

use anc_domain::{AccountId, ApiTokenId, SecretHash, TokenHint, UnixMillis};

use super::{TokenRecord, Tokens, fetch, rotate};
use crate::StoreError;
use crate::change::Topic;
use crate::row;
use crate::sql::query;

/// How many a token has at once: one for each time that a page is opened within their life.
pub const PLAYGROUND_SECRETS_MAX: i64 = 10;

/// What became of the wish for a playground's secret.
#[derive(Debug)]
pub enum PlaygroundGrant {
    /// It works.
    Given(Box<TokenRecord>),
    /// There are as many as may be; the first of them ends then.
    TooMany(UnixMillis),
}

impl Tokens<'_> {
    /// Gives a live token one more secret, which works until `until`, and leaves its own and those
    /// that were rotated away as they are. `None` if there is no such token of that account.
    pub async fn add_playground_secret(
        &self,
        id: ApiTokenId,
        account: AccountId,
        (hash, hint): (SecretHash, TokenHint),
        until: UnixMillis,
    ) -> Result<Option<PlaygroundGrant>, StoreError> {
        let mut tx = self.db.write().await?;
        let now = tx.now;
        let Some((record, _)) = fetch(&mut tx, id, Some(account), now).await? else {
            return Ok(None);
        };
        rotate::forget_ended(&mut tx, id).await?;
        let (live, first): (i64, Option<i64>) = query(
            "select count(*), min(valid_until)
             from api_token_timed_secret
             where token_id = $1
             and kind = 'playground'",
        )
        .bind(id.as_i64())
        .fetch_one(&mut tx)
        .await?;
        if let Some(first) = row::time(first).filter(|_| live >= PLAYGROUND_SECRETS_MAX) {
            return Ok(Some(PlaygroundGrant::TooMany(first)));
        }
        query(
            "insert into api_token_timed_secret (hash, token_id, hint, valid_until, kind)
             values ($1, $2, $3, $4, 'playground')",
        )
        .bind(hash.as_bytes().as_slice())
        .bind(id.as_i64())
        .bind(hint.as_str())
        .bind(until.as_millis())
        .execute(&mut tx)
        .await
        .map_err(|error| StoreError::conflict_on(error, "the token's text is known already"))?;
        // Somebody may have tried the text before it was a token's: such copies are to be dropped.
        tx.change(Topic::Token { id, hash }).await?;
        tx.commit().await?;
        Ok(Some(PlaygroundGrant::Given(Box::new(record))))
    }
}
