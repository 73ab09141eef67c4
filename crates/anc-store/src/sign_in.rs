//! How people signed in, and failed to: for themselves to look at.

use anc_domain::{UnixMillis, UserId};
use sqlx::FromRow;

use crate::StoreError;
use crate::database::Database;
use crate::session::Client;
use crate::sql::query;

/// How many are kept of each person, of those that succeeded and of those that failed: a stranger's
/// failures must not push out what the person did.
const KEPT: i64 = 50;

/// A sign-in, or an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSignIn {
    /// Who signed in, or was to be.
    pub user_id: UserId,
    /// Whether a session began.
    pub succeeded: bool,
    /// What was shown last, or was wrong: `password`, `app`, `provider:google` …
    pub way: String,
    /// From where, and by what.
    pub client: Client,
}

/// A sign-in, or an attempt, as it was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInRecord {
    /// When.
    pub created_at: UnixMillis,
    /// Whether a session began.
    pub succeeded: bool,
    /// What was shown last, or was wrong.
    pub way: String,
    /// From where, and by what.
    pub client: Client,
}

#[derive(FromRow)]
struct SignInRow {
    created_at: i64,
    succeeded: bool,
    way: String,
    address: String,
    user_agent: String,
}

/// The sign-ins' door.
#[derive(Clone, Copy)]
pub struct SignIns<'a> {
    pub(crate) db: &'a Database,
}

impl SignIns<'_> {
    /// Keeps one, and forgets the person's oldest beyond fifty of its outcome.
    pub async fn note(&self, new: &NewSignIn) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        let now = tx.now.as_millis();
        query(
            "insert into sign_in (user_id, created_at, succeeded, way, address, user_agent)
             values ($1, $2, $3, $4, $5, $6)",
        )
        .bind(new.user_id.as_i64())
        .bind(now)
        .bind(new.succeeded)
        .bind(&new.way)
        .bind(&new.client.address)
        .bind(&new.client.agent)
        .execute(&mut tx)
        .await?;
        query(
            "delete from sign_in
             where user_id = $1
             and succeeded = $2
             and seq not in (
                 select seq
                 from sign_in
                 where user_id = $1
                 and succeeded = $2
                 order by seq desc
                 limit $3
             )",
        )
        .bind(new.user_id.as_i64())
        .bind(new.succeeded)
        .bind(KEPT)
        .execute(&mut tx)
        .await?;
        tx.commit().await
    }

    /// Those of one person, newest first; a hundred at most.
    pub async fn list(&self, user_id: UserId) -> Result<Vec<SignInRecord>, StoreError> {
        let rows: Vec<SignInRow> = query(
            "select created_at, succeeded, way, address, user_agent
             from sign_in
             where user_id = $1
             order by seq desc",
        )
        .bind(user_id.as_i64())
        .fetch_all(&self.db.readers)
        .await?;
        Ok(rows.into_iter().map(SignInRow::into_record).collect())
    }
}

impl SignInRow {
    fn into_record(self) -> SignInRecord {
        SignInRecord {
            created_at: UnixMillis::from_millis(self.created_at),
            succeeded: self.succeeded,
            way: self.way,
            client: Client { address: self.address, agent: self.user_agent },
        }
    }
}
