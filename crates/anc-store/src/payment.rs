//! Money that comes in by a payment provider: orders, what the provider says of them, and what that
//! moves.
//!
//! A notice is taken in by one transaction, which keeps its name, what it tells, and the movements
//! that follow from it. The movements are then posted to the ledger, each under a cause of its own,
//! and marked. So a notice may come twice, in any order, at two nodes at once, and a process may die
//! anywhere: the books end the same.
//!
//! * `payment/notice.rs`: taking in what the provider says.
//! * `payment/posting.rs`: movements to the ledger.

mod notice;
mod posting;

use std::time::Duration;

use anc_domain::{AccountId, Entropy, NanoUsd, PaymentId, UnixMillis};
use sqlx::FromRow;

use crate::cursor::{Cursor, CursorKey};
use crate::database::Database;
use crate::idempotency::{self, Idempotency, Repeat};
use crate::ledger::Ledger;
use crate::sql::query;
use crate::{StoreError, row};

pub use notice::{
    Claim, ClaimKind, PaymentFact, PaymentNotice, SessionFact, SessionOutcome, TakenIn,
};

/// Orders of one account that may be open at once, of those made within [`OPEN_WITHIN`].
const OPEN_MAX: i64 = 20;
const OPEN_WITHIN: Duration = Duration::from_hours(1);
/// After how long a provider is first asked about an order of which nothing was heard.
const ASK_AFTER: Duration = Duration::from_mins(5);
/// The longest time between two questions about one order.
const ASK_EVERY_MAX: Duration = Duration::from_hours(12);
/// Until when an order is asked about: slow ways of paying take two weeks.
const ASK_WITHIN: Duration = Duration::from_hours(30 * 24);
/// After how long an order is given up that the provider never heard of.
const UNBEGUN_AFTER: Duration = Duration::from_hours(24);
/// How long notices are remembered. Providers repeat one for some days.
const NOTICES_KEPT: Duration = Duration::from_hours(60 * 24);
/// The most rows of one page.
const PAGE_MAX: u32 = 200;
const SORT: &str = "-payment";

/// Whether money is real.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaymentMode {
    /// The provider's sandbox.
    Test,
    /// Real money.
    Live,
}

impl PaymentMode {
    /// The stable name in the database, the API and the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Live => "live",
        }
    }

    /// The mode of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Test, Self::Live].into_iter().find(|mode| mode.name() == name)
    }
}

/// How far an order is. Once paid it stays paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaymentState {
    /// The payer has not finished.
    Open,
    /// The payer has finished, and the money is still on its way.
    Pending,
    /// The money is there.
    Paid,
    /// It will not come.
    Failed,
    /// The payer took too long.
    Expired,
    /// The provider told of something else than what was ordered.
    Mismatch,
}

impl PaymentState {
    const ALL: [Self; 6] =
        [Self::Open, Self::Pending, Self::Paid, Self::Failed, Self::Expired, Self::Mismatch];

    /// The stable name in the database and the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Pending => "pending",
            Self::Paid => "paid",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Mismatch => "mismatch",
        }
    }
}

/// What is to be paid.
#[derive(Debug, Clone)]
pub struct NewPayment {
    /// Who is credited.
    pub account_id: AccountId,
    /// With how much; above zero and a whole multiple of `minor`.
    pub amount: NanoUsd,
    /// The same in the currency's smallest unit.
    pub minor: i64,
    /// As the provider spells it, in lower case.
    pub currency: String,
    /// Whether the money is real.
    pub mode: PaymentMode,
}

/// An order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentRecord {
    /// The order.
    pub id: PaymentId,
    /// Who is credited.
    pub account_id: AccountId,
    /// With how much.
    pub amount: NanoUsd,
    /// The same in the currency's smallest unit.
    pub minor: i64,
    /// As the provider spells it.
    pub currency: String,
    /// Whether the money is real.
    pub mode: PaymentMode,
    /// How far it is.
    pub state: PaymentState,
    /// The provider's name for the page where it is paid.
    pub session_id: Option<String>,
    /// Where that page is.
    pub session_url: Option<String>,
    /// The provider's name for the payment, once there is one.
    pub payment_intent: Option<String>,
    /// What the last notice that did not fit said otherwise.
    pub mismatch: Option<String>,
    /// What the provider refunded, in the smallest unit.
    pub refunded: i64,
    /// What disputes hold or took, in the smallest unit.
    pub disputed: i64,
    /// What was taken back from the account for that.
    pub reversed: NanoUsd,
    /// When it was made.
    pub created_at: UnixMillis,
    /// When it was known to be paid.
    pub paid_at: Option<UnixMillis>,
}

impl PaymentRecord {
    /// What one of the smallest unit is worth to the account.
    pub(crate) const fn nanos_per_minor(&self) -> i64 {
        match self.amount.nanos().checked_div(self.minor) {
            Some(nanos) => nanos,
            // A CHECK keeps it above zero.
            None => 0,
        }
    }
}

