//! Requests that must not be carried out twice, by the word that their caller chose for them.

use std::time::Duration;

use anc_domain::SecretHash;

use crate::database::WriteTx;
use crate::sql::query;
use crate::{StoreError, row};

/// For how long a word is remembered.
const KEPT: Duration = Duration::from_hours(24);

/// A request and the word that makes repeating it harmless.
#[derive(Debug, Clone)]
pub struct Idempotency {
    /// Who asks; words of others are other words.
    pub principal: String,
    /// The word.
    pub key: String,
    /// The hash of all that was asked.
    pub request: SecretHash,
}

/// Why a request is not carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repeat {
    /// It was before, and made these.
    Done(Vec<String>),
    /// Its word belongs to another request.
    OtherRequest,
}

/// Whether a request was made before. Asked in the transaction that carries it out, where no other
/// writer of the control plane can come between.
pub(crate) async fn repeated(
    tx: &mut WriteTx,
    idempotency: Option<&Idempotency>,
) -> Result<Option<Repeat>, StoreError> {
    let Some(asked) = idempotency else { return Ok(None) };
    let found: Option<(Vec<u8>, String)> = query(
        "select request, made
         from idempotency_key
         where principal = $1
         and key = $2
         and created_at > $3",
    )
    .bind(&asked.principal)
    .bind(&asked.key)
    .bind(tx.now.minus(KEPT).as_millis())
    .fetch_optional(&mut *tx)
    .await?;
    let Some((request, made)) = found else { return Ok(None) };
    if row::hash(&request)? != asked.request {
        return Ok(Some(Repeat::OtherRequest));
    }
    let made = serde_json::from_str(&made).map_err(StoreError::corrupt)?;
    Ok(Some(Repeat::Done(made)))
}

/// Keeps what a request made, in the transaction that made it.
pub(crate) async fn remember(
    tx: &mut WriteTx,
    idempotency: Option<&Idempotency>,
    made: &[String],
) -> Result<(), StoreError> {
    let Some(asked) = idempotency else { return Ok(()) };
    query("delete from idempotency_key where created_at <= $1")
        .bind(tx.now.minus(KEPT).as_millis())
        .execute(&mut *tx)
        .await?;
    query(
        "insert into idempotency_key (principal, key, request, made, created_at)
         values ($1, $2, $3, $4, $5)",
    )
    .bind(&asked.principal)
    .bind(&asked.key)
    .bind(asked.request.as_bytes().as_slice())
    .bind(serde_json::to_string(made).map_err(StoreError::corrupt)?)
    .bind(tx.now.as_millis())
    .execute(&mut *tx)
    .await?;
    Ok(())
}
