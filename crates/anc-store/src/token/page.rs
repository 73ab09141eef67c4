//! Lists of tokens: searched, filtered, sorted, in pages that do not shift.

use anc_domain::{AccountId, ModelName, UnixMillis};

use super::record::{SELECT, TokenRow};
use super::{TokenRecord, TokenStatus, Tokens};
use crate::cursor::{Cursor, CursorKey};
use crate::sql::{Query, query};
use crate::{StoreError, row};

/// The most rows of one page.
const PAGE_MAX: u32 = 200;

/// The order of a list. Ties go by id.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum TokenSort {
    CreatedAsc,
    #[default]
    CreatedDesc,
    NameAsc,
    NameDesc,
    UsedAsc,
    UsedDesc,
    ExpiresAsc,
}

/// Which tokens to list.
#[derive(Debug, Clone, Default)]
pub struct TokenQuery {
    /// Only this account's.
    pub account: Option<AccountId>,
    /// Only those whose name contains this, in any case of letters.
    pub search: Option<String>,
    /// Only those of this status.
    pub status: Option<TokenStatus>,
    /// Only those that still work and expire before this time.
    pub expires_before: Option<UnixMillis>,
    /// Only those that were neither used nor made since this time.
    pub unused_since: Option<UnixMillis>,
    /// Only those with which this model was called; a second behind.
    pub called: Option<ModelName>,
    /// In which order.
    pub sort: TokenSort,
    /// How many at most: 1 to 200.
    pub limit: u32,
    /// Where the page before ended.
    pub cursor: Option<String>,
}

/// A page of tokens.
#[derive(Debug, Clone)]
pub struct TokenPage {
    /// The tokens.
    pub items: Vec<TokenRecord>,
    /// Where this page ended; `None` if it is the last.
    pub next_cursor: Option<String>,
    /// How many tokens the query finds on all pages.
    pub total: u64,
}

impl TokenSort {
    const fn name(self) -> &'static str {
        match self {
            Self::CreatedAsc => "created",
            Self::CreatedDesc => "-created",
            Self::NameAsc => "name",
            Self::NameDesc => "-name",
            Self::UsedAsc => "used",
            Self::UsedDesc => "-used",
            Self::ExpiresAsc => "expires",
        }
    }

    const fn is_descending(self) -> bool {
        matches!(self, Self::CreatedDesc | Self::NameDesc | Self::UsedDesc)
    }

    /// The column; never null, since a null compares with nothing.
    const fn column(self) -> &'static str {
        match self {
            Self::CreatedAsc | Self::CreatedDesc => "created_at",
            Self::NameAsc | Self::NameDesc => "lower(name)",
            Self::UsedAsc | Self::UsedDesc => "used",
            Self::ExpiresAsc => "coalesce(expires_at, 9223372036854775807)",
        }
    }

    /// A key of the kind that orders it.
    const fn kind_of_key(self) -> CursorKey {
        match self {
            Self::NameAsc | Self::NameDesc => CursorKey::Text(String::new()),
            Self::CreatedAsc
            | Self::CreatedDesc
            | Self::UsedAsc
            | Self::UsedDesc
            | Self::ExpiresAsc => CursorKey::Number(0),
        }
    }

    fn key(self, row: &TokenRow) -> CursorKey {
        match self {
            Self::CreatedAsc | Self::CreatedDesc => CursorKey::Number(row.created_at),
            Self::NameAsc | Self::NameDesc => CursorKey::Text(row.name.to_ascii_lowercase()),
            Self::UsedAsc | Self::UsedDesc => CursorKey::Number(row.used),
            Self::ExpiresAsc => CursorKey::Number(row.expires_at.unwrap_or(i64::MAX)),
        }
    }
}