/// Why no order was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotBegun {
    /// The request was made before.
    Repeat(Repeat),
    /// The account has so many open ones that another cannot be honest.
    TooManyOpen,
}

/// A page of orders, newest first.
#[derive(Debug, Clone)]
pub struct PaymentPage {
    /// The orders.
    pub items: Vec<PaymentRecord>,
    /// Where this page ended; `None` if it is the last.
    pub next_cursor: Option<String>,
}

#[derive(FromRow)]
struct PaymentRow {
    id: i64,
    account_id: i64,
    amount: i64,
    minor: i64,
    currency: String,
    mode: String,
    state: String,
    session_id: Option<String>,
    session_url: Option<String>,
    payment_intent: Option<String>,
    mismatch: Option<String>,
    refunded: i64,
    disputed: i64,
    reversed: i64,
    created_at: i64,
    paid_at: Option<i64>,
}

const SELECT: &str = "select id, account_id, amount, minor, currency, mode, state, session_id,
        session_url, payment_intent, mismatch, refunded, disputed, reversed, created_at, paid_at
 from payment_order";

/// The payments' door.
#[derive(Clone, Copy)]
pub struct Payments<'a> {
    pub(crate) db: &'a Database,
    pub(crate) ledger: &'a Ledger,
    pub(crate) entropy: &'a dyn Entropy,
}

