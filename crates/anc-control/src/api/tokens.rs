//! API tokens: what the console's main page shows and does.

use anc_domain::{ApiTokenId, ModelName, TokenText, UnixMillis};
use anc_store::{NotCreated, TokenQuery, TokenSort};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use http::StatusCode;
use http::header::{ETAG, HeaderMap, HeaderName, IF_MATCH};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use crate::api::token_body::{
    NewToken, StatusName, Token, TokenChange, check_addresses, check_models, check_name,
    check_quota,
};
use crate::api::token_history as history;
use crate::api::token_tier::{check_change, end_of_new, group_of_new};
use crate::error::{ApiError, ErrorBody};
use crate::idempotency::{Once, refused};
use crate::json;
use crate::principal::Principal;
use crate::state::ApiState;

const PAGE_DEFAULT: u32 = 50;
const PAGE_MAX: u32 = 200;
const SEARCH_BYTES_MAX: usize = 256;

/// Which tokens to list, and how.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Only those whose name contains this.
    search: Option<String>,
    /// Only those of this status.
    #[param(inline)]
    status: Option<StatusName>,
    /// Only those that still work and expire before this time.
    expires_before: Option<String>,
    /// Only those that were neither used nor made since this time.
    unused_since: Option<String>,
    /// Only those with which this model was called.
    called: Option<String>,
    /// The order; a leading `-` turns it round.
    #[param(inline)]
    sort: Option<SortName>,
    /// How many at most, 1 to 200.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Whose, by account id or owner's email; for operators.
    account: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
enum SortName {
    #[serde(rename = "-created_at")]
    CreatedDesc,
    #[serde(rename = "created_at")]
    CreatedAsc,
    #[serde(rename = "name")]
    NameAsc,
    #[serde(rename = "-name")]
    NameDesc,
    #[serde(rename = "used_quota")]
    UsedAsc,
    #[serde(rename = "-used_quota")]
    UsedDesc,
    #[serde(rename = "expires_at")]
    ExpiresAsc,
}

impl From<SortName> for TokenSort {
    fn from(sort: SortName) -> Self {
        match sort {
            SortName::CreatedDesc => Self::CreatedDesc,
            SortName::CreatedAsc => Self::CreatedAsc,
            SortName::NameAsc => Self::NameAsc,
            SortName::NameDesc => Self::NameDesc,
            SortName::UsedAsc => Self::UsedAsc,
            SortName::UsedDesc => Self::UsedDesc,
            SortName::ExpiresAsc => Self::ExpiresAsc,
        }
    }
}

/// A page of tokens.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokenList {
    items: Vec<Token>,
    #[schema(required)]
    next_cursor: Option<String>,
    /// How many the query finds on all pages.
    total: u64,
    /// How many tokens the account has and may have. The command line's list of all accounts has
    /// none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = TokenLimit, required)]
    token_limit: Option<TokenLimit>,
}

#[derive(Debug, Serialize, ToSchema)]
struct TokenLimit {
    used: u32,
    limit: u32,
    tier: String,
}

/// A new token, and the only sight of its secret.
#[derive(Serialize, ToSchema)]
pub(crate) struct CreatedToken {
    pub(crate) token: Token,
    pub(crate) secret: String,
}

/// Lists tokens.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "tokens", params(ListQuery),
    responses((status = 200, body = TokenList), (status = "default", body = ErrorBody)))]
pub(crate) async fn list_tokens(
    State(state): State<ApiState>,
    principal: Principal,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Json<TokenList>, ApiError> {
    let Query(query) = query.map_err(|rejection| ApiError::invalid(rejection.body_text()))?;
    let everybody = query.account.is_none() && matches!(principal, Principal::LocalOperator);
    let account = if everybody {
        None
    } else {
        Some(principal.account(&state, query.account.as_deref()).await?)
    };
    if query.search.as_ref().is_some_and(|text| text.len() > SEARCH_BYTES_MAX) {
        return Err(ApiError::field("search", "The search text is too long."));
    }
    // PostgreSQL has no such text.
    if query.search.as_ref().is_some_and(|text| text.contains('\0')) {
        return Err(ApiError::field("search", "No name contains this."));
    }
    let called = query.called.as_deref().map(str::parse::<ModelName>).transpose();
    let tokens = state.store().tokens();
    let page = tokens
        .page(TokenQuery {
            account: account.as_ref().map(|account| account.id),
            search: query.search.filter(|text| !text.is_empty()),
            status: query.status.map(Into::into),
            expires_before: check_time("expires_before", query.expires_before.as_deref())?,
            unused_since: check_time("unused_since", query.unused_since.as_deref())?,
            called: called.map_err(|_| ApiError::field("called", "No model has this name."))?,
            sort: query.sort.map(Into::into).unwrap_or_default(),
            limit: query.limit.unwrap_or(PAGE_DEFAULT).clamp(1, PAGE_MAX),
            cursor: query.cursor,
        })
        .await?;
    let token_limit = match account {
        None => None,
        Some(account) => Some(TokenLimit {
            used: tokens.count(account.id).await?,
            limit: account.tier.terms.token_limit,
            tier: account.tier.terms.name,
        }),
    };
    Ok(Json(TokenList {
        items: page.items.into_iter().map(Into::into).collect(),
        next_cursor: page.next_cursor,
        total: page.total,
        token_limit,
    }))
}

/// A time as a query has it.
pub(super) fn check_time(
    field: &'static str,
    text: Option<&str>,
) -> Result<Option<UnixMillis>, ApiError> {
    let wrong = || ApiError::field(field, "A time looks like 2027-01-31T18:00:00Z.");
    text.map(|text| UnixMillis::parse_rfc3339(text).ok_or_else(wrong)).transpose()
}

/// Creates a token. Its secret is in this answer and nowhere else, ever.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "tokens", request_body = NewToken,
    responses((status = 201, body = CreatedToken), (status = "default", body = ErrorBody)))]
