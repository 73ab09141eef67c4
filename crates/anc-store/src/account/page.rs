//! Lists of accounts for operators: searched, filtered, sorted, in pages that do not shift.

use std::collections::BTreeMap;

use anc_domain::{AccountId, NanoUsd, TierId, UnixMillis, UserId};
use sqlx::FromRow;

use super::{AccountRecord, AccountRow, Accounts, select};
use crate::cursor::{Cursor, CursorKey};
use crate::sql::{Query, query};
use crate::usage::HOUR_MILLIS;
use crate::user::Role;
use crate::{StoreError, row};

/// The most rows of one page.
const PAGE_MAX: u32 = 200;
/// How many names one statement reads.
const NAMES_OF_ONE_READ: usize = 200;

/// The order of a list. Ties go by id.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum AccountSort {
    CreatedAsc,
    #[default]
    CreatedDesc,
    NameAsc,
    NameDesc,
    BalanceAsc,
    BalanceDesc,
}

/// Which accounts to list.
#[derive(Debug, Clone)]
pub struct AccountQuery {
    /// Only those whose name, or one of whose people's addresses, contains this, in any case of
    /// letters.
    pub search: Option<String>,
    /// Only those of this tier.
    pub tier: Option<TierId>,
    /// Only those that are suspended, or that are not.
    pub suspended: Option<bool>,
    /// In which order.
    pub sort: AccountSort,
    /// How many at most: 1 to 200.
    pub limit: u32,
    /// Where the page before ended.
    pub cursor: Option<String>,
    /// From when on spending is summed up: from the hour that contains this time.
    pub spent_since: UnixMillis,
}

/// A page of accounts.
#[derive(Debug, Clone)]
pub struct AccountPage {
    /// The accounts.
    pub items: Vec<AccountUse>,
    /// Where this page ended; `None` if it is the last.
    pub next_cursor: Option<String>,
    /// How many accounts the query finds on all pages.
    pub total: u64,
}

/// An account and what it is used for.
#[derive(Debug, Clone)]
pub struct AccountUse {
    /// The account.
    pub account: AccountRecord,
    /// When it was made.
    pub created_at: UnixMillis,
    /// Who signs in to it, oldest first.
    pub people: Vec<Person>,
    /// Its live API tokens.
    pub tokens: u64,
    /// What it spent since the asked time; a second behind.
    pub spent: NanoUsd,
    /// When its newest request ended; a second behind, and to the hour where that was pruned.
    pub last_used_at: Option<UnixMillis>,
}

/// Who signs in to an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The person.
    pub id: UserId,
    /// In lower case.
    pub email: String,
    /// What they may do on the instance.
    pub role: Role,
}

#[derive(FromRow)]
struct UseRow {
    created_at: i64,
    tokens: i64,
    last_used_at: Option<i64>,
    #[sqlx(flatten)]
    account: AccountRow,
}

impl AccountSort {
    const fn name(self) -> &'static str {
        match self {
            Self::CreatedAsc => "created",
            Self::CreatedDesc => "-created",
            Self::NameAsc => "name",
            Self::NameDesc => "-name",
            Self::BalanceAsc => "balance",
            Self::BalanceDesc => "-balance",
        }
    }

    const fn is_descending(self) -> bool {
        matches!(self, Self::CreatedDesc | Self::NameDesc | Self::BalanceDesc)
    }

    const fn column(self) -> &'static str {
        match self {
            Self::CreatedAsc | Self::CreatedDesc => "a.created_at",
            Self::NameAsc | Self::NameDesc => "lower(a.name)",
            Self::BalanceAsc | Self::BalanceDesc => "b.balance",
        }
    }

    fn key(self, row: &UseRow) -> CursorKey {
        match self {
            Self::CreatedAsc | Self::CreatedDesc => CursorKey::Number(row.created_at),
            Self::NameAsc | Self::NameDesc => {
                CursorKey::Text(row.account.name.to_ascii_lowercase())
            }
            Self::BalanceAsc | Self::BalanceDesc => CursorKey::Number(row.account.balance),
        }
    }

    /// A key of the kind that orders it.
    const fn kind_of_key(self) -> CursorKey {
        match self {
            Self::NameAsc | Self::NameDesc => CursorKey::Text(String::new()),
            Self::CreatedAsc | Self::CreatedDesc | Self::BalanceAsc | Self::BalanceDesc => {
                CursorKey::Number(0)
            }
        }
    }
}

