//! What people and programs changed, and who they were. Append-only.

use anc_domain::{AccountId, UnixMillis};
use sqlx::FromRow;

use crate::StoreError;
use crate::database::Database;
use crate::sql::query;

/// Something that was changed.
#[derive(Debug, Clone)]
pub struct AuditNote<'a> {
    /// An email address, or what else names the caller.
    pub actor: &'a str,
    /// `token.create`, `token.update` …
    pub action: &'static str,
    /// What was changed, by its number.
    pub object: Option<i64>,
    /// Whose it is.
    pub account: Option<AccountId>,
    /// What changed, as JSON without secrets.
    pub detail: String,
    /// From where.
    pub address: Option<String>,
}

/// A note as it was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its place.
    pub seq: i64,
    /// When.
    pub created_at: UnixMillis,
    /// Who.
    pub actor: String,
    /// What.
    pub action: String,
    /// What changed, as JSON.
    pub detail: String,
    /// From where.
    pub address: Option<String>,
}

#[derive(FromRow)]
struct AuditRow {
    seq: i64,
    created_at: i64,
    actor: String,
    action: String,
    detail: String,
    address: Option<String>,
}

/// The audit's door.
#[derive(Clone, Copy)]
pub struct Audits<'a> {
    pub(crate) db: &'a Database,
}

impl Audits<'_> {
    /// Keeps a note.
    pub async fn note(&self, note: AuditNote<'_>) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        query(
            "insert into audit (created_at, actor, action, object_id, account_id, detail, address)
             values ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(tx.now.as_millis())
        .bind(note.actor)
        .bind(note.action)
        .bind(note.object)
        .bind(note.account.map(AccountId::as_i64))
        .bind(note.detail)
        .bind(note.address)
        .execute(&mut tx)
        .await?;
        tx.commit().await
    }

    /// What became of one object, newest first.
    pub async fn of_object(&self, object: i64, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        let rows: Vec<AuditRow> = query(
            "select seq, created_at, actor, action, detail, address
             from audit
             where object_id = $1
             order by seq desc
             limit $2",
        )
        .bind(object)
        .bind(i64::from(limit))
        .fetch_all(&self.db.readers)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| AuditEntry {
                seq: row.seq,
                created_at: UnixMillis::from_millis(row.created_at),
                actor: row.actor,
                action: row.action,
                detail: row.detail,
                address: row.address,
            })
            .collect())
    }
}
