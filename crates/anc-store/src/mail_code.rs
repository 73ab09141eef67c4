//! Links that were sent by mail: to go on with a registration, or to set a new password. Each works
//! once, and only its newest of an address and purpose.

use anc_domain::{Entropy, InvitationId, Secret, SecretHash, UnixMillis, UserId};
use sqlx::FromRow;

use crate::database::{Database, WriteTx};
use crate::invitation::{new_ids, register_invited};
use crate::sql::query;
use crate::user::{NewUser, Role, insert_person};
use crate::{StoreError, session};

/// What a new link is made of.
#[derive(Debug, Clone)]
pub struct NewMailCode {
    /// The hash of its code.
    pub hash: SecretHash,
    /// Where it is sent.
    pub email: String,
    /// When it stops working.
    pub expires_at: UnixMillis,
}

/// What came of a registration's link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registered {
    /// There is a new person.
    Person(UserId),
    /// The link is not valid (any more), or its invitation is not.
    NotValid,
    /// Somebody signs in with this address already.
    Known,
}

#[derive(FromRow)]
struct CodeRow {
    email: String,
    bound_to: Option<Vec<u8>>,
    invitation_id: Option<i64>,
}

/// The mailed links' door.
#[derive(Clone, Copy)]
pub struct MailCodes<'a> {
    pub(crate) db: &'a Database,
    pub(crate) entropy: &'a dyn Entropy,
}

impl MailCodes<'_> {
    /// Keeps a link that lets its address register, under an invitation where one is needed.
    pub async fn create_registration(
        &self,
        new: NewMailCode,
        invitation: Option<InvitationId>,
    ) -> Result<(), StoreError> {
        self.create("register", new, None, invitation).await
    }

    /// Keeps a link that lets a person set a new password, for as long as they keep the one of
    /// `password_hash`.
    pub async fn create_reset(
        &self,
        new: NewMailCode,
        password_hash: &Secret,
    ) -> Result<(), StoreError> {
        self.create("reset", new, Some(password_hash.hash()), None).await
    }

    async fn create(
        &self,
        purpose: &str,
        new: NewMailCode,
        bound_to: Option<SecretHash>,
        invitation: Option<InvitationId>,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        let now = tx.now.as_millis();
        let email = new.email.to_lowercase();
        query("delete from mail_code where expires_at <= $1 or (email = $2 and purpose = $3)")
            .bind(now)
            .bind(&email)
            .bind(purpose)
            .execute(&mut tx)
            .await?;
        query(
            "insert into mail_code (hash, purpose, email, bound_to, invitation_id, created_at,
                 expires_at)
             values ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(new.hash.as_bytes().as_slice())
        .bind(purpose)
        .bind(email)
        .bind(bound_to.map(|hash| hash.as_bytes().to_vec()))
        .bind(invitation.map(InvitationId::as_i64))
        .bind(now)
        .bind(new.expires_at.as_millis())
        .execute(&mut tx)
        .await?;
        tx.commit().await
    }

    /// Adds the person to whom a registration's link was sent, and uses the link up.
    pub async fn register(
        &self,
        hash: &SecretHash,
        password_hash: Secret,
    ) -> Result<Registered, StoreError> {
        let mut tx = self.db.write().await?;
        let Some(code) = take(&mut tx, "register", hash).await? else {
            return Ok(Registered::NotValid);
        };
        let known: bool = query("select exists (select 1 from app_user where email = $1)")
            .bind(&code.email)
            .fetch_value(&mut tx)
            .await?;
        if known {
            tx.commit().await?;
            return Ok(Registered::Known);
        }
        let person = NewUser { email: code.email, password_hash, role: Role::User, metered: true };
        let user = if let Some(id) = code.invitation_id.map(InvitationId::from_i64) {
            register_invited(&mut tx, self.entropy, id, &person).await?
        } else {
            let (user_id, account_id) = new_ids(&tx, self.entropy);
            insert_person(&mut tx, user_id, account_id, &person).await?;
            Some(user_id)
        };
        tx.commit().await?;
        Ok(user.map_or(Registered::NotValid, Registered::Person))
    }

    /// Sets the password of the person to whom a reset's link was sent, uses the link up and ends
    /// all their sessions. `None` if it is not valid, or the password was changed since.
    pub async fn reset_password(
        &self,
        hash: &SecretHash,
        password_hash: &Secret,
    ) -> Result<Option<UserId>, StoreError> {
        let mut tx = self.db.write().await?;
        let Some(code) = take(&mut tx, "reset", hash).await? else { return Ok(None) };
        let found: Option<(i64, String, bool)> =
            query("select id, password_hash, disabled from app_user where email = $1")
                .bind(&code.email)
                .fetch_optional(&mut tx)
                .await?;
        let user = found.filter(|(_, current, disabled)| {
            let bound = SecretHash::of(current);
            !disabled && code.bound_to.as_deref() == Some(bound.as_bytes().as_slice())
        });
        let Some((id, ..)) = user else {
            tx.commit().await?;
            return Ok(None);
        };
        let user_id = UserId::from_i64(id);
        query("update app_user set password_hash = $2 where id = $1")
            .bind(id)
            .bind(password_hash.expose())
            .execute(&mut tx)
            .await?;
        session::end_all(&mut tx, user_id).await?;
        tx.commit().await?;
        Ok(Some(user_id))
    }
}

/// Takes a link that has not expired out of the table.
async fn take(
    tx: &mut WriteTx,
    purpose: &str,
    hash: &SecretHash,
) -> Result<Option<CodeRow>, StoreError> {
    let now = tx.now.as_millis();
    let code = query(
        "delete from mail_code
         where hash = $1
         and purpose = $2
         and expires_at > $3
         returning email, bound_to, invitation_id",
    )
    .bind(hash.as_bytes().as_slice())
    .bind(purpose)
    .bind(now)
    .fetch_optional(&mut *tx)
    .await?;
    Ok(code)
}
