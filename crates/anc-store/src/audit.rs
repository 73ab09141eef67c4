//! What people and programs changed, and who they were. Append-only.

use anc_domain::{AccountId, UnixMillis};
use sqlx::FromRow;

use crate::database::Database;
use crate::sql::query;
use crate::{StoreError, row};

/// The most rows of one page.
const PAGE_MAX: u32 = 200;

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
    /// What was changed, by its number.
    pub object: Option<i64>,
    /// Whose it is.
    pub account: Option<AccountId>,
    /// What changed, as JSON.
    pub detail: String,
    /// From where.
    pub address: Option<String>,
}

/// Which notes to list, newest first.
#[derive(Debug, Clone, Default)]
pub struct AuditQuery {
    /// Only of actors whose name contains this, in any case of letters.
    pub actor: Option<String>,
    /// Only of actions that begin with this: `token.` or `token.create`.
    pub action: Option<String>,
    /// Only about this object.
    pub object: Option<i64>,
    /// Only about what is this account's.
    pub account: Option<AccountId>,
    /// Only from then on.
    pub since: Option<UnixMillis>,
    /// Only before.
    pub until: Option<UnixMillis>,
    /// Only before this place: where the page before ended.
    pub before: Option<i64>,
    /// How many at most: 1 to 200.
    pub limit: u32,
}

/// A page of notes.
#[derive(Debug, Clone)]
pub struct AuditPage {
    /// The notes, newest first.
    pub items: Vec<AuditEntry>,
    /// Where this page ended; `None` if it is the last.
    pub next: Option<i64>,
}

#[derive(FromRow)]
struct AuditRow {
    seq: i64,
    created_at: i64,
    actor: String,
    action: String,
    object_id: Option<i64>,
    account_id: Option<i64>,
    detail: String,
    address: Option<String>,
}

const SELECT: &str = "select seq, created_at, actor, action, object_id, account_id, detail, address
 from audit";

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
        let rows: Vec<AuditRow> =
            query(format!("{SELECT} where object_id = $1 order by seq desc limit $2"))
                .bind(object)
                .bind(i64::from(limit))
                .fetch_all(&self.db.readers)
                .await?;
        Ok(rows.into_iter().map(AuditRow::into_entry).collect())
    }

    /// A page of notes.
    pub async fn page(&self, wanted: &AuditQuery) -> Result<AuditPage, StoreError> {
        let limit = wanted.limit.clamp(1, PAGE_MAX);
        let mut sql = query(format!("{SELECT} where true"));
        if let Some(actor) = &wanted.actor {
            sql.push(" and lower(actor) like lower(").push_bind(row::like_pattern(actor));
            sql.push(") escape '\\'");
        }
        if let Some(action) = &wanted.action {
            let length = i64::try_from(action.chars().count()).map_err(StoreError::corrupt)?;
            sql.push(" and substr(action, 1, cast(").push_bind(length);
            sql.push(" as integer)) = ").push_bind(action);
        }
        let numbers = [
            (" and object_id = ", wanted.object),
            (" and account_id = ", wanted.account.map(AccountId::as_i64)),
            (" and created_at >= ", row::millis(wanted.since)),
            (" and created_at < ", row::millis(wanted.until)),
            (" and seq < ", wanted.before),
        ];
        for (text, value) in numbers {
            if let Some(value) = value {
                sql.push(text).push_bind(value);
            }
        }
        sql.push(" order by seq desc limit ").push_bind(i64::from(limit) + 1);
        let mut rows: Vec<AuditRow> = sql.fetch_all(&self.db.readers).await?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next = rows.last().filter(|_| more).map(|row| row.seq);
        Ok(AuditPage { items: rows.into_iter().map(AuditRow::into_entry).collect(), next })
    }
}

impl AuditRow {
    fn into_entry(self) -> AuditEntry {
        AuditEntry {
            seq: self.seq,
            created_at: UnixMillis::from_millis(self.created_at),
            actor: self.actor,
            action: self.action,
            object: self.object_id,
            account: self.account_id.map(AccountId::from_i64),
            detail: self.detail,
            address: self.address,
        }
    }
}
