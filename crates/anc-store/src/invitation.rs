//! Leave to register, given by operators.

use anc_domain::{Entropy, InvitationId, SecretHash, TierId, UnixMillis, UserId};
use sqlx::FromRow;

use crate::database::{Database, WriteTx};
use crate::sql::query;
use crate::user::{NewUser, insert_person};
use crate::{StoreError, row};

/// What a new invitation is made of.
#[derive(Debug, Clone)]
pub struct NewInvitation {
    /// The hash of its code.
    pub hash: SecretHash,
    /// The only address that may use it; `None` is whoever has the link.
    pub email: Option<String>,
    /// The tier of the account that it makes; `None` is the standard one.
    pub tier_id: Option<TierId>,
    /// Who gives it.
    pub created_by: String,
    /// When it stops working.
    pub expires_at: UnixMillis,
}

/// An invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationRecord {
    /// The invitation.
    pub id: InvitationId,
    /// The only address that may use it, in lower case.
    pub email: Option<String>,
    /// The tier of the account that it makes.
    pub tier_id: Option<TierId>,
    /// Who gave it.
    pub created_by: String,
    /// When.
    pub created_at: UnixMillis,
    /// When it stops working.
    pub expires_at: UnixMillis,
    /// When somebody registered with it.
    pub used_at: Option<UnixMillis>,
    /// When an operator took it back.
    pub withdrawn_at: Option<UnixMillis>,
}

impl InvitationRecord {
    /// Whether somebody may still register with it.
    pub fn is_open(&self, now: UnixMillis) -> bool {
        self.used_at.is_none() && self.withdrawn_at.is_none() && self.expires_at > now
    }
}

#[derive(FromRow)]
struct InvitationRow {
    id: i64,
    email: Option<String>,
    tier_id: Option<i64>,
    created_by: String,
    created_at: i64,
    expires_at: i64,
    used_at: Option<i64>,
    withdrawn_at: Option<i64>,
}

const SELECT: &str = "select id, email, tier_id, created_by, created_at, expires_at, used_at,
     withdrawn_at
 from invitation";

/// The invitations' door.
#[derive(Clone, Copy)]
pub struct Invitations<'a> {
    pub(crate) db: &'a Database,
    pub(crate) entropy: &'a dyn Entropy,
}

impl Invitations<'_> {
    /// Keeps a new one.
    pub async fn create(&self, new: NewInvitation) -> Result<InvitationRecord, StoreError> {
        let mut tx = self.db.write().await?;
        let record = InvitationRecord {
            id: InvitationId::generate(tx.now, self.entropy),
            email: new.email.map(|email| email.to_lowercase()),
            tier_id: new.tier_id,
            created_by: new.created_by,
            created_at: tx.now,
            expires_at: new.expires_at,
            used_at: None,
            withdrawn_at: None,
        };
        query(
            "insert into invitation (id, hash, email, tier_id, created_by, created_at, expires_at)
             values ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(record.id.as_i64())
        .bind(new.hash.as_bytes().as_slice())
        .bind(&record.email)
        .bind(record.tier_id.map(TierId::as_i64))
        .bind(&record.created_by)
        .bind(record.created_at.as_millis())
        .bind(record.expires_at.as_millis())
        .execute(&mut tx)
        .await?;
        tx.commit().await?;
        Ok(record)
    }

    /// The newest of them, at most `limit`.
    pub async fn list(&self, limit: i64) -> Result<Vec<InvitationRecord>, StoreError> {
        let rows: Vec<InvitationRow> =
            query(format!("{SELECT} order by created_at desc, id desc limit $1"))
                .bind(limit)
                .fetch_all(&self.db.readers)
                .await?;
        Ok(rows.into_iter().map(InvitationRow::into_record).collect())
    }

    /// The one whose code has that hash, whether or not it may still be used.
    pub async fn find(&self, hash: &SecretHash) -> Result<Option<InvitationRecord>, StoreError> {
        let row: Option<InvitationRow> = query(format!("{SELECT} where hash = $1"))
            .bind(hash.as_bytes().as_slice())
            .fetch_optional(&self.db.readers)
            .await?;
        Ok(row.map(InvitationRow::into_record))
    }

    /// Takes one back. False if there is none that is still to be used.
    pub async fn withdraw(&self, id: InvitationId) -> Result<bool, StoreError> {
        let mut tx = self.db.write().await?;
        let now = tx.now.as_millis();
        let done = query(
            "update invitation
             set withdrawn_at = $2
             where id = $1
             and used_at is null
             and withdrawn_at is null",
        )
        .bind(id.as_i64())
        .bind(now)
        .execute(&mut tx)
        .await?;
        tx.commit().await?;
        Ok(done > 0)
    }

    /// Adds the person whom an invitation lets in, and uses it up. `None` if it may not be used any
    /// more, or by that address. An address that signs in already is a conflict.
    pub async fn register(
        &self,
        id: InvitationId,
        person: &NewUser,
    ) -> Result<Option<UserId>, StoreError> {
        let mut tx = self.db.write().await?;
        let user = register_invited(&mut tx, self.entropy, id, person).await?;
        tx.commit().await?;
        Ok(user)
    }
}

/// [`Invitations::register`] within a transaction.
pub(crate) async fn register_invited(
    tx: &mut WriteTx,
    entropy: &dyn Entropy,
    id: InvitationId,
    person: &NewUser,
) -> Result<Option<UserId>, StoreError> {
    let row: Option<InvitationRow> =
        query(format!("{SELECT} where id = $1")).bind(id.as_i64()).fetch_optional(&mut *tx).await?;
    let email = person.email.to_lowercase();
    let invitation = row.map(InvitationRow::into_record).filter(|invitation| {
        let meant = invitation.email.as_ref().is_none_or(|only| *only == email);
        meant && invitation.is_open(tx.now)
    });
    let Some(invitation) = invitation else { return Ok(None) };
    let (user_id, account_id) = new_ids(tx, entropy);
    insert_person(tx, user_id, account_id, person).await?;
    if let Some(tier_id) = invitation.tier_id {
        query("update account set tier_id = $2 where id = $1")
            .bind(account_id.as_i64())
            .bind(tier_id.as_i64())
            .execute(&mut *tx)
            .await?;
    }
    let now = tx.now.as_millis();
    query("update invitation set used_at = $2, used_by = $3 where id = $1")
        .bind(id.as_i64())
        .bind(now)
        .bind(user_id.as_i64())
        .execute(&mut *tx)
        .await?;
    Ok(Some(user_id))
}

/// Ids for a person and the account of their own.
pub(crate) fn new_ids(tx: &WriteTx, entropy: &dyn Entropy) -> (UserId, anc_domain::AccountId) {
    let user_id = UserId::generate(tx.now, entropy);
    (user_id, anc_domain::AccountId::generate(tx.now, entropy))
}

impl InvitationRow {
    fn into_record(self) -> InvitationRecord {
        InvitationRecord {
            id: InvitationId::from_i64(self.id),
            email: self.email,
            tier_id: self.tier_id.map(TierId::from_i64),
            created_by: self.created_by,
            created_at: UnixMillis::from_millis(self.created_at),
            expires_at: UnixMillis::from_millis(self.expires_at),
            used_at: row::time(self.used_at),
            withdrawn_at: row::time(self.withdrawn_at),
        }
    }
}
