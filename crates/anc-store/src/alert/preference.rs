//! How an account's people want to be told, and where to.

use anc_domain::{AccountId, NanoUsd, Secret, UnixMillis};
use sqlx::FromRow;

use super::{AlertKind, Alerts};
use crate::seal::{Place, WEBHOOK_SECRET};
use crate::sql::{On, query};
use crate::{StoreError, row};

/// How an account's people want to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertPreference {
    /// What they do not want to be told.
    pub off: Vec<AlertKind>,
    /// Below which balance it is low; `None` is as the instance has it.
    pub low_balance: Option<NanoUsd>,
    /// Whether by mail as well.
    pub mail: bool,
}

impl Default for AlertPreference {
    fn default() -> Self {
        Self { off: Vec::new(), low_balance: None, mail: true }
    }
}

/// Where an account's alerts are posted to, and how that went of late.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Where to.
    pub url: String,
    /// Since when.
    pub created_at: UnixMillis,
    /// When one was last taken.
    pub delivered_at: Option<UnixMillis>,
    /// When one was last not taken.
    pub failed_at: Option<UnixMillis>,
    /// Why not, in words for the account's people.
    pub failure: Option<String>,
    /// How many are still to be tried.
    pub waiting: u64,
}

#[derive(FromRow)]
pub(super) struct PreferenceRow {
    pub(super) kinds_off: Option<String>,
    pub(super) low_balance: Option<i64>,
    pub(super) mail: Option<bool>,
}

impl PreferenceRow {
    pub(super) fn into_preference(self) -> Result<AlertPreference, StoreError> {
        let Self { kinds_off: Some(off), low_balance, mail: Some(mail) } = self else {
            return Ok(AlertPreference::default());
        };
        let names: Vec<String> = row::list(&off)?;
        // A kind that this version does not know stays off for one that does; here it is nothing.
        let off = names.iter().filter_map(|name| AlertKind::from_name(name)).collect();
        Ok(AlertPreference { off, low_balance: low_balance.map(NanoUsd::from_nanos), mail })
    }
}

fn place(account: AccountId) -> Place {
    WEBHOOK_SECRET.place(account.as_i64())
}

pub(super) async fn preference_of<'a>(
    on: impl Into<On<'a>>,
    account: AccountId,
) -> Result<AlertPreference, StoreError> {
    let found: Option<PreferenceRow> =
        query("select kinds_off, low_balance, mail from alert_preference where account_id = $1")
            .bind(account.as_i64())
            .fetch_optional(on)
            .await?;
    found.map_or_else(|| Ok(AlertPreference::default()), PreferenceRow::into_preference)
}

impl Alerts<'_> {
    /// How an account's people want to be told.
    pub async fn preference(&self, account: AccountId) -> Result<AlertPreference, StoreError> {
        preference_of(&self.db.readers, account).await
    }

    /// Sets it.
    pub async fn set_preference(
        &self,
        account: AccountId,
        wanted: &AlertPreference,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        let now = tx.now.as_millis();
        query(
            "insert into alert_preference (account_id, kinds_off, low_balance, mail, updated_at)
             values ($1, $2, $3, $4, $5)
             on conflict (account_id) do update
             set kinds_off = excluded.kinds_off, low_balance = excluded.low_balance,
                 mail = excluded.mail, updated_at = excluded.updated_at",
        )
        .bind(account.as_i64())
        .bind(row::list_text(wanted.off.iter().map(|kind| kind.name())))
        .bind(wanted.low_balance.map(NanoUsd::nanos))
        .bind(wanted.mail)
        .bind(now)
        .execute(&mut tx)
        .await?;
        tx.commit().await
    }

    /// Where an account's alerts are posted to.
    pub async fn webhook(&self, account: AccountId) -> Result<Option<Webhook>, StoreError> {
        type Row = (String, i64, Option<i64>, Option<i64>, Option<String>, i64);
        let found: Option<Row> = query(
            "select url, created_at, delivered_at, failed_at, failure,
                    (select count(*)
                     from outbox o
                     where o.account_id = webhook.account_id
                     and o.channel = 'webhook'
                     and o.next_try_at is not null)
             from webhook
             where account_id = $1",
        )
        .bind(account.as_i64())
        .fetch_optional(&self.db.readers)
        .await?;
        found
            .map(|(url, created_at, delivered_at, failed_at, failure, waiting)| {
                Ok(Webhook {
                    url,
                    created_at: UnixMillis::from_millis(created_at),
                    delivered_at: row::time(delivered_at),
                    failed_at: row::time(failed_at),
                    failure,
                    waiting: row::count(waiting)?,
                })
            })
            .transpose()
    }

    /// Sets it, with what posts to it are signed with from now on.
    pub async fn set_webhook(
        &self,
        account: AccountId,
        url: &str,
        secret: &Secret,
    ) -> Result<(), StoreError> {
        let sealed = self.sealer.seal(place(account), secret, self.entropy)?;
        let mut tx = self.db.write().await?;
        let now = tx.now.as_millis();
        query(
            "insert into webhook (account_id, url, secret_sealed, created_at)
             values ($1, $2, $3, $4)
             on conflict (account_id) do update
             set url = excluded.url, secret_sealed = excluded.secret_sealed,
                 created_at = excluded.created_at, delivered_at = null, failed_at = null,
                 failure = null",
        )
        .bind(account.as_i64())
        .bind(url)
        .bind(sealed.as_slice())
        .bind(now)
        .execute(&mut tx)
        .await?;
        tx.commit().await
    }

    /// Removes it, and what was still to be posted to it. False if there was none.
    pub async fn remove_webhook(&self, account: AccountId) -> Result<bool, StoreError> {
        let mut tx = self.db.write().await?;
        let now = tx.now.as_millis();
        query(
            "update outbox
             set next_try_at = null, failed_at = $2, failure = 'the webhook was removed'
             where account_id = $1
             and channel = 'webhook'
             and next_try_at is not null",
        )
        .bind(account.as_i64())
        .bind(now)
        .execute(&mut tx)
        .await?;
        let done = query("delete from webhook where account_id = $1")
            .bind(account.as_i64())
            .execute(&mut tx)
            .await?;
        tx.commit().await?;
        Ok(done > 0)
    }

    /// Where to post, and what to sign with.
    pub async fn webhook_secret(
        &self,
        account: AccountId,
    ) -> Result<Option<(String, Secret)>, StoreError> {
        let found: Option<(String, Vec<u8>)> =
            query("select url, secret_sealed from webhook where account_id = $1")
                .bind(account.as_i64())
                .fetch_optional(&self.db.readers)
                .await?;
        found.map(|(url, sealed)| Ok((url, self.sealer.open(place(account), &sealed)?))).transpose()
    }

    /// Notes how a post to it went; `Err` with why not.
    pub async fn note_webhook(
        &self,
        account: AccountId,
        outcome: Result<(), &str>,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        let now = tx.now.as_millis();
        let noted = match outcome {
            Ok(()) => query("update webhook set delivered_at = $2 where account_id = $1"),
            Err(_) => {
                query("update webhook set failed_at = $2, failure = $3 where account_id = $1")
            }
        };
        let mut noted = noted.bind(account.as_i64()).bind(now);
        if let Err(why) = outcome {
            noted = noted.bind(why);
        }
        noted.execute(&mut tx).await?;
        tx.commit().await
    }
}
