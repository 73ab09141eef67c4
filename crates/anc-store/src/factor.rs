//! Second factors: authenticator apps, and the codes that replace a lost one.

use anc_domain::{Entropy, Secret, SecretHash, UserId};
use sqlx::FromRow;

use crate::database::{Database, WriteTx};
use crate::seal::{Place, Sealer, TOTP_SEED};
use crate::sql::query;
use crate::{StoreError, session};

/// A person's authenticator app.
#[derive(Debug, Clone)]
pub struct FactorRecord {
    /// What app and relay share, in base32.
    pub seed: Secret,
    /// Whether a code has shown that the app has it. Before that it is asked nowhere.
    pub confirmed: bool,
    /// The newest step whose code was used.
    pub last_step: i64,
}

#[derive(FromRow)]
struct FactorRow {
    seed: Vec<u8>,
    confirmed_at: Option<i64>,
    last_step: i64,
}

/// The second factors' door.
#[derive(Clone, Copy)]
pub struct Factors<'a> {
    pub(crate) db: &'a Database,
    pub(crate) sealer: &'a Sealer,
    pub(crate) entropy: &'a dyn Entropy,
}

fn place(user_id: UserId) -> Place {
    TOTP_SEED.place(user_id.as_i64())
}

impl Factors<'_> {
    /// A person's factor, confirmed or not.
    pub async fn get(&self, user_id: UserId) -> Result<Option<FactorRecord>, StoreError> {
        let row: Option<FactorRow> =
            query("select seed, confirmed_at, last_step from totp_factor where user_id = $1")
                .bind(user_id.as_i64())
                .fetch_optional(&self.db.readers)
                .await?;
        row.map(|row| {
            Ok(FactorRecord {
                seed: self.sealer.open(place(user_id), &row.seed)?,
                confirmed: row.confirmed_at.is_some(),
                last_step: row.last_step,
            })
        })
        .transpose()
    }

    /// Whether a person is asked for a factor when they sign in.
    pub async fn is_confirmed(&self, user_id: UserId) -> Result<bool, StoreError> {
        let confirmed = query(
            "select exists (
                 select 1
                 from totp_factor
                 where user_id = $1
                 and confirmed_at is not null
             )",
        )
        .bind(user_id.as_i64())
        .fetch_value(&self.db.readers)
        .await?;
        Ok(confirmed)
    }

    /// Keeps a seed that is still to be confirmed, instead of an earlier one that was not. False if
    /// the person has a confirmed one.
    pub async fn propose(&self, user_id: UserId, seed: &Secret) -> Result<bool, StoreError> {
        let sealed = self.sealer.seal(place(user_id), seed, self.entropy)?;
        let mut tx = self.db.write().await?;
        let now = tx.now.as_millis();
        let done = query(
            "insert into totp_factor (user_id, seed, created_at)
             values ($1, $2, $3)
             on conflict (user_id) do update
             set seed = excluded.seed, created_at = excluded.created_at
             where totp_factor.confirmed_at is null",
        )
        .bind(user_id.as_i64())
        .bind(sealed.as_slice())
        .bind(now)
        .execute(&mut tx)
        .await?;
        tx.commit().await?;
        Ok(done > 0)
    }

    /// Puts the proposed factor in force, with the recovery codes of these hashes, and ends every
    /// session of the person. False if there is none to confirm.
    pub async fn confirm(
        &self,
        user_id: UserId,
        step: i64,
        codes: &[SecretHash],
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.write().await?;
        let now = tx.now.as_millis();
        let done = query(
            "update totp_factor
             set confirmed_at = $2, last_step = $3
             where user_id = $1
             and confirmed_at is null",
        )
        .bind(user_id.as_i64())
        .bind(now)
        .bind(step)
        .execute(&mut tx)
        .await?;
        if done == 0 {
            return Ok(false);
        }
        replace_codes(&mut tx, user_id, codes).await?;
        session::end_all(&mut tx, user_id).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Uses up the code of a step, and with it those of all earlier ones. False if it or a later
    /// one was used before, or if no factor is in force.
    pub async fn use_step(&self, user_id: UserId, step: i64) -> Result<bool, StoreError> {
        let mut tx = self.db.write().await?;
        let done = query(
            "update totp_factor
             set last_step = $2
             where user_id = $1
             and last_step < $2
             and confirmed_at is not null",
        )
        .bind(user_id.as_i64())
        .bind(step)
        .execute(&mut tx)
        .await?;
        tx.commit().await?;
        Ok(done > 0)
    }

    /// Uses up a recovery code. False if the person has none of that hash.
    pub async fn use_recovery_code(
        &self,
        user_id: UserId,
        hash: &SecretHash,
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.write().await?;
        let done = query("delete from recovery_code where user_id = $1 and hash = $2")
            .bind(user_id.as_i64())
            .bind(hash.as_bytes().as_slice())
            .execute(&mut tx)
            .await?;
        tx.commit().await?;
        Ok(done > 0)
    }

    /// How many recovery codes a person has left.
    pub async fn recovery_codes_left(&self, user_id: UserId) -> Result<i64, StoreError> {
        let left = query("select count(*) from recovery_code where user_id = $1")
            .bind(user_id.as_i64())
            .fetch_value(&self.db.readers)
            .await?;
        Ok(left)
    }

    /// Gives a person with a factor new recovery codes; the old ones work no more. False if no
    /// factor is in force.
    pub async fn replace_recovery_codes(
        &self,
        user_id: UserId,
        codes: &[SecretHash],
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.write().await?;
        let in_force: bool = query(
            "select exists (
                 select 1
                 from totp_factor
                 where user_id = $1
                 and confirmed_at is not null
             )",
        )
        .bind(user_id.as_i64())
        .fetch_value(&mut tx)
        .await?;
        if !in_force {
            return Ok(false);
        }
        replace_codes(&mut tx, user_id, codes).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Takes a person's factor and recovery codes away and ends all their sessions. False if they
    /// have no factor.
    pub async fn remove(&self, user_id: UserId) -> Result<bool, StoreError> {
        let mut tx = self.db.write().await?;
        let done = query("delete from totp_factor where user_id = $1")
            .bind(user_id.as_i64())
            .execute(&mut tx)
            .await?;
        replace_codes(&mut tx, user_id, &[]).await?;
        session::end_all(&mut tx, user_id).await?;
        tx.commit().await?;
        Ok(done > 0)
    }
}

async fn replace_codes(
    tx: &mut WriteTx,
    user_id: UserId,
    codes: &[SecretHash],
) -> Result<(), StoreError> {
    let now = tx.now.as_millis();
    query("delete from recovery_code where user_id = $1")
        .bind(user_id.as_i64())
        .execute(&mut *tx)
        .await?;
    for hash in codes {
        query("insert into recovery_code (user_id, hash, created_at) values ($1, $2, $3)")
            .bind(user_id.as_i64())
            .bind(hash.as_bytes().as_slice())
            .bind(now)
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}
