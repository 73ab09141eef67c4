//! What there is to judge since the last look. Bounded: a page of usage rows, the accounts and tokens
//! in it, and ranges of indexes.

use std::time::Duration;

use anc_domain::{AccountId, ApiTokenId, ChannelId, NanoUsd, UnixMillis};
use anc_ledger::{Period, Zone};
use sqlx::FromRow;

use super::preference::PreferenceRow;
use super::raise::WATERMARK;
use super::{AlertKind, AlertPreference, Alerts};
use crate::sql::query;
use crate::usage::{HOUR_MILLIS, WATERMARK as DERIVED};
use crate::{StoreError, row};

/// Usage rows of one look.
const ROWS: i64 = 20_000;
/// The newest usage rows among which failures of channels are counted.
const RECENT_ROWS: i64 = 5_000;
/// Tokens that are looked at for expiring, and accounts for an hour, in one look.
const SUBJECTS: i64 = 200;
/// Addresses that are read in one look: beyond them nothing is told of networks.
const ADDRESSES: i64 = 20_000;
/// The longest budget window, and a day.
const WINDOWS_MILLIS: i64 = 32 * 24 * HOUR_MILLIS;

/// The usage rows since the last look, and who used.
#[derive(Debug, Clone)]
pub struct UsageSince {
    /// The first is after this one.
    pub from: i64,
    /// The last.
    pub upto: i64,
    /// Whether there are more, for the next look.
    pub more: bool,
    /// The earliest of them ended then.
    pub since: UnixMillis,
    /// The accounts that used.
    pub accounts: Vec<AccountFacts>,
    /// The tokens that were used.
    pub tokens: Vec<TokenFacts>,
    /// The tokens that came from an address for the first time, with all of their addresses.
    pub networks: Vec<NewNetworks>,
    /// Where a provider reported what cannot be.
    pub suspect: Vec<ChannelHour>,
    /// How requests to each channel went of late.
    pub channels: Vec<ChannelHour>,
}

/// An account, and how its people want to be told.
#[derive(Debug, Clone)]
pub struct AccountFacts {
    /// The account.
    pub id: AccountId,
    /// Whether its balance stops it.
    pub metered: bool,
    /// Its balance.
    pub balance: NanoUsd,
    /// Whether that was low at the last look.
    pub was_low: bool,
    /// How its people want to be told.
    pub preference: AlertPreference,
    /// The hour, since 1970, in which it used last.
    pub hour: i64,
}

/// A token, and what it used of what it may.
#[derive(Debug, Clone)]
pub struct TokenFacts {
    /// The token.
    pub id: ApiTokenId,
    /// Whose it is.
    pub account: AccountId,
    /// The user's own name for it.
    pub name: String,
    /// The most it may ever consume.
    pub quota: Option<NanoUsd>,
    /// What it consumed.
    pub used: NanoUsd,
    /// The most it may consume in each period.
    pub budgets: [Option<NanoUsd>; Period::ALL.len()],
    /// Whose midnights begin its windows.
    pub zone: Zone,
    /// What was consumed in which window: period, start, amount.
    pub windows: Vec<(Period, UnixMillis, NanoUsd)>,
}

/// The addresses of a token.
#[derive(Debug, Clone)]
pub struct NewNetworks {
    /// The token.
    pub token: ApiTokenId,
    /// Whose it is.
    pub account: AccountId,
    /// The user's own name for it.
    pub name: String,
    /// Each with when it was first used from there, floored to the minute.
    pub addresses: Vec<(String, UnixMillis)>,
}

/// A channel in an hour.
#[derive(Debug, Clone)]
pub struct ChannelHour {
    /// The channel.
    pub id: ChannelId,
    /// What people call it.
    pub name: String,
    /// Hours since 1970.
    pub hour: i64,
    /// How many requests.
    pub requests: u64,
    /// How many of those its provider failed, or reported wrongly.
    pub bad: u64,
}

/// A token that stops working soon.
#[derive(Debug, Clone)]
pub struct ExpiringToken {
    /// The token.
    pub id: ApiTokenId,
    /// Whose it is.
    pub account: AccountId,
    /// The user's own name for it.
    pub name: String,
    /// When it stops.
    pub expires_at: UnixMillis,
    /// The cause that it is told under.
    pub cause: String,
}

