//! Browsers that have shown the password and still owe the second factor.

use anc_domain::{SecretHash, UnixMillis, UserId};

use crate::StoreError;
use crate::database::Database;
use crate::sql::query;
use crate::user::UserRecord;

/// The pending sign-ins' door.
#[derive(Clone, Copy)]
pub struct PendingSignIns<'a> {
    pub(crate) db: &'a Database,
}

impl PendingSignIns<'_> {
    /// Keeps a new one, and forgets those that have expired. False, and none, if what `user` signs in
    /// with has changed since they were read.
    pub async fn create(
        &self,
        hash: &SecretHash,
        user: &UserRecord,
        expires_at: UnixMillis,
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.write().await?;
        let now = tx.now.as_millis();
        query("delete from pending_sign_in where expires_at <= $1")
            .bind(now)
            .execute(&mut tx)
            .await?;
        let done = query(
            "insert into pending_sign_in (hash, user_id, created_at, expires_at)
             select $1, id, $2, $3
             from app_user
             where id = $4
             and sign_in_version = $5
             and not disabled",
        )
        .bind(hash.as_bytes().as_slice())
        .bind(now)
        .bind(expires_at.as_millis())
        .bind(user.id.as_i64())
        .bind(user.sign_in_version)
        .execute(&mut tx)
        .await?;
        tx.commit().await?;
        Ok(done > 0)
    }

    /// Whose sign-in it is, if it has not expired.
    pub async fn find(&self, hash: &SecretHash) -> Result<Option<UserId>, StoreError> {
        let found: Option<(i64,)> =
            query("select user_id from pending_sign_in where hash = $1 and expires_at > $2")
                .bind(hash.as_bytes().as_slice())
                .bind(self.db.now().as_millis())
                .fetch_optional(&self.db.readers)
                .await?;
        Ok(found.map(|(id,)| UserId::from_i64(id)))
    }

    /// Ends one. False if it was ended before.
    pub async fn delete(&self, hash: &SecretHash) -> Result<bool, StoreError> {
        let mut tx = self.db.write().await?;
        let done = query("delete from pending_sign_in where hash = $1")
            .bind(hash.as_bytes().as_slice())
            .execute(&mut tx)
            .await?;
        tx.commit().await?;
        Ok(done > 0)
    }
}
