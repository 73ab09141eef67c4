//! Everybody's accounts, for operators.

use std::time::Duration;

use anc_domain::{AccountId, NanoUsd, UnixMillis};
use anc_ledger::Zone;
use anc_store::{AccountChanges, AccountQuery, AccountSort, AccountUse, NO_TIER, Role, StoreError};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use http::header::HeaderMap;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::audit_note;
use crate::api::setup::Billing;
use crate::api::tiers::tier_id;
use crate::api::token_body::check_name;
use crate::api::tokens::{Versioned, if_match, versioned};
use crate::error::{ApiError, ErrorBody};
use crate::json;
use crate::principal::Principal;
use crate::state::ApiState;

const PAGE_DEFAULT: u32 = 50;
const PAGE_MAX: u32 = 200;
const SEARCH_BYTES_MAX: usize = 256;
const REASON_CHARS_MAX: usize = 200;
/// Over how long spending is summed up.
const SPENDING: Duration = Duration::from_hours(30 * 24);
/// What of an account moves by itself, or follows from the rest.
const BY_ITSELF: [&str; 8] = [
    "version",
    "balance",
    "held",
    "available",
    "spent_30_days",
    "tokens",
    "last_used_at",
    "people",
];

/// Which accounts to list, and how.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AccountsQuery {
    /// Only those whose name, or one of whose people's email addresses, contains this.
    search: Option<String>,
    /// Only those of this tier, by its id.
    tier: Option<String>,
    /// Only those that are suspended, or that are not.
    suspended: Option<bool>,
    /// The order; a leading `-` turns it round.
    #[param(inline)]
    sort: Option<AccountSortName>,
    /// How many at most, 1 to 200.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
enum AccountSortName {
    #[serde(rename = "-created_at")]
    CreatedDesc,
    #[serde(rename = "created_at")]
    CreatedAsc,
    #[serde(rename = "name")]
    NameAsc,
    #[serde(rename = "-name")]
    NameDesc,
    #[serde(rename = "balance")]
    BalanceAsc,
    #[serde(rename = "-balance")]
    BalanceDesc,
}

impl From<AccountSortName> for AccountSort {
    fn from(sort: AccountSortName) -> Self {
        match sort {
            AccountSortName::CreatedDesc => Self::CreatedDesc,
            AccountSortName::CreatedAsc => Self::CreatedAsc,
            AccountSortName::NameAsc => Self::NameAsc,
            AccountSortName::NameDesc => Self::NameDesc,
            AccountSortName::BalanceAsc => Self::BalanceAsc,
            AccountSortName::BalanceDesc => Self::BalanceDesc,
        }
    }
}

/// A page of accounts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AccountList {
    items: Vec<ManagedAccount>,
    #[schema(required)]
    next_cursor: Option<String>,
    /// How many the query finds on all pages.
    total: u64,
}

/// An account as operators see it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ManagedAccount {
    id: String,
    name: String,
    /// Who signs in to it.
    people: Vec<AccountPerson>,
    billing: Billing,
    suspended: bool,
    /// Why it is suspended, in the operator's words; people of the account are not shown it.
    #[schema(required)]
    suspended_reason: Option<String>,
    tier: TierName,
    /// What was paid in less what was charged.
    #[schema(value_type = String)]
    balance: NanoUsd,
    /// Reserved by requests that run.
    #[schema(value_type = String)]
    held: NanoUsd,
    /// What a new request can count on: the balance and the tier's overdraft, less what is held.
    #[schema(value_type = String)]
    available: NanoUsd,
    /// What was charged in the last thirty days.
    #[schema(value_type = String)]
    spent_30_days: NanoUsd,
    /// How many API tokens it has, and may have.
    tokens: TokenCounts,
    /// When its newest request ended.
    #[schema(format = DateTime, required)]
    last_used_at: Option<String>,
    /// The IANA name of the zone whose midnights begin its budgets' windows.
    time_zone: String,
    #[schema(format = DateTime)]
    created_at: String,
    /// Counts the edits.
    version: i64,
}

