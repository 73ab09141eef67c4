//! Alerts: what people are told without asking.
//!
//! * here: their kinds, and what was told.
//! * `preference.rs`: how an account's people want to be told, and where to.
//! * `facts.rs`: what there is to judge since the last look.
//! * `raise.rs`: telling, once, with what is to be sent in the same transaction.

mod facts;
mod preference;
mod raise;

use anc_domain::{AccountId, AlertId, ApiTokenId, ChannelId, Entropy, UnixMillis, UserId};
use sqlx::FromRow;

use crate::cursor::FOREIGN_CURSOR;
use crate::database::Database;
use crate::seal::Sealer;
use crate::sql::{Query, query};
use crate::{StoreError, row};

pub use facts::{
    AccountFacts, ChannelHour, ExpiringToken, Judged, NewNetworks, SpendHistory, TokenFacts,
    UsageSince,
};
pub use preference::{AlertPreference, Webhook};
pub use raise::{NewAlert, Observed};

/// The most alerts of one page.
const PAGE_MAX: u32 = 200;

/// What an alert is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AlertKind {
    /// The balance fell below what its people chose.
    LowBalance,
    /// Most or all of a token's quota is used.
    TokenQuota,
    /// Most or all of a token's budget is used for this period.
    TokenBudget,
    /// A token stops working soon.
    TokenExpiry,
    /// An hour cost far more than such hours do.
    UnusualSpend,
    /// A token was used from a network that it never came from.
    NewNetwork,
    /// For operators: a provider reported usage that cannot be.
    SuspectUsage,
    /// For operators: most requests to a channel fail.
    ChannelFailing,
}

impl AlertKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::LowBalance,
        Self::TokenQuota,
        Self::TokenBudget,
        Self::TokenExpiry,
        Self::UnusualSpend,
        Self::NewNetwork,
        Self::SuspectUsage,
        Self::ChannelFailing,
    ];

    /// The stable name in the database and in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LowBalance => "low_balance",
            Self::TokenQuota => "token_quota",
            Self::TokenBudget => "token_budget",
            Self::TokenExpiry => "token_expiry",
            Self::UnusualSpend => "unusual_spend",
            Self::NewNetwork => "new_network",
            Self::SuspectUsage => "suspect_usage",
            Self::ChannelFailing => "channel_failing",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether it is for those who run the instance.
    pub const fn is_for_operators(self) -> bool {
        matches!(self, Self::SuspectUsage | Self::ChannelFailing)
    }
}

/// Something that was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertRecord {
    /// The alert.
    pub id: AlertId,
    /// Whose; `None` is the operators'.
    pub account: Option<AccountId>,
    /// What it is about.
    pub kind: AlertKind,
    /// The token that it is about.
    pub token: Option<ApiTokenId>,
    /// The channel that it is about.
    pub channel: Option<ChannelId>,
    /// JSON: names and figures of that moment.
    pub detail: String,
    /// When it was told.
    pub created_at: UnixMillis,
}

#[derive(FromRow)]
pub(crate) struct AlertRow {
    seq: i64,
    account_id: Option<i64>,
    kind: String,
    token_id: Option<i64>,
    channel_id: Option<i64>,
    detail: String,
    created_at: i64,
}

impl AlertRow {
    pub(crate) fn into_record(self) -> Result<AlertRecord, StoreError> {
        Ok(AlertRecord {
            id: AlertId::from_i64(self.seq),
            account: self.account_id.map(AccountId::from_i64),
            kind: AlertKind::from_name(&self.kind)
                .ok_or_else(|| StoreError::corrupt("an alert of an unknown kind"))?,
            token: self.token_id.map(ApiTokenId::from_i64),
            channel: self.channel_id.map(ChannelId::from_i64),
            detail: self.detail,
            created_at: UnixMillis::from_millis(self.created_at),
        })
    }
}

/// Whose alerts are read.
#[derive(Debug, Clone)]
pub struct AlertReader {
    /// The account whose they are.
    pub account: Option<AccountId>,
    /// Those of the operators as well, but for these kinds; `None` for whoever is none.
    pub operators: Option<Vec<AlertKind>>,
}

/// A page of alerts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertPage {
    /// The alerts, newest first.
    pub items: Vec<AlertRecord>,
    /// Where the next page begins.
    pub next_cursor: Option<String>,
}

/// The alerts' door.
#[derive(Clone, Copy)]
pub struct Alerts<'a> {
    pub(crate) db: &'a Database,
    pub(crate) sealer: &'a Sealer,
    pub(crate) entropy: &'a dyn Entropy,
}

impl AlertReader {
    /// The condition, in brackets.
    fn push_to(&self, query: &mut Query) {
        query.push("(account_id = ").push_bind(self.account.map(AccountId::as_i64));
        if let Some(off) = &self.operators {
            query.push(" or (account_id is null");
            for kind in off {
                query.push(" and kind <> ").push_bind(kind.name());
            }
            query.push(")");
        }
        query.push(")");
    }
}

impl Alerts<'_> {
    /// A page of them, newest first.
    pub async fn page(
        &self,
        reader: &AlertReader,
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<AlertPage, StoreError> {
        let before = match cursor {
            None => i64::MAX,
            Some(text) => text.parse().map_err(|_| StoreError::Conflict(FOREIGN_CURSOR))?,
        };
        let limit = limit.clamp(1, PAGE_MAX) as usize;
        let mut page = query(
            "select seq, account_id, kind, token_id, channel_id, detail, created_at
             from alert
             where seq < $1
             and ",
        )
        .bind(before);
        reader.push_to(&mut page);
        page.push(" order by seq desc limit ")
            .push_bind(i64::try_from(limit).unwrap_or_default() + 1);
        let mut rows: Vec<AlertRow> = page.fetch_all(&self.db.readers).await?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = rows.last().filter(|_| more).map(|last| last.seq.to_string());
        let items = rows.into_iter().map(AlertRow::into_record).collect::<Result<_, _>>()?;
        Ok(AlertPage { items, next_cursor })
    }

    /// Up to which alert a person has seen theirs, and how many came since.
    pub async fn unseen(
        &self,
        user: UserId,
        reader: &AlertReader,
    ) -> Result<(Option<AlertId>, u64), StoreError> {
        let seen: Option<(i64,)> = query("select seq from alert_seen where user_id = $1")
            .bind(user.as_i64())
            .fetch_optional(&self.db.readers)
            .await?;
        let mut unseen = query("select count(*) from alert where seq > $1 and ")
            .bind(seen.map_or(0, |(seq,)| seq));
        reader.push_to(&mut unseen);
        let count: i64 = unseen.fetch_value(&self.db.readers).await?;
        Ok((seen.map(|(seq,)| AlertId::from_i64(seq)), row::count(count)?))
    }

    /// Notes that a person has seen theirs up to that one.
    pub async fn saw(&self, user: UserId, upto: AlertId) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        // One that is still to come is not seen.
        query(
            "insert into alert_seen (user_id, seq)
             select $1, coalesce(max(seq), 0)
             from alert
             where seq <= $2
             on conflict (user_id) do update
             set seq = excluded.seq
             where alert_seen.seq < excluded.seq",
        )
        .bind(user.as_i64())
        .bind(upto.as_i64())
        .execute(&mut tx)
        .await?;
        tx.commit().await
    }
}
