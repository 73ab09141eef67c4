//! What operators see of codes and their uses.

use anc_domain::{
    AccountId, CodeBatchId, NanoUsd, RedemptionCodeHint, RedemptionCodeId, RedemptionId, UnixMillis,
};
use sqlx::FromRow;

use super::RedemptionCodes;
use crate::cursor::{Cursor, CursorKey};
use crate::sql::query;
use crate::{StoreError, row};

/// The most rows of one page.
const PAGE_MAX: u32 = 200;
const CODES_SORT: &str = "-code";
const USES_SORT: &str = "-use";

/// What may become of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeStatus {
    /// It may be redeemed.
    Open,
    /// It was, as often as it may be.
    UsedUp,
    /// An operator ended it before that.
    Revoked,
    /// It stopped working before that.
    Expired,
}

/// A code as operators see it; its text is nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedemptionCodeRecord {
    /// The code.
    pub id: RedemptionCodeId,
    /// With which it was made.
    pub batch_id: CodeBatchId,
    /// What the operator calls the batch.
    pub note: String,
    /// Its first and its last group.
    pub hint: RedemptionCodeHint,
    /// What each use is worth.
    pub amount: NanoUsd,
    /// How often it may be redeemed.
    pub uses: u64,
    /// How often it was.
    pub used: u64,
    /// Whether each account may redeem it no more than once.
    pub once_per_account: bool,
    /// When it stops working.
    pub expires_at: Option<UnixMillis>,
    /// When what was left of it was ended, and by whom.
    pub revoked: Option<(UnixMillis, String)>,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: UnixMillis,
}

impl RedemptionCodeRecord {
    /// What may become of it at that moment.
    pub fn status(&self, now: UnixMillis) -> CodeStatus {
        if self.used >= self.uses {
            CodeStatus::UsedUp
        } else if self.revoked.is_some() {
            CodeStatus::Revoked
        } else if self.expires_at.is_some_and(|end| end <= now) {
            CodeStatus::Expired
        } else {
            CodeStatus::Open
        }
    }
}

/// Which codes.
#[derive(Debug, Clone, Default)]
pub struct CodeQuery {
    /// Of that batch only.
    pub batch: Option<CodeBatchId>,
    /// Of which that may become only.
    pub status: Option<CodeStatus>,
    /// How many at most.
    pub limit: u32,
    /// Where the page before ended.
    pub cursor: Option<String>,
}

/// A page of codes, newest first.
#[derive(Debug, Clone)]
pub struct CodePage {
    /// The codes.
    pub items: Vec<RedemptionCodeRecord>,
    /// Where this page ended; `None` if it is the last.
    pub next_cursor: Option<String>,
}

/// One use of a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedemptionRecord {
    /// The redemption.
    pub id: RedemptionId,
    /// Which of the code's uses it was, from one on.
    pub number: u64,
    /// Whose balance grew.
    pub account_id: AccountId,
    /// The email address of who redeemed.
    pub email: String,
    /// What it was worth.
    pub amount: NanoUsd,
    /// When.
    pub created_at: UnixMillis,
}

/// A page of a code's uses, newest first.
#[derive(Debug, Clone)]
pub struct RedemptionPage {
    /// The uses.
    pub items: Vec<RedemptionRecord>,
    /// Where this page ended; `None` if it is the last.
    pub next_cursor: Option<String>,
}

#[derive(FromRow)]
struct CodeRow {
    id: i64,
    batch_id: i64,
    note: String,
    hint: String,
    amount: i64,
    uses: i64,
    used: i64,
    once_per_account: bool,
    expires_at: Option<i64>,
    revoked_at: Option<i64>,
    revoked_by: Option<String>,
    created_by: String,
    created_at: i64,
}

#[derive(FromRow)]
struct UseRow {
    id: i64,
    number: i64,
    account_id: i64,
    email: String,
    amount: i64,
    created_at: i64,
}

const SELECT: &str = "select c.id, c.batch_id, b.note, c.hint, b.amount, c.uses, c.used,
        b.once_per_account, b.expires_at, c.revoked_at, c.revoked_by, b.created_by, b.created_at
 from redemption_code c
 join redemption_batch b on b.id = c.batch_id";