impl Payments<'_> {
    /// Makes an order, unless the same request made one before.
    pub async fn begin(
        &self,
        new: NewPayment,
        idempotency: Option<&Idempotency>,
    ) -> Result<Result<PaymentRecord, NotBegun>, StoreError> {
        let mut tx = self.db.write().await?;
        if let Some(repeat) = idempotency::repeated(&mut tx, idempotency).await? {
            return Ok(Err(NotBegun::Repeat(repeat)));
        }
        let open: i64 = query(
            "select count(*)
             from payment_order
             where account_id = $1
             and state = 'open'
             and created_at > $2",
        )
        .bind(new.account_id.as_i64())
        .bind(tx.now.minus(OPEN_WITHIN).as_millis())
        .fetch_value(&mut tx)
        .await?;
        if open >= OPEN_MAX {
            metrics::counter!("anc_limit_hits_total", "limit" => "open_payments").increment(1);
            return Ok(Err(NotBegun::TooManyOpen));
        }
        let record = PaymentRecord {
            id: PaymentId::generate(tx.now, self.entropy),
            account_id: new.account_id,
            amount: new.amount,
            minor: new.minor,
            currency: new.currency,
            mode: new.mode,
            state: PaymentState::Open,
            session_id: None,
            session_url: None,
            payment_intent: None,
            mismatch: None,
            refunded: 0,
            disputed: 0,
            reversed: NanoUsd::ZERO,
            created_at: tx.now,
            paid_at: None,
        };
        query(
            "insert into payment_order (id, account_id, amount, minor, currency, mode, state,
                 created_at, ask_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(record.id.as_i64())
        .bind(record.account_id.as_i64())
        .bind(record.amount.nanos())
        .bind(record.minor)
        .bind(&record.currency)
        .bind(record.mode.name())
        .bind(record.state.name())
        .bind(record.created_at.as_millis())
        .bind(record.created_at.plus(UNBEGUN_AFTER).as_millis())
        .execute(&mut tx)
        .await?;
        idempotency::remember(&mut tx, idempotency, &[record.id.to_string()]).await?;
        tx.commit().await?;
        Ok(Ok(record))
    }

    /// Notes the page at which an order is paid.
    pub async fn began(&self, id: PaymentId, session: &str, url: &str) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        let ask_at = tx.now.plus(ASK_AFTER).as_millis();
        query(
            "update payment_order
             set session_id = $2, session_url = $3, ask_at = $4
             where id = $1
             and session_url is null",
        )
        .bind(id.as_i64())
        .bind(session)
        .bind(url)
        .bind(ask_at)
        .execute(&mut tx)
        .await
        .map_err(|error| StoreError::conflict_on(error, "an order with this page"))?;
        tx.commit().await
    }

    /// Ends an order for which there is no page.
    pub async fn not_begun(&self, id: PaymentId, state: PaymentState) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        query(
            "update payment_order
             set state = $2, ask_at = null
             where id = $1
             and state = 'open'
             and session_id is null",
        )
        .bind(id.as_i64())
        .bind(state.name())
        .execute(&mut tx)
        .await?;
        tx.commit().await
    }

    /// One order, of that account if one is named.
    pub async fn get(
        &self,
        id: PaymentId,
        account: Option<AccountId>,
    ) -> Result<Option<PaymentRecord>, StoreError> {
        let row: Option<PaymentRow> = query(format!("{SELECT} where id = $1"))
            .bind(id.as_i64())
            .fetch_optional(&self.db.readers)
            .await?;
        let record = row.map(PaymentRow::into_record).transpose()?;
        Ok(record.filter(|record| account.is_none_or(|account| account == record.account_id)))
    }

    /// A page of orders, newest first. A cursor of another list is a conflict.
    pub async fn page(
        &self,
        account: Option<AccountId>,
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<PaymentPage, StoreError> {
        let limit = limit.clamp(1, PAGE_MAX);
        let before = match cursor {
            Some(text) => Cursor::parse(text, SORT, &CursorKey::Number(0))?.id,
            None => i64::MAX,
        };
        let mut sql = query(format!("{SELECT} where id < $1")).bind(before);
        if let Some(account) = account {
            sql.push(" and account_id = ").push_bind(account.as_i64());
        }
        // One more tells whether another page follows.
        sql.push(" order by id desc limit ").push_bind(i64::from(limit) + 1);
        let mut rows: Vec<PaymentRow> = sql.fetch_all(&self.db.readers).await?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next_cursor = rows.last().filter(|_| more).map(|last| {
            let (sort, key) = (SORT.to_owned(), CursorKey::Number(last.id));
            Cursor { sort, key, id: last.id }.to_text()
        });
        let items = rows.into_iter().map(PaymentRow::into_record).collect::<Result<_, _>>()?;
        Ok(PaymentPage { items, next_cursor })
    }

    /// Orders about which the provider should be asked now, those that wait longest first.
    pub async fn to_ask(&self, limit: u32) -> Result<Vec<PaymentRecord>, StoreError> {
        let rows: Vec<PaymentRow> =
            query(format!("{SELECT} where ask_at <= $1 order by ask_at limit $2"))
                .bind(self.db.now().as_millis())
                .bind(i64::from(limit))
                .fetch_all(&self.db.readers)
                .await?;
        rows.into_iter().map(PaymentRow::into_record).collect()
    }

    /// Notes that the provider was asked, and when it will be again: each time after twice as long.
    pub async fn asked(&self, id: PaymentId) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        let found: Option<(i64, i64)> = query(
            "select asked, created_at
             from payment_order
             where id = $1
             and ask_at is not null",
        )
        .bind(id.as_i64())
        .fetch_optional(&mut tx)
        .await?;
        let Some((asked, created_at)) = found else { return Ok(()) };
        let doublings = u32::try_from(asked + 1).unwrap_or(u32::MAX).min(16);
        let next = tx.now.plus((ASK_AFTER * 2_u32.pow(doublings)).min(ASK_EVERY_MAX));
        let ask = next <= UnixMillis::from_millis(created_at).plus(ASK_WITHIN);
        query("update payment_order set asked = asked + 1, ask_at = $2 where id = $1")
            .bind(id.as_i64())
            .bind(ask.then_some(next.as_millis()))
            .execute(&mut tx)
            .await?;
        tx.commit().await
    }

    /// Forgets notices, and claims on what is none of ours, that are older than a provider repeats
    /// itself.
    pub async fn forget_old(&self) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        let before = tx.now.minus(NOTICES_KEPT).as_millis();
        query("delete from payment_event where created_at < $1")
            .bind(before)
            .execute(&mut tx)
            .await?;
        query(
            "delete from payment_claim
             where created_at < $1
             and not exists (
                 select 1
                 from payment_order o
                 where o.payment_intent = payment_claim.payment_intent
             )",
        )
        .bind(before)
        .execute(&mut tx)
        .await?;
        tx.commit().await
    }
}

impl PaymentRow {
    fn into_record(self) -> Result<PaymentRecord, StoreError> {
        let state = PaymentState::ALL.into_iter().find(|state| state.name() == self.state);
        let mode = PaymentMode::from_name(&self.mode);
        let (Some(state), Some(mode)) = (state, mode) else {
            return Err(StoreError::corrupt("a payment's state or mode is unknown"));
        };
        let mut record = PaymentRecord {
            id: PaymentId::from_i64(self.id),
            account_id: AccountId::from_i64(self.account_id),
            amount: NanoUsd::from_nanos(self.amount),
            minor: self.minor,
            currency: self.currency,
            mode,
            state,
            session_id: self.session_id,
            session_url: self.session_url,
            payment_intent: self.payment_intent,
            mismatch: self.mismatch,
            refunded: self.refunded,
            disputed: self.disputed,
            reversed: NanoUsd::ZERO,
            created_at: UnixMillis::from_millis(self.created_at),
            paid_at: row::time(self.paid_at),
        };
        // At most the amount itself, which a CHECK sees to.
        record.reversed =
            NanoUsd::from_nanos(self.reversed.saturating_mul(record.nanos_per_minor()));
        Ok(record)
    }
}
