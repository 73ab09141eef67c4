//! Changes of people, and what follows from them for their sessions and their account's tokens.

use anc_domain::{AccountId, Secret, UserId};

use super::{Changer, NotChanged, Role, SELECT, UserRecord, UserRow, Users};
use crate::change::Topic;
use crate::database::WriteTx;
use crate::sql::query;
use crate::{StoreError, session};

/// What operators change of a person; `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub struct UserChanges {
    /// What operators call them; empty is no name.
    pub name: Option<String>,
    /// What they may do.
    pub role: Option<Role>,
    /// Whether they are kept from signing in.
    pub disabled: Option<bool>,
}

/// A person before and after a change.
#[derive(Debug, Clone)]
pub struct ChangedUser {
    /// As they were.
    pub before: UserRecord,
    /// As they are.
    pub after: UserRecord,
}

impl Users<'_> {
    /// Changes a person, if `by` (`None` is the command line) stands above them at this moment. With
    /// another role or state all their sessions end, and links to set a password are void. The
    /// account's tokens stop while none of its people is enabled.
    pub async fn change(
        &self,
        by: Option<UserId>,
        id: UserId,
        changes: UserChanges,
    ) -> Result<Result<ChangedUser, NotChanged>, StoreError> {
        let mut tx = self.db.write().await?;
        let Some(before) = one(&mut tx, id).await? else { return Ok(Err(NotChanged::Unknown)) };
        if let Err(refusal) = check(&mut tx, by, &before, &changes).await? {
            return Ok(Err(refusal));
        }
        let role = changes.role.unwrap_or(before.role);
        let disabled = changes.disabled.unwrap_or(before.disabled);
        query("update app_user set name = $2, role = $3, disabled = $4 where id = $1")
            .bind(id.as_i64())
            .bind(changes.name.as_deref().unwrap_or(&before.name))
            .bind(role.name())
            .bind(disabled)
            .execute(&mut tx)
            .await?;
        if (role, disabled) != (before.role, before.disabled) {
            session::end_all(&mut tx, id).await?;
            query("delete from mail_code where purpose = 'reset' and email = $1")
                .bind(&before.email)
                .execute(&mut tx)
                .await?;
        }
        if disabled != before.disabled {
            derive_people_disabled(&mut tx, before.account_id).await?;
        }
        let after = one(&mut tx, id).await?;
        tx.commit().await?;
        let after = after.ok_or_else(|| StoreError::corrupt("a changed person is gone"))?;
        Ok(Ok(ChangedUser { before, after }))
    }

    /// Sets a person's password, and ends all that an earlier one has opened. `None` if something
    /// that sessions hang on was changed since `known` was read.
    pub async fn change_password(
        &self,
        known: &UserRecord,
        password_hash: &Secret,
    ) -> Result<Option<UserRecord>, StoreError> {
        let mut tx = self.db.write().await?;
        let done = query(
            "update app_user
             set password_hash = $3
             where id = $1
             and sign_in_version = $2
             and not disabled",
        )
        .bind(known.id.as_i64())
        .bind(known.sign_in_version)
        .bind(password_hash.expose())
        .execute(&mut tx)
        .await?;
        if done == 0 {
            return Ok(None);
        }
        session::end_all(&mut tx, known.id).await?;
        let user = one(&mut tx, known.id).await?;
        tx.commit().await?;
        Ok(user)
    }
}

/// Whether the order of roles lets `by` make these changes.
async fn check(
    tx: &mut WriteTx,
    by: Option<UserId>,
    target: &UserRecord,
    changes: &UserChanges,
) -> Result<Result<(), NotChanged>, StoreError> {
    let changer = match by {
        None => Changer::CommandLine,
        Some(by) if by == target.id => return Ok(Err(NotChanged::Oneself)),
        Some(by) => match one(tx, by).await?.filter(|own| !own.disabled) {
            Some(own) => Changer::Person(own.role),
            None => return Ok(Err(NotChanged::NotBelow)),
        },
    };
    if !changer.may_act_on(target.role) {
        return Ok(Err(NotChanged::NotBelow));
    }
    if changes.role.is_some_and(|role| !changer.may_give(role)) {
        return Ok(Err(NotChanged::NotTheirsToGive));
    }
    let goes = changes.role.is_some_and(|role| role != Role::Owner)
        || changes.disabled.is_some_and(|disabled| disabled);
    if target.role == Role::Owner && !target.disabled && goes {
        let others: i64 = query(
            "select count(*)
             from app_user
             where role = 'owner'
             and not disabled
             and id <> $1",
        )
        .bind(target.id.as_i64())
        .fetch_value(&mut *tx)
        .await?;
        if others == 0 {
            return Ok(Err(NotChanged::LastOwner));
        }
    }
    Ok(Ok(()))
}

/// Writes down whether an account has people of whom none is enabled, and tells the data plane.
async fn derive_people_disabled(tx: &mut WriteTx, account: AccountId) -> Result<(), StoreError> {
    query(
        "update account
         set people_disabled = exists (select 1 from app_user where account_id = $1)
             and not exists (select 1 from app_user where account_id = $1 and not disabled)
         where id = $1",
    )
    .bind(account.as_i64())
    .execute(&mut *tx)
    .await?;
    tx.change(Topic::Account(account)).await
}

async fn one(tx: &mut WriteTx, id: UserId) -> Result<Option<UserRecord>, StoreError> {
    let row: Option<UserRow> =
        query(format!("{SELECT} where id = $1")).bind(id.as_i64()).fetch_optional(tx).await?;
    row.map(UserRow::into_record).transpose()
}