/// An account and the hour that is to be judged.
#[derive(Debug, Clone, Copy)]
pub struct Judged {
    /// The account.
    pub account: AccountId,
    /// Hours since 1970.
    pub hour: i64,
}

/// What an account consumed by hour.
#[derive(Debug, Clone)]
pub struct SpendHistory {
    /// The hour of its first request ever.
    pub first: i64,
    /// Hours in which it consumed anything, with what.
    pub hours: Vec<(i64, NanoUsd)>,
}

#[derive(FromRow)]
struct AccountRow {
    id: i64,
    metered: bool,
    balance: i64,
    low_since: Option<i64>,
    #[sqlx(flatten)]
    preference: PreferenceRow,
    hour: i64,
}

#[derive(FromRow)]
struct TokenRow {
    id: i64,
    account_id: i64,
    name: String,
    quota: Option<i64>,
    used: i64,
    budget_day: Option<i64>,
    budget_week: Option<i64>,
    budget_month: Option<i64>,
    time_zone: String,
}

/// The rows between `$1` and `$2`.
const IN_RANGE: &str = "seq > $1 and seq <= $2";

const ACCOUNTS: &str = "select a.id, a.metered, b.balance, s.low_since, p.kinds_off, p.low_balance,
        p.mail, u.hour
 from (select account_id, max(created_at) / 3600000 as hour
       from usage
       where seq > $1
       and seq <= $2
       group by account_id) u
 join account a on a.id = u.account_id
 join account_balance b on b.account_id = a.id
 left join alert_state s on s.account_id = a.id
 left join alert_preference p on p.account_id = a.id";

impl AccountRow {
    fn into_facts(self) -> Result<AccountFacts, StoreError> {
        Ok(AccountFacts {
            id: AccountId::from_i64(self.id),
            metered: self.metered,
            balance: NanoUsd::from_nanos(self.balance),
            was_low: self.low_since.is_some(),
            preference: self.preference.into_preference()?,
            hour: self.hour,
        })
    }
}

