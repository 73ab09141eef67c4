//! Signed-in browsers. The session's id is known to the browser alone; here is its hash.

use anc_domain::{SecretHash, UnixMillis, UserId};
use sqlx::FromRow;

use crate::StoreError;
use crate::database::{Database, WriteTx};
use crate::sql::query;

/// What a new session is made of.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// The hash of its id.
    pub hash: SecretHash,
    /// Who signed in.
    pub user_id: UserId,
    /// When it ends unless it is touched.
    pub expires_at: UnixMillis,
}

/// A session that has not expired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRecord {
    /// Who signed in.
    pub user_id: UserId,
    /// When.
    pub created_at: UnixMillis,
    /// When it ends unless it is touched.
    pub expires_at: UnixMillis,
    /// When it was made or touched.
    pub last_seen_at: UnixMillis,
    /// When the person last showed their password or second factor.
    pub stepped_up_at: UnixMillis,
}

#[derive(FromRow)]
struct SessionRow {
    user_id: i64,
    created_at: i64,
    expires_at: i64,
    last_seen_at: i64,
    stepped_up_at: i64,
}

/// The sessions' door.
#[derive(Clone, Copy)]
pub struct Sessions<'a> {
    pub(crate) db: &'a Database,
}

impl Sessions<'_> {
    /// Keeps a new session, and forgets those that have expired.
    pub async fn create(&self, session: NewSession) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        let now = tx.now.as_millis();
        query("delete from session where expires_at <= $1").bind(now).execute(&mut tx).await?;
        query(
            "insert into session (hash, user_id, created_at, expires_at, last_seen_at,
                 stepped_up_at)
             values ($1, $2, $3, $4, $3, $3)",
        )
        .bind(session.hash.as_bytes().as_slice())
        .bind(session.user_id.as_i64())
        .bind(now)
        .bind(session.expires_at.as_millis())
        .execute(&mut tx)
        .await?;
        tx.commit().await
    }

    /// The session of that hash, if it has not expired.
    pub async fn find(&self, hash: &SecretHash) -> Result<Option<SessionRecord>, StoreError> {
        let row: Option<SessionRow> = query(
            "select user_id, created_at, expires_at, last_seen_at, stepped_up_at
             from session
             where hash = $1
             and expires_at > $2",
        )
        .bind(hash.as_bytes().as_slice())
        .bind(self.db.now().as_millis())
        .fetch_optional(&self.db.readers)
        .await?;
        Ok(row.map(|row| SessionRecord {
            user_id: UserId::from_i64(row.user_id),
            created_at: UnixMillis::from_millis(row.created_at),
            expires_at: UnixMillis::from_millis(row.expires_at),
            last_seen_at: UnixMillis::from_millis(row.last_seen_at),
            stepped_up_at: UnixMillis::from_millis(row.stepped_up_at),
        }))
    }

    /// Notes that the session was used and when it ends now.
    pub async fn touch(&self, hash: &SecretHash, expires_at: UnixMillis) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        let now = tx.now.as_millis();
        query("update session set last_seen_at = $2, expires_at = $3 where hash = $1")
            .bind(hash.as_bytes().as_slice())
            .bind(now)
            .bind(expires_at.as_millis())
            .execute(&mut tx)
            .await?;
        tx.commit().await
    }

    /// Notes that the person has shown anew who they are; the session goes on under another id.
    /// False if it has ended.
    pub async fn step_up(&self, old: &SecretHash, new: &SecretHash) -> Result<bool, StoreError> {
        let mut tx = self.db.write().await?;
        let now = tx.now.as_millis();
        let done = query(
            "update session
             set hash = $2, stepped_up_at = $3
             where hash = $1
             and expires_at > $3",
        )
        .bind(old.as_bytes().as_slice())
        .bind(new.as_bytes().as_slice())
        .bind(now)
        .execute(&mut tx)
        .await?;
        tx.commit().await?;
        Ok(done > 0)
    }

    /// Ends one session.
    pub async fn delete(&self, hash: &SecretHash) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        query("delete from session where hash = $1")
            .bind(hash.as_bytes().as_slice())
            .execute(&mut tx)
            .await?;
        tx.commit().await
    }

    /// Ends every session of one person, and every sign-in that has not come to one.
    pub async fn delete_for_user(&self, user_id: UserId) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        end_all(&mut tx, user_id).await?;
        tx.commit().await
    }
}

/// Ends all that a person's earlier password or factor has opened.
pub(crate) async fn end_all(tx: &mut WriteTx, user_id: UserId) -> Result<(), StoreError> {
    for text in
        ["delete from session where user_id = $1", "delete from pending_sign_in where user_id = $1"]
    {
        query(text).bind(user_id.as_i64()).execute(&mut *tx).await?;
    }
    Ok(())
}
