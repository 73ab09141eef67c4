//! What else can be done with tokens: rotate one, create or change many, look behind one.

use std::fmt::Write as _;
use std::time::Duration;

use anc_domain::{ApiTokenId, TokenText, UnixMillis};
use anc_ledger::Period;
use anc_store::{TokenChanges, TokenRecord};
use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::api::token_advice::{Advice, advice_for};
use crate::api::token_body::{
    NewToken, Token, check_addresses, check_end, check_models, check_name, check_quota,
};
use crate::api::token_history as history;
use crate::api::token_tier::{check_change, end_of_new, group_of_new};
use crate::api::tokens::{CreatedToken, no_token, not_created, token_id};
use crate::error::{ApiError, ErrorBody};
use crate::idempotency::Once;
use crate::json;
use crate::principal::{Caller, Principal};
use crate::state::ApiState;

/// Tokens created or changed by one request.
const BATCH_MAX: usize = 100;
/// Addresses and notes of history that are shown.
const SHOWN_MAX: u32 = 100;

/// For how long the secret before goes on working.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
pub(crate) enum Overlap {
    #[serde(rename = "now")]
    Now,
    #[serde(rename = "1h")]
    Hour,
    #[serde(rename = "24h")]
    Day,
    #[serde(rename = "7d")]
    Week,
}

impl Overlap {
    fn until(self, now: UnixMillis) -> Option<UnixMillis> {
        let hours = match self {
            Self::Now => return None,
            Self::Hour => 1,
            Self::Day => 24,
            Self::Week => 7 * 24,
        };
        Some(now.plus(Duration::from_hours(hours)))
    }
}

/// How to rotate a token.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rotation {
    #[schema(inline)]
    overlap: Overlap,
}

/// Gives a token a new secret, which is in this answer and nowhere else, ever. Everything else of
/// the token stays.
#[utoipa::path(post, path = "/api/v1/tokens/{id}/rotate", tag = "tokens",
    params(("id" = String, Path, description = "The token's id")), request_body = Rotation,
    responses((status = 200, body = CreatedToken), (status = "default", body = ErrorBody)))]
pub(crate) async fn rotate_token(
    State(state): State<ApiState>,
    principal: Principal,
    Path(id): Path<String>,
    json::Json(body): json::Json<Rotation>,
) -> Result<Json<CreatedToken>, ApiError> {
    let id = token_id(&id)?;
    let text = TokenText::generate(&*state.shared.entropy);
    let secret = (text.secret().hash(), text.hint());
    let until = body.overlap.until(state.now());
    let rotated = state.store().tokens().rotate(id, principal.reach(), secret, until).await?;
    let record = rotated.ok_or_else(no_token)?;
    let detail = json!({ "old_secret_until": until.map(UnixMillis::to_rfc3339) });
    history::note(&state, &principal, &record, "token.rotate", &detail).await;
    state.in_force().await;
    let secret = text.secret().expose().to_owned();
    Ok(Json(CreatedToken { token: record.into(), secret }))
}

/// Many tokens of one kind.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTokens {
    /// What each of them is like; a number is added to the name.
    token: NewToken,
    /// How many: 1 to 100.
    #[schema(minimum = 1, maximum = 100)]
    count: usize,
}

/// The tokens, and the only sight of their secrets.
#[derive(Serialize, ToSchema)]
pub(crate) struct CreatedTokens {
    items: Vec<CreatedToken>,
    /// The same as a table: name, secret, quota, expiry.
    csv: String,
}

/// Creates several tokens. Their secrets are in this answer and nowhere else, ever. Where the
/// account's tier allows fewer, none is created.
#[utoipa::path(post, path = "/api/v1/tokens/batch", tag = "tokens", request_body = NewTokens,
    responses((status = 201, body = CreatedTokens), (status = "default", body = ErrorBody)))]