/// Who signs in to an account.
#[derive(Debug, Serialize, ToSchema)]
struct AccountPerson {
    id: String,
    email: String,
    /// `user`, `admin` or `owner`.
    role: &'static str,
}

/// A tier, by which it is known.
#[derive(Debug, Serialize, ToSchema)]
struct TierName {
    id: String,
    name: String,
}

/// How many API tokens an account has, and may have: after a change of tier it may have more.
#[derive(Debug, Serialize, ToSchema)]
struct TokenCounts {
    used: u64,
    limit: u32,
}

/// What is to be changed of an account; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccountChange {
    #[serde(default)]
    name: Option<String>,
    /// The tier's id.
    #[serde(default)]
    tier: Option<String>,
    #[serde(default)]
    billing: Option<Billing>,
    /// Suspending takes a reason. None of its tokens works then, and what runs is ended.
    #[serde(default)]
    suspended: Option<bool>,
    /// Why it is suspended; for operators.
    #[serde(default)]
    reason: Option<String>,
    /// The IANA name of the zone whose midnights begin its budgets' windows, from the next ones on.
    #[serde(default)]
    time_zone: Option<String>,
}

/// Lists accounts.
#[utoipa::path(get, path = "/api/v1/accounts", tag = "accounts", params(AccountsQuery),
    responses((status = 200, body = AccountList), (status = "default", body = ErrorBody)))]
pub(crate) async fn list_accounts(
    State(state): State<ApiState>,
    principal: Principal,
    query: Result<Query<AccountsQuery>, QueryRejection>,
) -> Result<Json<AccountList>, ApiError> {
    principal.operator()?;
    let Query(query) = query.map_err(|rejection| ApiError::invalid(rejection.body_text()))?;
    let search = query.search.filter(|text| !text.is_empty());
    // PostgreSQL has no text with a NUL.
    if search.as_ref().is_some_and(|text| text.len() > SEARCH_BYTES_MAX || text.contains('\0')) {
        return Err(ApiError::field("search", "No account is named like this."));
    }
    let page = state
        .store()
        .accounts()
        .page(AccountQuery {
            search,
            tier: query.tier.as_deref().map(tier_id).transpose()?,
            suspended: query.suspended,
            sort: query.sort.map(Into::into).unwrap_or_default(),
            limit: query.limit.unwrap_or(PAGE_DEFAULT).clamp(1, PAGE_MAX),
            cursor: query.cursor,
            spent_since: state.now().minus(SPENDING),
        })
        .await?;
    Ok(Json(AccountList {
        items: page.items.into_iter().map(Into::into).collect(),
        next_cursor: page.next_cursor,
        total: page.total,
    }))
}

/// Gives one account, by its id or the email address of who signs in to it.
#[utoipa::path(get, path = "/api/v1/accounts/{id}", tag = "accounts",
    params(("id" = String, Path, description = "The account's id, or its owner's email address")),
    responses((status = 200, body = ManagedAccount), (status = "default", body = ErrorBody)))]
pub(crate) async fn get_managed_account(
    State(state): State<ApiState>,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<Versioned<ManagedAccount>, ApiError> {
    principal.operator()?;
    let found = find(&state, account_id(&state, &id).await?).await?;
    Ok(versioned(found.account.version, found.into()))
}

/// Changes an account. In force when answered: of a suspended account no token works, and running
/// streams end.
#[utoipa::path(patch, path = "/api/v1/accounts/{id}", tag = "accounts",
    params(("id" = String, Path, description = "The account's id, or its owner's email address")),
    request_body = AccountChange,
    responses((status = 200, body = ManagedAccount), (status = "default", body = ErrorBody)))]