pub(crate) async fn create_token(
    State(state): State<ApiState>,
    principal: Principal,
    once: Once<NewToken>,
) -> Result<(StatusCode, Json<CreatedToken>), ApiError> {
    let (body, idempotency) = once.claim(&principal);
    let account = principal.account(&state, body.account.as_deref()).await?;
    let tier = &account.tier.terms;
    let group = group_of_new(&state, tier, body.group.as_deref()).await?;
    let text = TokenText::generate(&*state.shared.entropy);
    let new = anc_store::NewToken {
        account_id: account.id,
        name: check_name(&body.name)?,
        hash: text.secret().hash(),
        hint: text.hint(),
        quota: check_quota(body.quota.as_deref())?,
        expires_at: end_of_new(tier, body.expires_at.as_ref(), state.now())?,
        models: check_models(&body.models)?,
        ip_rules: check_addresses(&body.ip_rules)?,
        enabled: body.enabled,
        traits: body.traits(group)?,
    };
    let created = state.store().tokens().create_all(vec![new], idempotency.as_ref()).await?;
    let record = created.map_err(not_created)?.pop().ok_or_else(ApiError::internal)?;
    history::note(&state, &principal, &record, "token.create", &json!({})).await;
    state.in_force().await;
    let secret = text.secret().expose().to_owned();
    Ok((StatusCode::CREATED, Json(CreatedToken { token: record.into(), secret })))
}

/// Gives one token.
#[utoipa::path(get, path = "/api/v1/tokens/{id}", tag = "tokens",
    params(("id" = String, Path, description = "The token's id")),
    responses((status = 200, body = Token), (status = "default", body = ErrorBody)))]
pub(crate) async fn get_token(
    State(state): State<ApiState>,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<Versioned<Token>, ApiError> {
    let id = token_id(&id)?;
    let record = state.store().tokens().get(id, principal.reach()).await?;
    record.map(|record| versioned(record.version, record.into())).ok_or_else(no_token)
}

/// Changes a token. In force when answered: a token that was switched off is refused from then on,
/// and its running streams end.
#[utoipa::path(patch, path = "/api/v1/tokens/{id}", tag = "tokens",
    params(("id" = String, Path, description = "The token's id")), request_body = TokenChange,
    responses((status = 200, body = Token), (status = "default", body = ErrorBody)))]
pub(crate) async fn update_token(
    State(state): State<ApiState>,
    principal: Principal,
    Path(id): Path<String>,
    headers: HeaderMap,
    json::Json(body): json::Json<TokenChange>,
) -> Result<Versioned<Token>, ApiError> {
    let id = token_id(&id)?;
    let changes = body.check(state.now(), if_match(&headers)?)?;
    let before = state.store().tokens().get(id, principal.reach()).await?.ok_or_else(no_token)?;
    check_change(&state, &before, &changes).await?;
    let record = state.store().tokens().update(id, principal.reach(), changes).await;
    let record = record?.ok_or_else(no_token)?;
    let changed = history::difference(&before, &record);
    history::note(&state, &principal, &record, "token.update", &changed).await;
    state.in_force().await;
    Ok(versioned(record.version, record.into()))
}

/// Deletes a token for good. What it spent stays in the books.
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", tag = "tokens",
    params(("id" = String, Path, description = "The token's id")),
    responses((status = 204), (status = "default", body = ErrorBody)))]
pub(crate) async fn delete_token(
    State(state): State<ApiState>,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let id = token_id(&id)?;
    let tokens = state.store().tokens();
    let before = tokens.get(id, principal.reach()).await?.ok_or_else(no_token)?;
    if !tokens.delete(id, principal.reach()).await? {
        return Err(no_token());
    }
    history::note(&state, &principal, &before, "token.delete", &json!({})).await;
    state.in_force().await;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) fn not_created(why: NotCreated) -> ApiError {
    match why {
        NotCreated::Limit(reached) => ApiError::token_limit(&reached),
        NotCreated::Repeat(repeat) => refused(repeat),
    }
}

/// A body and the version that `If-Match` may name.
pub(crate) type Versioned<T> = ([(HeaderName, String); 1], Json<T>);

pub(crate) fn versioned<T>(version: i64, body: T) -> Versioned<T> {
    ([(ETAG, format!("\"{version}\""))], Json(body))
}

/// The version that the caller's edit was made on.
pub(crate) fn if_match(headers: &HeaderMap) -> Result<Option<i64>, ApiError> {
    let Some(value) = headers.get(IF_MATCH) else { return Ok(None) };
    let version = value.to_str().ok().and_then(|text| text.trim_matches('"').parse().ok());
    version.map(Some).ok_or_else(|| ApiError::invalid("If-Match is the ETag of what is changed."))
}

pub(crate) fn token_id(text: &str) -> Result<ApiTokenId, ApiError> {
    text.parse().map_err(|_| no_token())
}

pub(crate) fn no_token() -> ApiError {
    ApiError::not_found("API token")
}