pub(crate) async fn create_tokens(
    State(state): State<ApiState>,
    principal: Principal,
    once: Once<NewTokens>,
) -> Result<(StatusCode, Json<CreatedTokens>), ApiError> {
    let (body, idempotency) = once.claim(&principal);
    if !(1..=BATCH_MAX).contains(&body.count) {
        return Err(ApiError::field("count", format!("Between 1 and {BATCH_MAX} tokens.")));
    }
    let kind = body.token;
    let account = principal.account(&state, kind.account.as_deref()).await?;
    let tier = &account.tier.terms;
    let group = group_of_new(&state, tier, kind.group.as_deref()).await?;
    let expires_at = end_of_new(tier, kind.expires_at.as_ref(), state.now())?;
    let texts: Vec<TokenText> =
        (0..body.count).map(|_| TokenText::generate(&*state.shared.entropy)).collect();
    let mut new = Vec::with_capacity(body.count);
    for (number, text) in (1..).zip(&texts) {
        new.push(anc_store::NewToken {
            account_id: account.id,
            name: check_name(&format!("{} {number}", kind.name))?,
            hash: text.secret().hash(),
            hint: text.hint(),
            quota: check_quota(kind.quota.as_deref())?,
            expires_at,
            models: check_models(&kind.models)?,
            ip_rules: check_addresses(&kind.ip_rules)?,
            enabled: kind.enabled,
            traits: kind.traits(group.clone())?,
        });
    }
    let created = state.store().tokens().create_all(new, idempotency.as_ref()).await?;
    let records = created.map_err(not_created)?;
    for record in &records {
        history::note(&state, &principal, record, "token.create", &json!({ "batch": body.count }))
            .await;
    }
    state.in_force().await;
    let secrets: Vec<String> = texts.iter().map(|text| text.secret().expose().to_owned()).collect();
    let csv = csv_of(&records, &secrets);
    let items = records
        .into_iter()
        .zip(secrets)
        .map(|(record, secret)| CreatedToken { token: record.into(), secret })
        .collect();
    Ok((StatusCode::CREATED, Json(CreatedTokens { items, csv })))
}

fn csv_of(records: &[TokenRecord], secrets: &[String]) -> String {
    let mut csv = String::from("name,secret,quota,expires_at\r\n");
    for (record, secret) in records.iter().zip(secrets) {
        let quota = record.quota.map(|quota| quota.to_string()).unwrap_or_default();
        let ends = record.expires_at.map(UnixMillis::to_rfc3339).unwrap_or_default();
        let name = crate::csv::cell(&record.name);
        let _ = write!(csv, "{name},{secret},{quota},{ends}\r\n");
    }
    csv
}

/// One thing to do with many tokens.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum BulkAction {
    Enable {
        ids: Vec<String>,
    },
    Disable {
        ids: Vec<String>,
    },
    Delete {
        ids: Vec<String>,
    },
    /// Sets when they expire; null: never.
    Expire {
        ids: Vec<String>,
        expires_at: Option<String>,
    },
    /// Adds dollars to the quotas of those that have one.
    AddQuota {
        ids: Vec<String>,
        amount: String,
    },
}

impl BulkAction {
    fn ids(&self) -> &[String] {
        match self {
            Self::Enable { ids }
            | Self::Disable { ids }
            | Self::Delete { ids }
            | Self::Expire { ids, .. }
            | Self::AddQuota { ids, .. } => ids,
        }
    }
}

/// How many were changed, and which could not be.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BulkOutcome {
    done: usize,
    /// Ids of tokens that there are not.
    missing: Vec<String>,
}

/// Does one thing with many tokens.
#[utoipa::path(post, path = "/api/v1/tokens/bulk", tag = "tokens", request_body = BulkAction,
    responses((status = 200, body = BulkOutcome), (status = "default", body = ErrorBody)))]
