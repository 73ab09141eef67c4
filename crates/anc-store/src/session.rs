//! Signed-in browsers. The session's id is known to the browser alone; here is its hash.

use anc_domain::{Entropy, SecretHash, SessionId, UnixMillis, UserId};
use sqlx::FromRow;

use crate::StoreError;
use crate::database::{Database, WriteTx};
use crate::sql::query;

/// The most sessions of one person; those that were used longest ago end.
const SESSIONS_MAX: i64 = 50;

/// From where, and by what, a person acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// The address.
    pub address: String,
    /// What the browser calls itself, short and without control characters; may be empty.
    pub agent: String,
}

/// What a new session is made of.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// The hash of its id.
    pub hash: SecretHash,
    /// Who signed in.
    pub user_id: UserId,
    /// The person's `sign_in_version` when they began to sign in.
    pub sign_in_version: i64,
    /// When it ends unless it is touched.
    pub expires_at: UnixMillis,
    /// Their browser.
    pub client: Client,
}

/// A session as its person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionView {
    /// What it is called; opens nothing.
    pub id: SessionId,
    /// When it began.
    pub created_at: UnixMillis,
    /// When it was made or touched.
    pub last_seen_at: UnixMillis,
    /// When it ends unless it is touched.
    pub expires_at: UnixMillis,
    /// Where it was last used from; `None` from before that was kept.
    pub client: Option<Client>,
    /// Whether it is the one that was asked with.
    pub current: bool,
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

#[derive(FromRow)]
struct ViewRow {
    id: i64,
    created_at: i64,
    last_seen_at: i64,
    expires_at: i64,
    address: Option<String>,
    user_agent: Option<String>,
    current: bool,
}

/// The sessions' door.
#[derive(Clone, Copy)]
pub struct Sessions<'a> {
    pub(crate) db: &'a Database,
    pub(crate) entropy: &'a dyn Entropy,
}

impl Sessions<'_> {
    /// Keeps a new session, and forgets those that have expired. False, and no session, if what the
    /// person signed in with has changed since, or they are disabled.
    pub async fn create(&self, session: NewSession) -> Result<bool, StoreError> {
        let mut tx = self.db.write().await?;
        let now = tx.now.as_millis();
        query("delete from session where expires_at <= $1").bind(now).execute(&mut tx).await?;
        let done = query(
            "insert into session (id, hash, user_id, created_at, expires_at, last_seen_at,
                 stepped_up_at, address, user_agent)
             select $1, $2, id, $3, $4, $3, $3, $5, $6
             from app_user
             where id = $7
             and sign_in_version = $8
             and not disabled",
        )
        .bind(SessionId::generate(tx.now, self.entropy).as_i64())
        .bind(session.hash.as_bytes().as_slice())
        .bind(now)
        .bind(session.expires_at.as_millis())
        .bind(&session.client.address)
        .bind(&session.client.agent)
        .bind(session.user_id.as_i64())
        .bind(session.sign_in_version)
        .execute(&mut tx)
        .await?;
        query(
            "delete from session
             where user_id = $1
             and hash not in (
                 select hash
                 from session
                 where user_id = $1
                 order by last_seen_at desc, created_at desc, id desc
                 limit $2
             )",
        )
        .bind(session.user_id.as_i64())
        .bind(SESSIONS_MAX)
        .execute(&mut tx)
        .await?;
        if done > 0 {
            seen(&mut tx, session.user_id).await?;
        }
        tx.commit().await?;
        Ok(done > 0)
    }

    /// The sessions of one person, the one last used first.
    pub async fn list(
        &self,
        user_id: UserId,
        current: &SecretHash,
    ) -> Result<Vec<SessionView>, StoreError> {
        let rows: Vec<ViewRow> = query(
            "select id, created_at, last_seen_at, expires_at, address, user_agent,
                 hash = $1 as current
             from session
             where user_id = $2
             and expires_at > $3
             order by last_seen_at desc, created_at desc, id desc",
        )
        .bind(current.as_bytes().as_slice())
        .bind(user_id.as_i64())
        .bind(self.db.now().as_millis())
        .fetch_all(&self.db.readers)
        .await?;
        Ok(rows.into_iter().map(ViewRow::into_view).collect())
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

    /// Notes that the session was used, from where, and when it ends now.
    pub async fn touch(
        &self,
        hash: &SecretHash,
        expires_at: UnixMillis,
        client: &Client,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        let now = tx.now.as_millis();
        let touched: Option<(i64,)> = query(
            "update session
             set last_seen_at = $2, expires_at = $3, address = $4, user_agent = $5
             where hash = $1
             returning user_id",
        )
        .bind(hash.as_bytes().as_slice())
        .bind(now)
        .bind(expires_at.as_millis())
        .bind(&client.address)
        .bind(&client.agent)
        .fetch_optional(&mut tx)
        .await?;
        if let Some((user_id,)) = touched {
            seen(&mut tx, UserId::from_i64(user_id)).await?;
        }
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

    /// Ends the session of that name, if it is the person's. False if there is none.
    pub async fn end(&self, user_id: UserId, id: SessionId) -> Result<bool, StoreError> {
        let mut tx = self.db.write().await?;
        let done = query("delete from session where id = $1 and user_id = $2")
            .bind(id.as_i64())
            .bind(user_id.as_i64())
            .execute(&mut tx)
            .await?;
        tx.commit().await?;
        Ok(done > 0)
    }

    /// Ends every session of one person but one, and every sign-in that has not come to one; gives
    /// how many sessions ended.
    pub async fn end_others(&self, user_id: UserId, keep: &SecretHash) -> Result<u64, StoreError> {
        let mut tx = self.db.write().await?;
        let ended = query("delete from session where user_id = $1 and hash <> $2")
            .bind(user_id.as_i64())
            .bind(keep.as_bytes().as_slice())
            .execute(&mut tx)
            .await?;
        query("delete from pending_sign_in where user_id = $1")
            .bind(user_id.as_i64())
            .execute(&mut tx)
            .await?;
        tx.commit().await?;
        Ok(ended)
    }

    /// Ends every session of one person, and every sign-in that has not come to one.
    pub async fn delete_for_user(&self, user_id: UserId) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        end_all(&mut tx, user_id).await?;
        tx.commit().await
    }
}

/// Ends all that a person's earlier password, factor, role or state has opened, and what is on its
/// way to a session.
pub(crate) async fn end_all(tx: &mut WriteTx, user_id: UserId) -> Result<(), StoreError> {
    for text in [
        "update app_user set sign_in_version = sign_in_version + 1 where id = $1",
        "delete from session where user_id = $1",
        "delete from pending_sign_in where user_id = $1",
    ] {
        query(text).bind(user_id.as_i64()).execute(&mut *tx).await?;
    }
    Ok(())
}

async fn seen(tx: &mut WriteTx, user_id: UserId) -> Result<(), StoreError> {
    let now = tx.now.as_millis();
    query("update app_user set last_seen_at = $2 where id = $1")
        .bind(user_id.as_i64())
        .bind(now)
        .execute(tx)
        .await?;
    Ok(())
}

impl ViewRow {
    fn into_view(self) -> SessionView {
        SessionView {
            id: SessionId::from_i64(self.id),
            created_at: UnixMillis::from_millis(self.created_at),
            last_seen_at: UnixMillis::from_millis(self.last_seen_at),
            expires_at: UnixMillis::from_millis(self.expires_at),
            client: self
                .address
                .zip(self.user_agent)
                .map(|(address, agent)| Client { address, agent }),
            current: self.current,
        }
    }
}
