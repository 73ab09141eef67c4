//! Lists of people: searched, filtered, in pages that do not shift.

use std::collections::HashMap;

use anc_domain::{NanoUsd, UnixMillis, UserId};

use super::{Role, UserRecord, UserRow, Users};
use crate::account::AccountRecord;
use crate::cursor::{Cursor, CursorKey};
use crate::sql::{Query, query};
use crate::usage::HOUR_MILLIS;
use crate::{StoreError, row};

/// The most rows of one page.
const PAGE_MAX: u32 = 200;

/// Over which time a list sums what accounts spent.
const SPEND_HOURS: i64 = 30 * 24;

/// The order of people has one name: of their addition.
const SORT: &str = "created";

/// Which people to list, oldest first.
#[derive(Debug, Clone, Default)]
pub struct PeopleQuery {
    /// Only those whose address, name or account's name contains this, in any case of letters.
    pub search: Option<String>,
    /// Only those of this role.
    pub role: Option<Role>,
    /// Only those who are, or are not, disabled.
    pub disabled: Option<bool>,
    /// How many at most: 1 to 200.
    pub limit: u32,
    /// Where the page before ended.
    pub cursor: Option<String>,
}

/// A person beside their account.
#[derive(Debug, Clone)]
pub struct PersonRecord {
    /// The person.
    pub user: UserRecord,
    /// Their own account.
    pub account: AccountRecord,
    /// Whether a code is asked for when they sign in.
    pub second_factor: bool,
    /// What the account was charged in the last thirty days, by whole hours.
    pub spent: NanoUsd,
}

/// A page of people.
#[derive(Debug, Clone)]
pub struct PeoplePage {
    /// The people.
    pub items: Vec<PersonRecord>,
    /// Where this page ended; `None` if it is the last.
    pub next_cursor: Option<String>,
    /// How many the query finds on all pages.
    pub total: u64,
}

const COLUMNS: &str = "u.id, u.email, u.password_hash, u.role, u.account_id, u.disabled,
        u.created_at, u.name, u.sign_in_version, u.last_seen_at";

impl Users<'_> {
    /// A page of people. A cursor that this list did not give is a conflict.
    pub async fn page(&self, wanted: &PeopleQuery) -> Result<PeoplePage, StoreError> {
        let limit = wanted.limit.clamp(1, PAGE_MAX);
        let cursor = wanted
            .cursor
            .as_deref()
            .map(|text| Cursor::parse(text, SORT, &CursorKey::Number(0)))
            .transpose()?;
        let total: i64 = filtered("select count(*)", wanted).fetch_value(&self.db.readers).await?;
        let mut sql = filtered(&format!("select {COLUMNS}"), wanted);
        if let Some(Cursor { key: CursorKey::Number(created_at), id, .. }) = cursor {
            sql.push(" and (u.created_at, u.id) > (").push_bind(created_at);
            sql.push(", ").push_bind(id).push(")");
        }
        sql.push(" order by u.created_at, u.id limit ").push_bind(i64::from(limit) + 1);
        let mut rows: Vec<UserRow> = sql.fetch_all(&self.db.readers).await?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next_cursor = rows.last().filter(|_| more).map(|row| {
            Cursor { sort: SORT.into(), key: CursorKey::Number(row.created_at), id: row.id }
                .to_text()
        });
        let users: Result<Vec<UserRecord>, _> =
            rows.into_iter().map(UserRow::into_record).collect();
        let items = self.with_accounts(users?).await?;
        Ok(PeoplePage { items, next_cursor, total: row::count(total)? })
    }

    /// One person beside their account.
    pub async fn person(&self, id: UserId) -> Result<Option<PersonRecord>, StoreError> {
        let user = self.by_id(id).await?;
        Ok(self.with_accounts(user.into_iter().collect()).await?.pop())
    }

    async fn with_accounts(&self, users: Vec<UserRecord>) -> Result<Vec<PersonRecord>, StoreError> {
        let ids: Vec<i64> = users.iter().map(|user| user.account_id.as_i64()).collect();
        let accounts = self.accounts(&ids).await?;
        let spent = self.spent(&ids, self.db.now()).await?;
        let people: Vec<i64> = users.iter().map(|user| user.id.as_i64()).collect();
        let mut sql = query("select user_id from totp_factor where confirmed_at is not null");
        push_in(&mut sql, " and user_id", &people);
        let with_factor: Vec<(i64,)> = sql.fetch_all(&self.db.readers).await?;
        users
            .into_iter()
            .map(|user| {
                let account = accounts
                    .iter()
                    .find(|account| account.id == user.account_id)
                    .ok_or_else(|| StoreError::corrupt("a person without an account"))?;
                Ok(PersonRecord {
                    second_factor: with_factor.contains(&(user.id.as_i64(),)),
                    spent: spent.get(&user.account_id.as_i64()).copied().unwrap_or_default(),
                    account: account.clone(),
                    user,
                })
            })
            .collect()
    }

    async fn accounts(&self, ids: &[i64]) -> Result<Vec<AccountRecord>, StoreError> {
        let mut sql = query(crate::account::select(""));
        push_in(&mut sql, " where a.id", ids);
        let rows: Vec<crate::account::AccountRow> = sql.fetch_all(&self.db.readers).await?;
        rows.into_iter().map(crate::account::AccountRow::into_record).collect()
    }

    /// What accounts were charged in the thirty days before `now`, by hourly sums.
    async fn spent(
        &self,
        accounts: &[i64],
        now: UnixMillis,
    ) -> Result<HashMap<i64, NanoUsd>, StoreError> {
        let since = now.as_millis().div_euclid(HOUR_MILLIS) - SPEND_HOURS;
        let mut sql = query(
            "select account_id, cast(sum(charge) as bigint)
             from usage_account_hour
             where hour >= $1",
        )
        .bind(since);
        push_in(&mut sql, " and account_id", accounts);
        sql.push(" group by account_id");
        let sums: Vec<(i64, i64)> = sql.fetch_all(&self.db.readers).await?;
        Ok(sums.into_iter().map(|(id, sum)| (id, NanoUsd::from_nanos(sum))).collect())
    }
}

fn filtered(select: &str, wanted: &PeopleQuery) -> Query {
    let mut sql =
        query(format!("{select} from app_user u join account a on a.id = u.account_id where true"));
    if let Some(search) = &wanted.search {
        let pattern = row::like_pattern(search);
        for (column, before) in [("u.email", " and ("), ("u.name", " or "), ("a.name", " or ")] {
            sql.push(before).push(&format!("lower({column}) like lower("));
            sql.push_bind(&pattern).push(") escape '\\'");
        }
        sql.push(")");
    }
    if let Some(role) = wanted.role {
        sql.push(" and u.role = ").push_bind(role.name());
    }
    if let Some(disabled) = wanted.disabled {
        sql.push(" and u.disabled = ").push_bind(disabled);
    }
    sql
}

/// `COLUMN in (…)`; of no ids, nothing.
fn push_in(sql: &mut Query, column: &str, ids: &[i64]) {
    sql.push(column).push(" in (");
    for (place, id) in ids.iter().enumerate() {
        if place > 0 {
            sql.push(", ");
        }
        sql.push_bind(*id);
    }
    if ids.is_empty() {
        sql.push("null");
    }
    sql.push(")");
}