impl RedemptionCodes<'_> {
    /// One code.
    pub async fn get(
        &self,
        id: RedemptionCodeId,
    ) -> Result<Option<RedemptionCodeRecord>, StoreError> {
        let row: Option<CodeRow> = query(format!("{SELECT} where c.id = $1"))
            .bind(id.as_i64())
            .fetch_optional(&self.db.readers)
            .await?;
        row.map(CodeRow::into_record).transpose()
    }

    /// A page of codes, newest first. A cursor of another list is a conflict.
    pub async fn page(&self, asked: &CodeQuery) -> Result<CodePage, StoreError> {
        let limit = asked.limit.clamp(1, PAGE_MAX);
        let before = before(asked.cursor.as_deref(), CODES_SORT)?;
        let mut sql = query(format!("{SELECT} where c.id < $1")).bind(before);
        if let Some(batch) = asked.batch {
            sql.push(" and c.batch_id = ").push_bind(batch.as_i64());
        }
        let now = self.db.now().as_millis();
        match asked.status {
            None => {}
            Some(CodeStatus::UsedUp) => {
                sql.push(" and c.used = c.uses");
            }
            Some(CodeStatus::Revoked) => {
                sql.push(" and c.used < c.uses and c.revoked_at is not null");
            }
            Some(CodeStatus::Expired) => {
                sql.push(" and c.used < c.uses and c.revoked_at is null and b.expires_at <= ")
                    .push_bind(now);
            }
            Some(CodeStatus::Open) => {
                sql.push(" and c.used < c.uses and c.revoked_at is null")
                    .push(" and (b.expires_at is null or b.expires_at > ")
                    .push_bind(now)
                    .push(")");
            }
        }
        // One more tells whether another page follows.
        sql.push(" order by c.id desc limit ").push_bind(i64::from(limit) + 1);
        let mut rows: Vec<CodeRow> = sql.fetch_all(&self.db.readers).await?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next_cursor = rows.last().filter(|_| more).map(|last| after(CODES_SORT, last.id));
        let items = rows.into_iter().map(CodeRow::into_record).collect::<Result<_, _>>()?;
        Ok(CodePage { items, next_cursor })
    }

    /// A page of a code's uses, newest first. A cursor of another list is a conflict.
    pub async fn redemptions(
        &self,
        id: RedemptionCodeId,
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<RedemptionPage, StoreError> {
        let limit = limit.clamp(1, PAGE_MAX);
        let mut rows: Vec<UseRow> = query(
            "select r.id, r.number, r.account_id, u.email, r.amount, r.created_at
             from redemption r
             join app_user u on u.id = r.user_id
             where r.code_id = $1
             and r.number < $2
             order by r.number desc
             limit $3",
        )
        .bind(id.as_i64())
        .bind(before(cursor, USES_SORT)?)
        .bind(i64::from(limit) + 1)
        .fetch_all(&self.db.readers)
        .await?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next_cursor = rows.last().filter(|_| more).map(|last| after(USES_SORT, last.number));
        let items = rows.into_iter().map(UseRow::into_record).collect::<Result<_, _>>()?;
        Ok(RedemptionPage { items, next_cursor })
    }
}

fn before(cursor: Option<&str>, sort: &str) -> Result<i64, StoreError> {
    match cursor {
        Some(text) => Ok(Cursor::parse(text, sort, &CursorKey::Number(0))?.id),
        None => Ok(i64::MAX),
    }
}

fn after(sort: &str, id: i64) -> String {
    Cursor { sort: sort.to_owned(), key: CursorKey::Number(id), id }.to_text()
}

impl CodeRow {
    fn into_record(self) -> Result<RedemptionCodeRecord, StoreError> {
        Ok(RedemptionCodeRecord {
            id: RedemptionCodeId::from_i64(self.id),
            batch_id: CodeBatchId::from_i64(self.batch_id),
            note: self.note,
            hint: RedemptionCodeHint::from_stored(self.hint),
            amount: NanoUsd::from_nanos(self.amount),
            uses: row::count(self.uses)?,
            used: row::count(self.used)?,
            once_per_account: self.once_per_account,
            expires_at: row::time(self.expires_at),
            revoked: row::time(self.revoked_at).zip(self.revoked_by),
            created_by: self.created_by,
            created_at: UnixMillis::from_millis(self.created_at),
        })
    }
}

impl UseRow {
    fn into_record(self) -> Result<RedemptionRecord, StoreError> {
        Ok(RedemptionRecord {
            id: RedemptionId::from_i64(self.id),
            number: row::count(self.number)?,
            account_id: AccountId::from_i64(self.account_id),
            email: self.email,
            amount: NanoUsd::from_nanos(self.amount),
            created_at: UnixMillis::from_millis(self.created_at),
        })
    }
}