pub(crate) async fn change_tokens(
    State(state): State<ApiState>,
    principal: Principal,
    json::Json(body): json::Json<BulkAction>,
) -> Result<Json<BulkOutcome>, ApiError> {
    if body.ids().len() > BATCH_MAX {
        return Err(ApiError::field("ids", format!("At most {BATCH_MAX} tokens at once.")));
    }
    if let BulkAction::Expire { ids, expires_at } = &body {
        check_ends(&state, &principal, ids, expires_at.as_deref()).await?;
    }
    let (mut done, mut missing) = (0, Vec::new());
    for text in body.ids() {
        let found = match text.parse::<ApiTokenId>() {
            Ok(id) => change_one(&state, &principal, id, &body).await?,
            Err(_) => false,
        };
        if found {
            done += 1;
        } else {
            missing.push(text.clone());
        }
    }
    state.in_force().await;
    Ok(Json(BulkOutcome { done, missing }))
}

/// Whether every token may expire then: all of them or none is changed.
async fn check_ends(
    state: &ApiState,
    principal: &Principal,
    ids: &[String],
    end: Option<&str>,
) -> Result<(), ApiError> {
    let expires_at = Some(check_end(end, state.now())?);
    let changes = TokenChanges { expires_at, ..TokenChanges::default() };
    for id in ids.iter().filter_map(|text| text.parse::<ApiTokenId>().ok()) {
        if let Some(token) = state.store().tokens().get(id, principal.reach()).await? {
            check_change(state, &token, &changes).await?;
        }
    }
    Ok(())
}

async fn change_one(
    state: &ApiState,
    principal: &Principal,
    id: ApiTokenId,
    action: &BulkAction,
) -> Result<bool, ApiError> {
    let tokens = state.store().tokens();
    let Some(before) = tokens.get(id, principal.reach()).await? else { return Ok(false) };
    let changes = match action {
        BulkAction::Delete { .. } => {
            let deleted = tokens.delete(id, principal.reach()).await?;
            history::note(state, principal, &before, "token.delete", &json!({})).await;
            return Ok(deleted);
        }
        BulkAction::Enable { .. } | BulkAction::Disable { .. } => TokenChanges {
            enabled: Some(matches!(action, BulkAction::Enable { .. })),
            ..TokenChanges::default()
        },
        BulkAction::Expire { expires_at, .. } => TokenChanges {
            expires_at: Some(check_end(expires_at.as_deref(), state.now())?),
            ..TokenChanges::default()
        },
        BulkAction::AddQuota { amount, .. } => {
            let more = check_quota(Some(amount))?.unwrap_or_default();
            let quota = before.quota.map(|quota| quota.checked_add(more)).transpose();
            let quota =
                quota.map_err(|_| ApiError::field("amount", "The quota would be out of range."))?;
            TokenChanges { quota: Some(quota), ..TokenChanges::default() }
        }
    };
    let Some(after) = tokens.update(id, principal.reach(), changes).await? else {
        return Ok(false);
    };
    let changed = history::difference(&before, &after);
    history::note(state, principal, &after, "token.update", &changed).await;
    Ok(true)
}

/// What lies behind a token.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokenDetail {
    token: Token,
    /// Its budgets in their current windows.
    windows: Vec<BudgetWindow>,
    /// Secrets that were rotated away and still work.
    old_secrets: Vec<OldSecretView>,
    /// From where and with what it was used, latest first.
    clients: Vec<ClientView>,
    /// What became of it, newest first.
    history: Vec<HistoryEntry>,
    advice: Vec<Advice>,
}

