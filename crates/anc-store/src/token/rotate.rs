//! A new secret for an old token.

use anc_domain::{AccountId, ApiTokenId, SecretHash, TokenHint, UnixMillis};

use super::{TokenRecord, Tokens, fetch};
use crate::change::Topic;
use crate::database::WriteTx;
use crate::sql::query;
use crate::{StoreError, row};

/// A secret that was rotated away and still works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldSecret {
    /// What may be shown of it.
    pub hint: TokenHint,
    /// Until when it works.
    pub valid_until: UnixMillis,
}

impl Tokens<'_> {
    /// Gives a live token a new secret. Those before work on until `overlap_until` at the longest;
    /// `None` ends all of them at once, as after a leak, those of a playground too. `None` if there
    /// is no such token of that account.
    pub async fn rotate(
        &self,
        id: ApiTokenId,
        account: Option<AccountId>,
        (hash, hint): (SecretHash, TokenHint),
        overlap_until: Option<UnixMillis>,
    ) -> Result<Option<TokenRecord>, StoreError> {
        let mut tx = self.db.write().await?;
        let now = tx.now;
        let Some((before, old_hash)) = fetch(&mut tx, id, account, now).await? else {
            return Ok(None);
        };
        forget_ended(&mut tx, id).await?;
        let end = overlap_until.unwrap_or(now);
        query(
            "update api_token_timed_secret set valid_until = $2
             where token_id = $1
             and valid_until > $2",
        )
        .bind(id.as_i64())
        .bind(end.as_millis())
        .execute(&mut tx)
        .await?;
        // Copies are kept by each secret, so those that end now are told of before they are gone.
        tell_of_all_secrets(&mut tx, id, old_hash).await?;
        forget_ended(&mut tx, id).await?;
        if let Some(until) = overlap_until.filter(|until| *until > now) {
            query(
                "insert into api_token_timed_secret (hash, token_id, hint, valid_until)
                 values ($1, $2, $3, $4)",
            )
            .bind(old_hash.as_bytes().as_slice())
            .bind(id.as_i64())
            .bind(before.hint.as_str())
            .bind(until.as_millis())
            .execute(&mut tx)
            .await?;
        }
        query(
            "update api_token
             set hash = $2, hint = $3, rotated_at = $4, updated_at = $4, version = version + 1
             where id = $1",
        )
        .bind(id.as_i64())
        .bind(hash.as_bytes().as_slice())
        .bind(hint.as_str())
        .bind(now.as_millis())
        .execute(&mut tx)
        .await
        .map_err(|error| StoreError::conflict_on(error, "the token's text is known already"))?;
        tx.change(Topic::Token { id, hash }).await?;
        let rotated = fetch(&mut tx, id, account, now).await?;
        tx.commit().await?;
        Ok(rotated.map(|(record, _)| record))
    }

    /// The secrets that were rotated away and still work.
    pub async fn old_secrets(&self, id: ApiTokenId) -> Result<Vec<OldSecret>, StoreError> {
        let rows: Vec<(String, i64)> = query(
            "select hint, valid_until
             from api_token_timed_secret
             where token_id = $1
             and kind = 'rotated'
             and valid_until > $2
             order by valid_until desc",
        )
        .bind(id.as_i64())
        .bind(self.db.now().as_millis())
        .fetch_all(&self.db.readers)
        .await?;
        Ok(rows
            .into_iter()
            .map(|(hint, until)| OldSecret {
                hint: TokenHint::from_stored(hint),
                valid_until: UnixMillis::from_millis(until),
            })
            .collect())
    }
}

/// Removes the secrets whose time is over. The feed is told of none of them: copies know until when
/// they work, and a secret that is told of and gone means that the token's running requests are to end.
pub(super) async fn forget_ended(tx: &mut WriteTx, id: ApiTokenId) -> Result<(), StoreError> {
    query("delete from api_token_timed_secret where token_id = $1 and valid_until <= $2")
        .bind(id.as_i64())
        .bind(tx.now.as_millis())
        .execute(tx)
        .await?;
    Ok(())
}

/// Tells the feed of a token by each of its secrets: copies are kept by them.
pub(super) async fn tell_of_all_secrets(
    tx: &mut WriteTx,
    id: ApiTokenId,
    hash: SecretHash,
) -> Result<(), StoreError> {
    tx.change(Topic::Token { id, hash }).await?;
    let timed: Vec<(Vec<u8>,)> =
        query("select hash from api_token_timed_secret where token_id = $1")
            .bind(id.as_i64())
            .fetch_all(&mut *tx)
            .await?;
    for (hash,) in timed {
        tx.change(Topic::Token { id, hash: row::hash(&hash)? }).await?;
    }
    Ok(())
}
