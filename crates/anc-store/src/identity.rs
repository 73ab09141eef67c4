//! People as providers of identities know them: who the provider names may sign in as the person.

use anc_domain::{Entropy, IdentityId, InvitationId, UnixMillis, UserId};
use sqlx::FromRow;

use crate::database::{Database, WriteTx};
use crate::invitation::{new_ids, register_invited};
use crate::sql::query;
use crate::user::{NO_PASSWORD, NewUser, UserRecord, insert_person};
use crate::{StoreError, row, session};

/// What a provider says of somebody who has signed in there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewIdentity {
    /// The provider by its own address.
    pub issuer: String,
    /// What it calls them, for ever.
    pub subject: String,
    /// How it names them, to be shown.
    pub label: String,
}

/// A person as a provider knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityRecord {
    /// What it is called; opens nothing.
    pub id: IdentityId,
    /// Who signs in by it.
    pub user_id: UserId,
    /// The provider by its own address.
    pub issuer: String,
    /// How the provider named them when they last came.
    pub label: String,
    /// When it was connected.
    pub created_at: UnixMillis,
    /// When they last came by it.
    pub last_used_at: Option<UnixMillis>,
}

/// What came of connecting a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connected {
    /// It is connected, and every session of the person has ended.
    Done,
    /// Somebody, perhaps the person, signs in by this very identity already.
    Taken,
    /// The person has another identity of this provider.
    HasAnother,
    /// What the person signs in with has changed meanwhile, or they were disabled.
    Stale,
}

/// What came of taking a provider away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disconnected {
    /// It is gone, and every session of the person has ended.
    Done,
    /// The person has no such identity.
    Unknown,
    /// Without it they could not sign in any more.
    LastWay,
}

/// What came of registering by a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegisteredBy {
    /// There is a new person.
    Person(UserId),
    /// The invitation is not valid (any more), or not for this address.
    NotInvited,
    /// Somebody signs in with this address, or by this identity, already.
    Known,
}

#[derive(FromRow)]
struct IdentityRow {
    id: i64,
    user_id: i64,
    issuer: String,
    label: String,
    created_at: i64,
    last_used_at: Option<i64>,
}

const SELECT: &str = "select id, user_id, issuer, label, created_at, last_used_at
 from identity";

/// The identities' door.
#[derive(Clone, Copy)]
pub struct Identities<'a> {
    pub(crate) db: &'a Database,
    pub(crate) entropy: &'a dyn Entropy,
}

