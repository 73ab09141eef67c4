//! Telling, once, with what is to be sent in the same transaction.

use anc_domain::{AccountId, AlertId, ApiTokenId, ChannelId};

use super::preference::preference_of;
use super::{AlertKind, Alerts};
use crate::StoreError;
use crate::database::WriteTx;
use crate::sql::query;

/// How far the alerts have come in the usage rows.
pub(super) const WATERMARK: &str = "alerts";

/// Something to be told, unless it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAlert {
    /// Whose; `None` is the operators'.
    pub account: Option<AccountId>,
    /// What it is about.
    pub kind: AlertKind,
    /// The token that it is about.
    pub token: Option<ApiTokenId>,
    /// The channel that it is about.
    pub channel: Option<ChannelId>,
    /// Subject, period and threshold as one text: what has the same is told once.
    pub cause: String,
    /// JSON: names and figures, for people.
    pub detail: String,
}

/// What a look came to.
#[derive(Debug, Clone, Default)]
pub struct Observed {
    /// What is to be told.
    pub alerts: Vec<NewAlert>,
    /// Accounts whose balance is low now, with what is to be told of it unless it was low before.
    pub low: Vec<(AccountId, NewAlert)>,
    /// Accounts whose balance is low no more.
    pub recovered: Vec<AccountId>,
    /// Accounts with an hour whose consumption is to be judged when it is over.
    pub to_judge: Vec<(AccountId, i64)>,
    /// The account whose hour was judged, that hour, and the next to be judged.
    pub judged: Vec<(AccountId, i64, Option<i64>)>,
    /// The usage rows that were looked at: after the first, up to the second.
    pub usage: Option<(i64, i64)>,
}

impl Alerts<'_> {
    /// Keeps what a look came to: new alerts, what is to be sent of each, and how far the look came,
    /// all or nothing. Gives what was told. Two that saw the same tell it once, and one that sees it
    /// again after it died tells nothing.
    pub async fn keep(
        &self,
        observed: Observed,
        by_mail: bool,
    ) -> Result<Vec<(AlertId, AlertKind)>, StoreError> {
        let mut tx = self.db.write().await?;
        let mut told = Vec::new();
        for account in observed.recovered {
            query("update alert_state set low_since = null where account_id = $1")
                .bind(account.as_i64())
                .execute(&mut tx)
                .await?;
        }
        for (account, alert) in observed.low {
            let now = tx.now.as_millis();
            let newly = query(
                "insert into alert_state (account_id, low_since)
                 values ($1, $2)
                 on conflict (account_id) do update
                 set low_since = excluded.low_since
                 where alert_state.low_since is null",
            )
            .bind(account.as_i64())
            .bind(now)
            .execute(&mut tx)
            .await?;
            if newly > 0 {
                told.extend(raise(&mut tx, alert, by_mail).await?);
            }
        }
        for alert in observed.alerts {
            told.extend(raise(&mut tx, alert, by_mail).await?);
        }
        for (account, hour) in observed.to_judge {
            query(
                "insert into alert_state (account_id, hour_to_judge)
                 values ($1, $2)
                 on conflict (account_id) do update
                 set hour_to_judge = excluded.hour_to_judge
                 where alert_state.hour_to_judge is null",
            )
            .bind(account.as_i64())
            .bind(hour)
            .execute(&mut tx)
            .await?;
        }
        for (account, hour, next) in observed.judged {
            query(
                "update alert_state
                 set hour_to_judge = $3
                 where account_id = $1
                 and hour_to_judge = $2",
            )
            .bind(account.as_i64())
            .bind(hour)
            .bind(next)
            .execute(&mut tx)
            .await?;
        }
        if let Some((from, upto)) = observed.usage {
            query("update follower_watermark set seq = $3 where name = $1 and seq = $2")
                .bind(WATERMARK)
                .bind(from)
                .bind(upto)
                .execute(&mut tx)
                .await?;
        }
        tx.commit().await?;
        Ok(told)
    }
}

async fn raise(
    tx: &mut WriteTx,
    alert: NewAlert,
    by_mail: bool,
) -> Result<Option<(AlertId, AlertKind)>, StoreError> {
    let listeners = match alert.account {
        Some(account) => vec![account],
        None => operators(tx).await?,
    };
    let mut wanted = Vec::new();
    for account in listeners {
        let preference = preference_of(&mut *tx, account).await?;
        if !preference.off.contains(&alert.kind) {
            wanted.push((account, preference.mail));
        }
    }
    if wanted.is_empty() {
        return Ok(None);
    }
    let now = tx.now.as_millis();
    let seq: Option<(i64,)> = query(
        "insert into alert (account_id, kind, token_id, channel_id, cause, detail, created_at)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (cause) do nothing
         returning seq",
    )
    .bind(alert.account.map(AccountId::as_i64))
    .bind(alert.kind.name())
    .bind(alert.token.map(ApiTokenId::as_i64))
    .bind(alert.channel.map(ChannelId::as_i64))
    .bind(alert.cause)
    .bind(alert.detail)
    .bind(now)
    .fetch_optional(&mut *tx)
    .await?;
    let Some((seq,)) = seq else { return Ok(None) };
    for (account, mail) in wanted {
        if mail && by_mail {
            let only_operators = alert.account.is_none();
            send_by_mail(tx, seq, account, only_operators).await?;
        }
        query(
            "insert into outbox (alert_seq, channel, target, account_id, next_try_at, created_at)
             select $1, 'webhook', '', account_id, $3, $3
             from webhook
             where account_id = $2",
        )
        .bind(seq)
        .bind(account.as_i64())
        .bind(now)
        .execute(&mut *tx)
        .await?;
    }
    Ok(Some((AlertId::from_i64(seq), alert.kind)))
}

async fn send_by_mail(
    tx: &mut WriteTx,
    seq: i64,
    account: AccountId,
    only_operators: bool,
) -> Result<(), StoreError> {
    let now = tx.now.as_millis();
    let mut mails = query(
        "insert into outbox (alert_seq, channel, target, account_id, next_try_at, created_at)
         select $1, 'mail', email, account_id, $3, $3
         from app_user
         where account_id = $2
         and not disabled",
    )
    .bind(seq)
    .bind(account.as_i64())
    .bind(now);
    if only_operators {
        mails.push(" and role in ('owner', 'admin')");
    }
    mails.execute(tx).await?;
    Ok(())
}

/// The accounts of those who run the instance.
async fn operators(tx: &mut WriteTx) -> Result<Vec<AccountId>, StoreError> {
    let rows: Vec<(i64,)> = query(
        "select distinct account_id
         from app_user
         where role in ('owner', 'admin')
         and not disabled
         order by account_id",
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|(id,)| AccountId::from_i64(id)).collect())
}