impl Tokens<'_> {
    /// A page of live tokens. A cursor that this order did not give is a conflict.
    pub async fn page(&self, wanted: TokenQuery) -> Result<TokenPage, StoreError> {
        let limit = wanted.limit.clamp(1, PAGE_MAX);
        let cursor = wanted
            .cursor
            .as_deref()
            .map(|text| Cursor::parse(text, wanted.sort.name(), &wanted.sort.kind_of_key()))
            .transpose()?;
        let readers = &self.db.readers;
        let total: i64 = self.count_found(&wanted).fetch_value(readers).await?;

        let mut sql = self.found(&wanted, "select *");
        let (column, beyond, direction) = if wanted.sort.is_descending() {
            (wanted.sort.column(), "<", "desc")
        } else {
            (wanted.sort.column(), ">", "asc")
        };
        if let Some(cursor) = cursor {
            sql.push(&format!(" and ({column}, id) {beyond} ("));
            match cursor.key {
                CursorKey::Number(number) => sql.push_bind(number),
                CursorKey::Text(text) => sql.push_bind(text),
            };
            sql.push(", ").push_bind(cursor.id).push(")");
        }
        sql.push(&format!(" order by {column} {direction}, id {direction} limit "));
        // One more tells whether another page follows.
        sql.push_bind(i64::from(limit) + 1);
        let mut rows: Vec<TokenRow> = sql.fetch_all(readers).await?;

        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next_cursor = rows.last().filter(|_| more).map(|last| {
            let (key, id) = (wanted.sort.key(last), last.id);
            let sort = wanted.sort.name().to_owned();
            Cursor { sort, key, id }.to_text()
        });
        let items: Result<_, _> =
            rows.into_iter().map(|row| row.into_record().map(|(record, _)| record)).collect();
        Ok(TokenPage { items: items?, next_cursor, total: row::count(total)? })
    }

    /// How many there are. What only the token itself tells needs no look at its account and spending.
    fn count_found(&self, wanted: &TokenQuery) -> Query {
        let TokenQuery { account, search, status, expires_before, unused_since, called, .. } =
            wanted;
        if status.is_some()
            || expires_before.is_some()
            || unused_since.is_some()
            || called.is_some()
        {
            return self.found(wanted, "select count(*)");
        }
        let mut sql = query("select count(*) from api_token where deleted_at is null");
        add_account_and_search(&mut sql, *account, search.as_deref());
        sql
    }

    /// `head` over every live token that the query finds.
    fn found(&self, wanted: &TokenQuery, head: &str) -> Query {
        let mut sql = query(format!("{head} from ({SELECT}) as token where true"))
            .bind(self.db.now().as_millis());
        add_account_and_search(&mut sql, wanted.account, wanted.search.as_deref());
        sql.push(match wanted.status {
            None => "",
            Some(TokenStatus::Enabled) => " and stopped_by is null",
            Some(TokenStatus::Disabled) => " and stopped_by in ('disabled', 'account_suspended')",
            Some(TokenStatus::Expired) => " and stopped_by = 'expired'",
            Some(TokenStatus::Exhausted) => {
                " and stopped_by in ('token_quota_exhausted', 'balance_exhausted')"
            }
        });
        if let Some(before) = wanted.expires_before {
            sql.push(" and expires_at > $1 and expires_at < ").push_bind(before.as_millis());
        }
        if let Some(since) = wanted.unused_since {
            sql.push(" and coalesce(last_used_at, created_at) < ").push_bind(since.as_millis());
        }
        if let Some(model) = &wanted.called {
            sql.push(
                " and exists (
                     select 1
                     from usage_hourly u
                     where u.account_id = token.account_id
                     and u.token_id = token.id
                     and u.model = ",
            )
            .push_bind(model.as_str())
            .push(")");
        }
        sql
    }
}

fn add_account_and_search(sql: &mut Query, account: Option<AccountId>, search: Option<&str>) {
    if let Some(account) = account {
        sql.push(" and account_id = ").push_bind(account.as_i64());
    }
    if let Some(search) = search {
        sql.push(" and lower(name) like lower(")
            .push_bind(row::like_pattern(search))
            .push(") escape '\\'");
    }
}