impl Identities<'_> {
    /// Whom a provider means by that subject.
    pub async fn find(
        &self,
        issuer: &str,
        subject: &str,
    ) -> Result<Option<IdentityRecord>, StoreError> {
        let row: Option<IdentityRow> =
            query(format!("{SELECT} where issuer = $1 and subject = $2"))
                .bind(issuer)
                .bind(subject)
                .fetch_optional(&self.db.readers)
                .await?;
        Ok(row.map(IdentityRow::into_record))
    }

    /// Those of one person, the oldest first; there is at most one of each provider.
    pub async fn list(&self, user_id: UserId) -> Result<Vec<IdentityRecord>, StoreError> {
        let rows: Vec<IdentityRow> = query(format!("{SELECT} where user_id = $1 order by id"))
            .bind(user_id.as_i64())
            .fetch_all(&self.db.readers)
            .await?;
        Ok(rows.into_iter().map(IdentityRow::into_record).collect())
    }

    /// Lets a person sign in by an identity from now on, if what they sign in with is still what it
    /// was when `user` was read. Every session of theirs ends: it was begun with fewer ways in.
    pub async fn connect(
        &self,
        user: &UserRecord,
        new: &NewIdentity,
    ) -> Result<Connected, StoreError> {
        let mut tx = self.db.write().await?;
        let current: bool = query(
            "select exists (
                 select 1
                 from app_user
                 where id = $1
                 and sign_in_version = $2
                 and not disabled
             )",
        )
        .bind(user.id.as_i64())
        .bind(user.sign_in_version)
        .fetch_value(&mut tx)
        .await?;
        if !current {
            return Ok(Connected::Stale);
        }
        if is_taken(&mut tx, new).await? {
            return Ok(Connected::Taken);
        }
        let has_another: bool =
            query("select exists (select 1 from identity where user_id = $1 and issuer = $2)")
                .bind(user.id.as_i64())
                .bind(&new.issuer)
                .fetch_value(&mut tx)
                .await?;
        if has_another {
            return Ok(Connected::HasAnother);
        }
        insert(&mut tx, self.entropy, user.id, new).await?;
        session::end_all(&mut tx, user.id).await?;
        tx.commit().await?;
        Ok(Connected::Done)
    }

    /// Adds a person who signs in by an identity, under an invitation where one is needed.
    pub async fn register(
        &self,
        new: &NewIdentity,
        person: &NewUser,
        invitation: Option<InvitationId>,
    ) -> Result<RegisteredBy, StoreError> {
        let mut tx = self.db.write().await?;
        let known: bool = query("select exists (select 1 from app_user where email = $1)")
            .bind(person.email.to_lowercase())
            .fetch_value(&mut tx)
            .await?;
        if known || is_taken(&mut tx, new).await? {
            return Ok(RegisteredBy::Known);
        }
        let user_id = if let Some(id) = invitation {
            register_invited(&mut tx, self.entropy, id, person).await?
        } else {
            let (user_id, account_id) = new_ids(&tx, self.entropy);
            insert_person(&mut tx, user_id, account_id, person).await?;
            Some(user_id)
        };
        let Some(user_id) = user_id else { return Ok(RegisteredBy::NotInvited) };
        insert(&mut tx, self.entropy, user_id, new).await?;
        tx.commit().await?;
        Ok(RegisteredBy::Person(user_id))
    }

    /// Notes that the person came by it, and how the provider names them now.
    pub async fn touch(&self, id: IdentityId, label: &str) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        let now = tx.now.as_millis();
        query("update identity set last_used_at = $2, label = $3 where id = $1")
            .bind(id.as_i64())
            .bind(now)
            .bind(label)
            .execute(&mut tx)
            .await?;
        tx.commit().await
    }

    /// Takes an identity of a person away and ends all their sessions, unless it is their last way
    /// in: they have no password, and no other identity of a provider in `usable`.
    pub async fn disconnect(
        &self,
        user_id: UserId,
        id: IdentityId,
        usable: &[&str],
    ) -> Result<Disconnected, StoreError> {
        let mut tx = self.db.write().await?;
        let rows: Vec<IdentityRow> = query(format!("{SELECT} where user_id = $1"))
            .bind(user_id.as_i64())
            .fetch_all(&mut tx)
            .await?;
        if rows.iter().all(|row| row.id != id.as_i64()) {
            return Ok(Disconnected::Unknown);
        }
        let has_password: bool =
            query("select exists (select 1 from app_user where id = $1 and password_hash <> $2)")
                .bind(user_id.as_i64())
                .bind(NO_PASSWORD)
                .fetch_value(&mut tx)
                .await?;
        let opens =
            |row: &IdentityRow| row.id != id.as_i64() && usable.contains(&row.issuer.as_str());
        if !has_password && !rows.iter().any(opens) {
            return Ok(Disconnected::LastWay);
        }
        query("delete from identity where id = $1").bind(id.as_i64()).execute(&mut tx).await?;
        session::end_all(&mut tx, user_id).await?;
        tx.commit().await?;
        Ok(Disconnected::Done)
    }
}

async fn is_taken(tx: &mut WriteTx, new: &NewIdentity) -> Result<bool, StoreError> {
    let taken = query("select exists (select 1 from identity where issuer = $1 and subject = $2)")
        .bind(&new.issuer)
        .bind(&new.subject)
        .fetch_value(tx)
        .await?;
    Ok(taken)
}

async fn insert(
    tx: &mut WriteTx,
    entropy: &dyn Entropy,
    user_id: UserId,
    new: &NewIdentity,
) -> Result<(), StoreError> {
    let now = tx.now;
    query(
        "insert into identity (id, user_id, issuer, subject, label, created_at, last_used_at)
         values ($1, $2, $3, $4, $5, $6, $6)",
    )
    .bind(IdentityId::generate(now, entropy).as_i64())
    .bind(user_id.as_i64())
    .bind(&new.issuer)
    .bind(&new.subject)
    .bind(&new.label)
    .bind(now.as_millis())
    .execute(tx)
    .await?;
    Ok(())
}

impl IdentityRow {
    fn into_record(self) -> IdentityRecord {
        IdentityRecord {
            id: IdentityId::from_i64(self.id),
            user_id: UserId::from_i64(self.user_id),
            issuer: self.issuer,
            label: self.label,
            created_at: UnixMillis::from_millis(self.created_at),
            last_used_at: row::time(self.last_used_at),
        }
    }
}