impl Alerts<'_> {
    /// Who used since the last look; `None` if nobody did. Only what the hourly sums contain already.
    pub async fn usage_since(&self) -> Result<Option<UsageSince>, StoreError> {
        let readers = &self.db.readers;
        let (from, derived): (i64, i64) = query(
            "select seq, (select seq from follower_watermark where name = $2)
             from follower_watermark
             where name = $1",
        )
        .bind(WATERMARK)
        .bind(DERIVED)
        .fetch_one(readers)
        .await?;
        if from >= derived {
            return Ok(None);
        }
        let upto = derived.min(from.saturating_add(ROWS));
        let since: Option<i64> =
            query(format!("select min(created_at) from usage where {IN_RANGE}"))
                .bind(from)
                .bind(upto)
                .fetch_value(readers)
                .await?;
        let since = since.unwrap_or_default();
        let accounts: Vec<AccountRow> =
            query(ACCOUNTS).bind(from).bind(upto).fetch_all(readers).await?;
        Ok(Some(UsageSince {
            from,
            upto,
            more: upto < derived,
            since: UnixMillis::from_millis(since),
            accounts: accounts.into_iter().map(AccountRow::into_facts).collect::<Result<_, _>>()?,
            tokens: self.tokens_used(from, upto).await?,
            networks: self.networks_used(from, upto, since).await?,
            suspect: self.suspect(from, upto).await?,
            channels: self.channels_of_late(upto).await?,
        }))
    }

    /// Accounts whose balance was low at the last look.
    pub async fn low_accounts(&self) -> Result<Vec<AccountFacts>, StoreError> {
        let rows: Vec<AccountRow> = query(
            "select a.id, a.metered, b.balance, s.low_since, p.kinds_off, p.low_balance, p.mail,
                    cast(0 as bigint) as hour
             from alert_state s
             join account a on a.id = s.account_id
             join account_balance b on b.account_id = a.id
             left join alert_preference p on p.account_id = a.id
             where s.low_since is not null",
        )
        .fetch_all(&self.db.readers)
        .await?;
        rows.into_iter().map(AccountRow::into_facts).collect()
    }

    async fn tokens_used(&self, from: i64, upto: i64) -> Result<Vec<TokenFacts>, StoreError> {
        let readers = &self.db.readers;
        let rows: Vec<TokenRow> = query(format!(
            "select t.id, t.account_id, t.name, t.quota, s.used, t.budget_day, t.budget_week,
                    t.budget_month, a.time_zone
             from api_token t
             join api_token_spend s on s.token_id = t.id
             join account a on a.id = t.account_id
             where t.id in (select token_id from usage where {IN_RANGE})
             and t.deleted_at is null
             order by t.id"
        ))
        .bind(from)
        .bind(upto)
        .fetch_all(readers)
        .await?;
        let windows: Vec<(i64, String, i64, i64)> = query(format!(
            "select token_id, period, start, used
             from api_token_window
             where token_id in (select token_id from usage where {IN_RANGE})
             and start > $3"
        ))
        .bind(from)
        .bind(upto)
        .bind(self.db.now().as_millis() - WINDOWS_MILLIS)
        .fetch_all(readers)
        .await?;
        let windows_of = |token: i64| {
            let of = windows.iter().filter(move |(of, ..)| *of == token);
            of.filter_map(|(_, period, start, used)| {
                let period = Period::from_name(period)?;
                Some((period, UnixMillis::from_millis(*start), NanoUsd::from_nanos(*used)))
            })
            .collect()
        };
        Ok(rows
            .into_iter()
            .map(|token| TokenFacts {
                id: ApiTokenId::from_i64(token.id),
                account: AccountId::from_i64(token.account_id),
                windows: windows_of(token.id),
                name: token.name,
                quota: token.quota.map(NanoUsd::from_nanos),
                used: NanoUsd::from_nanos(token.used),
                budgets: [token.budget_day, token.budget_week, token.budget_month]
                    .map(|limit| limit.map(NanoUsd::from_nanos)),
                zone: row::zone(&token.time_zone),
            })
            .collect())
    }

    async fn networks_used(
        &self,
        from: i64,
        upto: i64,
        since: i64,
    ) -> Result<Vec<NewNetworks>, StoreError> {
        let rows: Vec<(i64, i64, String, String, i64)> = query(format!(
            "select c.token_id, t.account_id, t.name, c.address, min(c.first_used_at)
             from api_token_client c
             join api_token t on t.id = c.token_id
             where c.token_id in (select n.token_id
                                  from api_token_client n
                                  where n.token_id in (select token_id
                                                       from usage
                                                       where {IN_RANGE})
                                  and n.first_used_at >= $3)
             and t.deleted_at is null
             and c.address <> ''
             group by c.token_id, t.account_id, t.name, c.address
             order by c.token_id
             limit $4"
        ))
        .bind(from)
        .bind(upto)
        .bind(since / 60_000 * 60_000)
        .bind(ADDRESSES)
        .fetch_all(&self.db.readers)
        .await?;
        if rows.len() >= usize::try_from(ADDRESSES).unwrap_or(usize::MAX) {
            tracing::warn!("too many addresses to tell new networks among them");
            return Ok(Vec::new());
        }
        let mut networks: Vec<NewNetworks> = Vec::new();
        for (token, account, name, address, first) in rows {
            let at = (address, UnixMillis::from_millis(first));
            match networks.last_mut() {
                Some(last) if last.token.as_i64() == token => last.addresses.push(at),
                _ => networks.push(NewNetworks {
                    token: ApiTokenId::from_i64(token),
                    account: AccountId::from_i64(account),
                    name,
                    addresses: vec![at],
                }),
            }
        }
        Ok(networks)
    }

    async fn suspect(&self, from: i64, upto: i64) -> Result<Vec<ChannelHour>, StoreError> {
        let rows: Vec<(i64, String, i64, i64)> = query(format!(
            "select c.id, c.name, u.hour, u.requests
             from (select channel_id, created_at / {HOUR_MILLIS} as hour, count(*) as requests
                   from usage
                   where {IN_RANGE}
                   and suspect
                   group by channel_id, created_at / {HOUR_MILLIS}) u
             join channel c on c.id = u.channel_id"
        ))
        .bind(from)
        .bind(upto)
        .fetch_all(&self.db.readers)
        .await?;
        rows.into_iter()
            .map(|(id, name, hour, requests)| {
                let requests = row::count(requests)?;
                Ok(ChannelHour { id: ChannelId::from_i64(id), name, hour, requests, bad: requests })
            })
            .collect()
    }

    async fn channels_of_late(&self, upto: i64) -> Result<Vec<ChannelHour>, StoreError> {
        const LATELY: Duration = Duration::from_mins(10);

        let now = self.db.now();
        let rows: Vec<(i64, String, i64, i64)> = query(
            "select c.id, c.name, u.requests, u.bad
             from (select channel_id, count(*) as requests,
                          cast(sum(case when end_reason in
                                       ('upstream_cut', 'upstream_error', 'timeout')
                                   then 1 else 0 end) as bigint) as bad
                   from usage
                   where seq > $1
                   and seq <= $2
                   and created_at >= $3
                   group by channel_id) u
             join channel c on c.id = u.channel_id
             where c.deleted_at is null",
        )
        .bind(upto.saturating_sub(RECENT_ROWS))
        .bind(upto)
        .bind(now.minus(LATELY).as_millis())
        .fetch_all(&self.db.readers)
        .await?;
        rows.into_iter()
            .map(|(id, name, requests, bad)| {
                Ok(ChannelHour {
                    id: ChannelId::from_i64(id),
                    name,
                    hour: now.as_millis() / HOUR_MILLIS,
                    requests: row::count(requests)?,
                    bad: row::count(bad)?,
                })
            })
            .collect()
    }

    /// Tokens that stop within `days` days, were made for longer, and of which that was not told.
    pub async fn expiring(&self, days: u32) -> Result<Vec<ExpiringToken>, StoreError> {
        let now = self.db.now().as_millis();
        let span = i64::from(days) * 24 * HOUR_MILLIS;
        let kind = AlertKind::TokenExpiry.name();
        let rows: Vec<(i64, i64, String, i64, String)> = query(format!(
            "select id, account_id, name, expires_at, cause
             from (select t.id, t.account_id, t.name, t.expires_at,
                          '{kind}:' || cast(t.id as text) || ':' || cast(t.expires_at as text)
                          || ':{days}' as cause
                   from api_token t
                   left join alert_preference p on p.account_id = t.account_id
                   where t.deleted_at is null
                   and t.expires_at is not null
                   and t.expires_at > $1
                   and t.expires_at <= $2
                   and t.expires_at - t.created_at > $3
                   and t.enabled
                   and coalesce(p.kinds_off, '') not like '%\"{kind}\"%') soon
             where not exists (select 1 from alert a where a.cause = soon.cause)
             order by expires_at
             limit $4"
        ))
        .bind(now)
        .bind(now + span)
        .bind(span)
        .bind(SUBJECTS)
        .fetch_all(&self.db.readers)
        .await?;
        Ok(rows
            .into_iter()
            .map(|(id, account, name, expires_at, cause)| ExpiringToken {
                id: ApiTokenId::from_i64(id),
                account: AccountId::from_i64(account),
                name,
                expires_at: UnixMillis::from_millis(expires_at),
                cause,
            })
            .collect())
    }

    /// Accounts whose hour ended before `now` and is still to be judged.
    pub async fn hours_to_judge(&self, now: UnixMillis) -> Result<Vec<Judged>, StoreError> {
        let rows: Vec<(i64, i64)> = query(
            "select account_id, hour_to_judge
             from alert_state
             where hour_to_judge is not null
             and hour_to_judge < $1
             order by hour_to_judge
             limit $2",
        )
        .bind(now.as_millis() / HOUR_MILLIS)
        .bind(SUBJECTS)
        .fetch_all(&self.db.readers)
        .await?;
        let judged = |(id, hour)| Judged { account: AccountId::from_i64(id), hour };
        Ok(rows.into_iter().map(judged).collect())
    }

    /// What an account consumed by hour, from that hour on.
    pub async fn spend_history(
        &self,
        account: AccountId,
        since: i64,
    ) -> Result<SpendHistory, StoreError> {
        let first: Option<i64> =
            query("select min(hour) from usage_account_hour where account_id = $1")
                .bind(account.as_i64())
                .fetch_value(&self.db.readers)
                .await?;
        let rows: Vec<(i64, i64)> = query(
            "select hour, cast(sum(charge) as bigint)
             from usage_account_hour
             where account_id = $1
             and hour >= $2
             group by hour
             order by hour",
        )
        .bind(account.as_i64())
        .bind(since)
        .fetch_all(&self.db.readers)
        .await?;
        let hours =
            rows.into_iter().map(|(hour, charge)| (hour, NanoUsd::from_nanos(charge))).collect();
        Ok(SpendHistory { first: first.unwrap_or(i64::MAX), hours })
    }
}