#[derive(Debug, Serialize, ToSchema)]
struct BudgetWindow {
    /// `day`, `week` or `month`.
    period: &'static str,
    #[schema(value_type = String)]
    limit: anc_domain::NanoUsd,
    #[schema(value_type = String)]
    used: anc_domain::NanoUsd,
    #[schema(value_type = String)]
    remaining: anc_domain::NanoUsd,
    #[schema(format = DateTime)]
    resets_at: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct OldSecretView {
    hint: String,
    #[schema(format = DateTime)]
    valid_until: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct ClientView {
    address: String,
    agent: String,
    #[schema(format = DateTime)]
    first_used_at: String,
    #[schema(format = DateTime)]
    last_used_at: String,
    requests: u64,
}

#[derive(Debug, Serialize, ToSchema)]
struct HistoryEntry {
    #[schema(format = DateTime)]
    at: String,
    actor: String,
    action: String,
    /// For an update each field that changed, before and after.
    #[schema(value_type = Object)]
    detail: serde_json::Value,
    address: Option<String>,
}

/// Gives what lies behind a token: windows, old secrets, addresses, history, advice.
#[utoipa::path(get, path = "/api/v1/tokens/{id}/detail", tag = "tokens",
    params(("id" = String, Path, description = "The token's id")),
    responses((status = 200, body = TokenDetail), (status = "default", body = ErrorBody)))]
pub(crate) async fn get_token_detail(
    State(state): State<ApiState>,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<Json<TokenDetail>, ApiError> {
    let id = token_id(&id)?;
    let store = state.store();
    let record = store.tokens().get(id, principal.reach()).await?.ok_or_else(no_token)?;
    let account = store.accounts().get(record.account_id).await?.ok_or_else(no_token)?;
    let windows = store.tokens().windows(&record, &account).await?;
    let advice = advice_for(&record, &windows, state.now());
    let old_secrets = store.tokens().old_secrets(id).await?;
    let clients = store.usage().clients(id, SHOWN_MAX).await?;
    let notes = store.audits().of_object(id.as_i64(), SHOWN_MAX).await?;
    Ok(Json(TokenDetail {
        token: record.into(),
        windows: windows
            .into_iter()
            .map(|one| BudgetWindow {
                period: Period::name(one.period),
                limit: one.limit,
                used: one.used,
                remaining: one.remaining(),
                resets_at: one.ends_at.to_rfc3339(),
            })
            .collect(),
        old_secrets: old_secrets
            .into_iter()
            .map(|one| OldSecretView {
                hint: one.hint.to_string(),
                valid_until: one.valid_until.to_rfc3339(),
            })
            .collect(),
        clients: clients
            .into_iter()
            .map(|one| ClientView {
                address: one.address,
                agent: one.agent,
                first_used_at: one.first_used_at.to_rfc3339(),
                last_used_at: one.last_used_at.to_rfc3339(),
                requests: one.requests,
            })
            .collect(),
        history: notes
            .into_iter()
            .map(|note| HistoryEntry {
                at: note.created_at.to_rfc3339(),
                actor: note.actor,
                action: note.action,
                detail: serde_json::from_str(&note.detail).unwrap_or_default(),
                address: note.address,
            })
            .collect(),
        advice,
    }))
}

/// Whether an address would pass.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddressQuestion {
    /// Addresses or ranges, as a token has them.
    ip_rules: Vec<String>,
    /// Absent: the caller's own.
    #[serde(default)]
    address: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AddressAnswer {
    /// The address that was looked at.
    address: String,
    allowed: bool,
}

/// Tells whether a token with these rules could be used from an address.
#[utoipa::path(post, path = "/api/v1/address-check", tag = "tokens",
    request_body = AddressQuestion,
    responses((status = 200, body = AddressAnswer), (status = "default", body = ErrorBody)))]
pub(crate) async fn check_address(
    _principal: Principal,
    Caller(caller): Caller,
    json::Json(body): json::Json<AddressQuestion>,
) -> Result<Json<AddressAnswer>, ApiError> {
    let rules = check_addresses(&body.ip_rules)?;
    let address = match body.address.as_deref() {
        None => caller,
        Some(text) => text.parse().map_err(|_| ApiError::field("address", "Not an IP address."))?,
    };
    let allowed = rules.allow(address);
    Ok(Json(AddressAnswer { address: address.to_canonical().to_string(), allowed }))
}