/// What else is told of an account. When it was last used is read where look-ups are quick: its
/// newest usage row or, where that was pruned, the hour of it.
const USE: &str = ", a.created_at,
        (select count(*)
         from api_token t
         where t.account_id = a.id
         and t.deleted_at is null) as tokens,
        coalesce(
            (select u.created_at
             from usage u
             where u.seq = (select max(l.seq) from usage_by_account l where l.account_id = a.id)),
            (select max(o.hour) * 3600000 from usage_outcome_hourly o where o.account_id = a.id)
        ) as last_used_at";

impl Accounts<'_> {
    /// A page of accounts. A cursor that this order did not give is a conflict.
    pub async fn page(&self, wanted: AccountQuery) -> Result<AccountPage, StoreError> {
        let limit = wanted.limit.clamp(1, PAGE_MAX);
        let sort = wanted.sort;
        let cursor = wanted
            .cursor
            .as_deref()
            .map(|text| Cursor::parse(text, sort.name(), &sort.kind_of_key()))
            .transpose()?;
        let readers = &self.db.readers;
        let total = found(&wanted, "select count(*) from account a".to_owned());
        let total: i64 = total.fetch_value(readers).await?;

        // What else is told is looked up for the page alone, not for all that it is sorted out of.
        let page = "select a.id from account a join account_balance b on b.account_id = a.id";
        let mut sql = found(&wanted, format!("{} where a.id in ({page}", select(USE)));
        let column = sort.column();
        let (beyond, direction) = if sort.is_descending() { ("<", "desc") } else { (">", "asc") };
        if let Some(cursor) = cursor {
            sql.push(&format!(" and ({column}, a.id) {beyond} ("));
            match cursor.key {
                CursorKey::Number(number) => sql.push_bind(number),
                CursorKey::Text(text) => sql.push_bind(text),
            };
            sql.push(", ").push_bind(cursor.id).push(")");
        }
        let order = format!(" order by {column} {direction}, a.id {direction}");
        // One more tells whether another page follows.
        sql.push(&order).push(" limit ").push_bind(i64::from(limit) + 1).push(")").push(&order);
        let mut rows: Vec<UseRow> = sql.fetch_all(readers).await?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next_cursor = rows.last().filter(|_| more).map(|last| {
            let (key, id) = (sort.key(last), last.account.id);
            Cursor { sort: sort.name().to_owned(), key, id }.to_text()
        });
        let items = self.uses(rows, wanted.spent_since).await?;
        Ok(AccountPage { items, next_cursor, total: row::count(total)? })
    }

    /// One account and what it is used for.
    pub async fn usage(
        &self,
        id: AccountId,
        spent_since: UnixMillis,
    ) -> Result<Option<AccountUse>, StoreError> {
        let sql = query(format!("{} where a.id = $1", select(USE)));
        let rows = sql.bind(id.as_i64()).fetch_all(&self.db.readers).await?;
        Ok(self.uses(rows, spent_since).await?.pop())
    }

    async fn uses(
        &self,
        rows: Vec<UseRow>,
        spent_since: UnixMillis,
    ) -> Result<Vec<AccountUse>, StoreError> {
        let ids: Vec<i64> = rows.iter().map(|row| row.account.id).collect();
        let people = self.people(&ids).await?;
        let spent = self.spent(&ids, spent_since).await?;
        rows.into_iter()
            .map(|row| {
                let id = row.account.id;
                let of_account = people.iter().filter(|(account, _)| *account == id);
                Ok(AccountUse {
                    created_at: UnixMillis::from_millis(row.created_at),
                    people: of_account.map(|(_, person)| person.clone()).collect(),
                    tokens: row::count(row.tokens)?,
                    spent: NanoUsd::from_nanos(spent.get(&id).copied().unwrap_or(0)),
                    last_used_at: row::time(row.last_used_at),
                    account: row.account.into_record()?,
                })
            })
            .collect()
    }

    /// By what people know some accounts: the email address of whoever was first in each, or its own
    /// name where nobody is.
    pub async fn owners(
        &self,
        accounts: &[AccountId],
    ) -> Result<Vec<(AccountId, String)>, StoreError> {
        let mut names = Vec::with_capacity(accounts.len());
        for some in accounts.chunks(NAMES_OF_ONE_READ) {
            let mut sql = query(
                "select a.id,
                        coalesce(
                            (select u.email
                             from app_user u
                             where u.account_id = a.id
                             order by u.created_at, u.id
                             limit 1),
                            a.name
                        )
                 from account a
                 where a.id in (",
            );
            let ids: Vec<i64> = some.iter().map(|account| account.as_i64()).collect();
            push_list(&mut sql, &ids);
            sql.push(")");
            let rows: Vec<(i64, String)> = sql.fetch_all(&self.db.readers).await?;
            names.extend(rows.into_iter().map(|(id, name)| (AccountId::from_i64(id), name)));
        }
        Ok(names)
    }

    async fn people(&self, ids: &[i64]) -> Result<Vec<(i64, Person)>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql =
            query("select account_id, id, email, role from app_user where account_id in (");
        push_list(&mut sql, ids);
        sql.push(") order by created_at, id");
        let rows: Vec<(i64, i64, String, String)> = sql.fetch_all(&self.db.readers).await?;
        rows.into_iter()
            .map(|(account, id, email, role)| {
                let role = Role::from_name(&role);
                let role = role.ok_or_else(|| StoreError::corrupt("an unknown role"))?;
                Ok((account, Person { id: UserId::from_i64(id), email, role }))
            })
            .collect()
    }

    async fn spent(
        &self,
        ids: &[i64],
        since: UnixMillis,
    ) -> Result<BTreeMap<i64, i64>, StoreError> {
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let mut sql = query(
            "select account_id, cast(sum(charge) as bigint)
             from usage_account_hour
             where hour >= $1
             and account_id in (",
        )
        .bind(since.as_millis().div_euclid(HOUR_MILLIS));
        push_list(&mut sql, ids);
        sql.push(") group by account_id");
        let rows: Vec<(i64, i64)> = sql.fetch_all(&self.db.readers).await?;
        Ok(rows.into_iter().collect())
    }
}

/// `head` over every account that the query finds.
fn found(wanted: &AccountQuery, head: String) -> Query {
    let mut sql = query(head);
    sql.push(" where true");
    if let Some(search) = &wanted.search {
        let pattern = row::like_pattern(search);
        sql.push(" and (lower(a.name) like lower(")
            .push_bind(pattern.clone())
            .push(
                ") escape '\\' or exists (
                     select 1
                     from app_user u
                     where u.account_id = a.id
                     and u.email like lower(",
            )
            .push_bind(pattern)
            .push(") escape '\\'))");
    }
    if let Some(tier) = wanted.tier {
        sql.push(" and a.tier_id = ").push_bind(tier.as_i64());
    }
    if let Some(suspended) = wanted.suspended {
        sql.push(" and a.suspended = ").push_bind(suspended);
    }
    sql
}

fn push_list(sql: &mut Query, ids: &[i64]) {
    for (place, id) in ids.iter().enumerate() {
        sql.push(if place == 0 { "" } else { ", " }).push_bind(*id);
    }
}