pub(crate) async fn update_account(
    State(state): State<ApiState>,
    principal: Principal,
    Path(id): Path<String>,
    headers: HeaderMap,
    json::Json(body): json::Json<AccountChange>,
) -> Result<Versioned<ManagedAccount>, ApiError> {
    principal.operator()?;
    let id = account_id(&state, &id).await?;
    let before = find(&state, id).await?;
    principal.above_all(&before.people)?;
    let changes = AccountChanges { if_version: if_match(&headers)?, ..body.check()? };
    let changed = state.store().accounts().update(id, changes).await;
    let (was, is) = changed
        .map_err(|failure| match failure {
            StoreError::Conflict(NO_TIER) => ApiError::field("tier", "There is no such tier."),
            other => other.into(),
        })?
        .ok_or_else(no_account)?;
    let after = AccountUse { account: is, ..before.clone() };
    let before = ManagedAccount::from(AccountUse { account: was, ..before });
    let difference = audit_note::difference(&before, &ManagedAccount::from(after), &BY_ITSELF);
    let of = (id.as_i64(), Some(id));
    audit_note::note(&state, &principal, "account.update", of, &difference).await;
    state.in_force().await;
    let now = find(&state, id).await?;
    Ok(versioned(now.account.version, now.into()))
}

impl AccountChange {
    /// The same in checked types.
    fn check(self) -> Result<AccountChanges, ApiError> {
        let suspended = match (self.suspended, self.reason) {
            (Some(true), reason) => Some(Some(check_reason(reason.as_deref())?)),
            (Some(false), None) => Some(None),
            (None, None) => None,
            (_, Some(_)) => {
                return Err(ApiError::field("reason", "A reason is given with a suspension."));
            }
        };
        let unknown = |_| ApiError::field("tier", "There is no such tier.");
        let zone = self.time_zone.as_deref().map(str::parse::<Zone>).transpose();
        Ok(AccountChanges {
            name: self.name.as_deref().map(check_name).transpose()?,
            tier: self.tier.as_deref().map(tier_id).transpose().map_err(unknown)?,
            metered: self.billing.map(|billing| billing == Billing::Metered),
            suspended,
            zone: zone.map_err(|_| ApiError::field("time_zone", "There is no such time zone."))?,
            if_version: None,
        })
    }
}

fn check_reason(reason: Option<&str>) -> Result<String, ApiError> {
    let reason = reason.unwrap_or_default().trim();
    let fits = (1..=REASON_CHARS_MAX).contains(&reason.chars().count());
    if fits && !reason.chars().any(char::is_control) {
        return Ok(reason.to_owned());
    }
    let message = format!("Say why, in 1 to {REASON_CHARS_MAX} characters.");
    Err(ApiError::field("reason", message))
}

async fn account_id(state: &ApiState, text: &str) -> Result<AccountId, ApiError> {
    if let Ok(id) = text.parse() {
        return Ok(id);
    }
    let found = state.store().accounts().by_owner_email(text).await?;
    found.map(|account| account.id).ok_or_else(no_account)
}

pub(super) async fn find(state: &ApiState, id: AccountId) -> Result<AccountUse, ApiError> {
    let since = state.now().minus(SPENDING);
    state.store().accounts().usage(id, since).await?.ok_or_else(no_account)
}

fn no_account() -> ApiError {
    ApiError::not_found("account")
}

impl From<AccountUse> for ManagedAccount {
    fn from(found: AccountUse) -> Self {
        let available = found.account.available();
        let AccountUse { account, created_at, people, tokens, spent, last_used_at } = found;
        Self {
            id: account.id.to_string(),
            name: account.name,
            people: people
                .into_iter()
                .map(|one| AccountPerson {
                    id: one.id.to_string(),
                    email: one.email,
                    role: Role::name(one.role),
                })
                .collect(),
            billing: if account.metered { Billing::Metered } else { Billing::Unmetered },
            suspended: account.suspended,
            suspended_reason: account.suspended_reason,
            balance: account.balance,
            held: account.held,
            available,
            spent_30_days: spent,
            tokens: TokenCounts { used: tokens, limit: account.tier.terms.token_limit },
            tier: TierName { id: account.tier.id.to_string(), name: account.tier.terms.name },
            last_used_at: last_used_at.map(UnixMillis::to_rfc3339),
            time_zone: account.zone.name().to_owned(),
            created_at: created_at.to_rfc3339(),
            version: account.version,
        }
    }
}
