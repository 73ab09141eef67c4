//! Credentials of programs for the control API. They act for a person, within scopes.

use anc_domain::{Entropy, KeyScope, ManagementKeyId, SecretHash, TokenHint, UnixMillis, UserId};
use sqlx::FromRow;

use crate::database::Database;
use crate::idempotency::{self, Idempotency, Repeat};
use crate::sql::query;
use crate::{StoreError, row};

/// What a new key is made of.
#[derive(Debug, Clone)]
pub struct NewManagementKey {
    /// For whom it acts.
    pub user_id: UserId,
    /// The person's own name for it.
    pub name: String,
    /// The hash of its text.
    pub hash: SecretHash,
    /// What may be shown of its text.
    pub hint: TokenHint,
    /// What it may do.
    pub scopes: Vec<KeyScope>,
    /// When it stops working; `None` is never.
    pub expires_at: Option<UnixMillis>,
}

/// A key that was not deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagementKeyRecord {
    /// The key.
    pub id: ManagementKeyId,
    /// For whom it acts.
    pub user_id: UserId,
    /// The person's own name for it.
    pub name: String,
    /// What may be shown of its text.
    pub hint: TokenHint,
    /// What it may do.
    pub scopes: Vec<KeyScope>,
    /// When it was made.
    pub created_at: UnixMillis,
    /// When it stops working; `None` is never.
    pub expires_at: Option<UnixMillis>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<UnixMillis>,
}

#[derive(FromRow)]
struct KeyRow {
    id: i64,
    user_id: i64,
    name: String,
    hint: String,
    scopes: String,
    created_at: i64,
    expires_at: Option<i64>,
    last_used_at: Option<i64>,
}

const SELECT: &str = "select id, user_id, name, hint, scopes, created_at, expires_at, last_used_at
 from management_key
 where deleted_at is null";

/// The management keys' door.
#[derive(Clone, Copy)]
pub struct ManagementKeys<'a> {
    pub(crate) db: &'a Database,
    pub(crate) entropy: &'a dyn Entropy,
}

impl ManagementKeys<'_> {
    /// One person's keys, newest first.
    pub async fn list(&self, user_id: UserId) -> Result<Vec<ManagementKeyRecord>, StoreError> {
        let rows: Vec<KeyRow> =
            query(format!("{SELECT} and user_id = $1 order by created_at desc, id desc"))
                .bind(user_id.as_i64())
                .fetch_all(&self.db.readers)
                .await?;
        rows.into_iter().map(KeyRow::into_record).collect()
    }

    /// The key of that hash, expired ones included.
    pub async fn find(&self, hash: &SecretHash) -> Result<Option<ManagementKeyRecord>, StoreError> {
        let row: Option<KeyRow> = query(format!("{SELECT} and hash = $1"))
            .bind(hash.as_bytes().as_slice())
            .fetch_optional(&self.db.readers)
            .await?;
        row.map(KeyRow::into_record).transpose()
    }

    /// Makes a key, unless the same request made one before.
    pub async fn create(
        &self,
        new: NewManagementKey,
        idempotency: Option<&Idempotency>,
    ) -> Result<Result<ManagementKeyRecord, Repeat>, StoreError> {
        let mut tx = self.db.write().await?;
        if let Some(repeat) = idempotency::repeated(&mut tx, idempotency).await? {
            return Ok(Err(repeat));
        }
        let record = ManagementKeyRecord {
            id: ManagementKeyId::generate(tx.now, self.entropy),
            user_id: new.user_id,
            name: new.name,
            hint: new.hint,
            scopes: new.scopes,
            created_at: tx.now,
            expires_at: new.expires_at,
            last_used_at: None,
        };
        query(
            "insert into management_key (id, user_id, name, hash, hint, scopes, created_at,
                 expires_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(record.id.as_i64())
        .bind(record.user_id.as_i64())
        .bind(&record.name)
        .bind(new.hash.as_bytes().as_slice())
        .bind(record.hint.as_str())
        .bind(row::list_text(record.scopes.iter()))
        .bind(record.created_at.as_millis())
        .bind(row::millis(record.expires_at))
        .execute(&mut tx)
        .await
        .map_err(|error| StoreError::conflict_on(error, "the key's text is known already"))?;
        idempotency::remember(&mut tx, idempotency, &[record.id.to_string()]).await?;
        tx.commit().await?;
        Ok(Ok(record))
    }

    /// Notes that a key was used.
    pub async fn touch(&self, id: ManagementKeyId) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        let now = tx.now.as_millis();
        query("update management_key set last_used_at = $2 where id = $1")
            .bind(id.as_i64())
            .bind(now)
            .execute(&mut tx)
            .await?;
        tx.commit().await
    }

    /// Deletes one of a person's keys for good. False if there is none.
    pub async fn delete(&self, id: ManagementKeyId, user_id: UserId) -> Result<bool, StoreError> {
        let mut tx = self.db.write().await?;
        let now = tx.now.as_millis();
        let done = query(
            "update management_key
             set deleted_at = $3
             where id = $1
             and user_id = $2
             and deleted_at is null",
        )
        .bind(id.as_i64())
        .bind(user_id.as_i64())
        .bind(now)
        .execute(&mut tx)
        .await?;
        tx.commit().await?;
        Ok(done > 0)
    }
}

impl KeyRow {
    fn into_record(self) -> Result<ManagementKeyRecord, StoreError> {
        Ok(ManagementKeyRecord {
            id: ManagementKeyId::from_i64(self.id),
            user_id: UserId::from_i64(self.user_id),
            name: self.name,
            hint: TokenHint::from_stored(self.hint),
            scopes: row::list(&self.scopes)?,
            created_at: UnixMillis::from_millis(self.created_at),
            expires_at: row::time(self.expires_at),
            last_used_at: row::time(self.last_used_at),
        })
    }
}
