//! Redemption codes, as operators make, list and end them.

use std::fmt::Write as _;
use std::net::IpAddr;

use anc_domain::{CodeBatchId, NanoUsd, RedemptionCode, RedemptionCodeId, UnixMillis};
use anc_store::{AuditNote, CodeQuery, CodeStatus, NewCodeBatch, RedemptionCodeRecord};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use crate::audit;
use crate::error::{ApiError, ErrorBody};
use crate::idempotency::{Once, refused};
use crate::principal::{Caller, Principal};
use crate::redemption::RedemptionSettings;
use crate::state::ApiState;

const PAGE_DEFAULT: u32 = 50;
const NOTE_CHARS_MAX: usize = 100;

/// A redemption code. Its text was shown once.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CodeShown {
    id: String,
    /// The codes that were made together.
    batch: String,
    /// What the operator calls them.
    note: String,
    /// The code's first group and its last.
    hint: String,
    /// What each use is worth.
    #[schema(value_type = String)]
    amount: NanoUsd,
    /// How often it may be redeemed.
    uses: u64,
    /// How often it was.
    used: u64,
    /// Whether each account may redeem it no more than once.
    once_per_account: bool,
    #[schema(inline)]
    state: CodeState,
    /// When it stops working; null: never.
    #[schema(required, format = DateTime)]
    expires_at: Option<String>,
    #[schema(required, format = DateTime)]
    revoked_at: Option<String>,
    #[schema(required)]
    revoked_by: Option<String>,
    created_by: String,
    #[schema(format = DateTime)]
    created_at: String,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CodeState {
    /// May be redeemed.
    Open,
    /// Redeemed as often as it may be.
    UsedUp,
    /// Ended by an operator before that.
    Revoked,
    /// Expired before that.
    Expired,
}

/// Redemption codes, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CodeList {
    items: Vec<CodeShown>,
    /// Where the next page begins; null on the last one.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// Which codes.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CodeParams {
    /// How many at most: 1 to 200, 50 where absent.
    limit: Option<u32>,
    /// Where the page before ended.
    cursor: Option<String>,
    /// Only those that were made together, by their batch.
    batch: Option<String>,
    /// Only those in that state.
    #[param(inline)]
    state: Option<CodeState>,
}

/// A batch of codes to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CodesToMake {
    /// How many: 1 to the setting `redemption_codes.batch_codes_max`.
    #[schema(minimum = 1)]
    count: u32,
    /// What each use of each is worth, in dollars.
    #[schema(value_type = String)]
    amount: NanoUsd,
    /// How often each may be redeemed: once where absent.
    #[schema(minimum = 1)]
    uses: Option<u32>,
    /// Whether one account may redeem the same code more than once: not where absent.
    #[serde(default)]
    again_by_account: bool,
    /// When they stop working; absent or null: never.
    #[serde(default)]
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// What the operator calls them, at most 100 characters.
    #[serde(default)]
    note: String,
}

/// A new batch, and the only sight of its codes.
// Not `Debug`: the codes are worth money.
#[derive(Serialize, ToSchema)]
pub(crate) struct CodesMade {
    batch: String,
    items: Vec<CodeMade>,
    /// The same as a table: code, amount, uses, expiry, note.
    csv: String,
}

/// A new code.
#[derive(Serialize, ToSchema)]
pub(crate) struct CodeMade {
    id: String,
    code: String,
}

/// A code with its latest uses.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CodeDetail {
    code: CodeShown,
    /// The newest first.
    redemptions: Vec<CodeUse>,
    /// Where the next page of uses begins; null on the last one.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// One use of a code.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CodeUse {
    id: String,
    /// Which of the code's uses, from one on.
    number: u64,
    account: String,
    /// Who redeemed it.
    email: String,
    #[schema(value_type = String)]
    amount: NanoUsd,
    #[schema(format = DateTime)]
    created_at: String,
}

/// Which uses of a code.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CodeUseParams {
    /// How many at most: 1 to 200, 50 where absent.
    limit: Option<u32>,
    /// Where the page before ended.
    cursor: Option<String>,
}

/// How many codes were ended.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CodesRevoked {
    revoked: u64,
}

/// Makes redemption codes; for operators. The codes are in this answer and nowhere else, ever.
#[utoipa::path(post, path = "/api/v1/redemption-codes", tag = "redemption codes",
    request_body = CodesToMake,
    responses((status = 201, body = CodesMade), (status = "default", body = ErrorBody)))]
pub(crate) async fn create_codes(
    State(state): State<ApiState>,
    principal: Principal,
    Caller(address): Caller,
    once: Once<CodesToMake>,
) -> Result<(StatusCode, Json<CodesMade>), ApiError> {
    principal.operator()?;
    let (body, idempotency) = once.claim(&principal);
    let settings = &state.shared.settings.redemption;
    let codes: Vec<RedemptionCode> = (0..check_count(settings, body.count)?)
        .map(|_| RedemptionCode::generate(&*state.shared.entropy))
        .collect();
    let new = NewCodeBatch {
        note: check_note(&body.note)?,
        amount: check_amount(settings, body.amount)?,
        uses: check_uses(settings, body.uses.unwrap_or(1))?,
        once_per_account: !body.again_by_account,
        expires_at: check_end(body.expires_at.as_deref(), state.now())?,
        created_by: principal.actor().to_owned(),
        codes: codes.iter().map(|code| (code.secret().hash(), code.hint())).collect(),
    };
    let csv = csv_of(&new, &codes);
    let detail = json!({ "codes": codes.len(), "amount": new.amount, "uses": new.uses,
        "note": new.note });
    let made = state.store().redemption_codes().create(new, idempotency.as_ref()).await?;
    let made = made.map_err(refused)?;
    let object = made.id.as_i64();
    note(&state, &principal, "redemption_codes.create", object, &detail, address).await;
    let items = made
        .codes
        .iter()
        .zip(&codes)
        .map(|(id, code)| CodeMade { id: id.to_string(), code: code.secret().expose().to_owned() });
    let made = CodesMade { batch: made.id.to_string(), items: items.collect(), csv };
    Ok((StatusCode::CREATED, Json(made)))
}

/// Lists redemption codes, newest first; for operators.
#[utoipa::path(get, path = "/api/v1/redemption-codes", tag = "redemption codes",
    params(CodeParams),
    responses((status = 200, body = CodeList), (status = "default", body = ErrorBody)))]
pub(crate) async fn list_codes(
    State(state): State<ApiState>,
    principal: Principal,
    asked: Result<Query<CodeParams>, QueryRejection>,
) -> Result<Json<CodeList>, ApiError> {
    principal.operator()?;
    let Query(asked) = asked.map_err(|rejection| ApiError::invalid(rejection.body_text()))?;
    let batch = asked.batch.as_deref().map(str::parse).transpose();
    let batch = batch.map_err(|_| ApiError::field("batch", "Not a batch of codes."))?;
    let query = CodeQuery {
        batch,
        status: asked.state.map(CodeState::status),
        limit: asked.limit.unwrap_or(PAGE_DEFAULT),
        cursor: asked.cursor,
    };
    let page = state.store().redemption_codes().page(&query).await?;
    let now = state.now();
    Ok(Json(CodeList {
        items: page.items.into_iter().map(|code| CodeShown::of(code, now)).collect(),
        next_cursor: page.next_cursor,
    }))
}

/// Gives one code, and who redeemed it when; for operators.
#[utoipa::path(get, path = "/api/v1/redemption-codes/{id}", tag = "redemption codes",
    params(("id" = String, Path, description = "The code's id"), CodeUseParams),
    responses((status = 200, body = CodeDetail), (status = "default", body = ErrorBody)))]
pub(crate) async fn get_code(
    State(state): State<ApiState>,
    principal: Principal,
    Path(id): Path<String>,
    asked: Result<Query<CodeUseParams>, QueryRejection>,
) -> Result<Json<CodeDetail>, ApiError> {
    principal.operator()?;
    let Query(asked) = asked.map_err(|rejection| ApiError::invalid(rejection.body_text()))?;
    let id = code_id(&id)?;
    let codes = state.store().redemption_codes();
    let code = codes.get(id).await?.ok_or_else(no_code)?;
    let limit = asked.limit.unwrap_or(PAGE_DEFAULT);
    let page = codes.redemptions(id, limit, asked.cursor.as_deref()).await?;
    let uses = page.items.into_iter().map(|one| CodeUse {
        id: one.id.to_string(),
        number: one.number,
        account: one.account_id.to_string(),
        email: one.email,
        amount: one.amount,
        created_at: one.created_at.to_rfc3339(),
    });
    Ok(Json(CodeDetail {
        code: CodeShown::of(code, state.now()),
        redemptions: uses.collect(),
        next_cursor: page.next_cursor,
    }))
}

/// Ends what is left of a code; for operators. What was redeemed stays.
#[utoipa::path(post, path = "/api/v1/redemption-codes/{id}/revoke", tag = "redemption codes",
    params(("id" = String, Path, description = "The code's id")),
    responses((status = 200, body = CodeShown), (status = "default", body = ErrorBody)))]
pub(crate) async fn revoke_code(
    State(state): State<ApiState>,
    principal: Principal,
    Caller(address): Caller,
    Path(id): Path<String>,
) -> Result<Json<CodeShown>, ApiError> {
    principal.operator()?;
    let id = code_id(&id)?;
    let codes = state.store().redemption_codes();
    let revoked = codes.revoke(id, principal.actor()).await?;
    let code = codes.get(id).await?.ok_or_else(no_code)?;
    if revoked {
        let detail = json!({ "left": code.uses - code.used });
        let action = "redemption_code.revoke";
        note(&state, &principal, action, id.as_i64(), &detail, address).await;
    }
    Ok(Json(CodeShown::of(code, state.now())))
}

/// Ends what is left of all codes that were made together; for operators.
#[utoipa::path(post, path = "/api/v1/redemption-batches/{id}/revoke", tag = "redemption codes",
    params(("id" = String, Path, description = "The batch's id")),
    responses((status = 200, body = CodesRevoked), (status = "default", body = ErrorBody)))]
pub(crate) async fn revoke_codes(
    State(state): State<ApiState>,
    principal: Principal,
    Caller(address): Caller,
    Path(id): Path<String>,
) -> Result<Json<CodesRevoked>, ApiError> {
    principal.operator()?;
    let nothing = || ApiError::not_found("batch of codes");
    let id: CodeBatchId = id.parse().map_err(|_| nothing())?;
    let revoked = state.store().redemption_codes().revoke_batch(id, principal.actor()).await?;
    let revoked = revoked.ok_or_else(nothing)?;
    if revoked > 0 {
        let detail = json!({ "codes": revoked });
        let action = "redemption_codes.revoke";
        note(&state, &principal, action, id.as_i64(), &detail, address).await;
    }
    Ok(Json(CodesRevoked { revoked }))
}

fn no_code() -> ApiError {
    ApiError::not_found("redemption code")
}

fn code_id(text: &str) -> Result<RedemptionCodeId, ApiError> {
    text.parse().map_err(|_| no_code())
}

fn check_count(settings: &RedemptionSettings, count: u32) -> Result<u32, ApiError> {
    let most = settings.batch_codes_max;
    if (1..=most).contains(&count) {
        return Ok(count);
    }
    Err(ApiError::field("count", format!("Between 1 and {most} codes.")))
}

fn check_amount(settings: &RedemptionSettings, amount: NanoUsd) -> Result<NanoUsd, ApiError> {
    let most = settings.amount_max;
    if amount > NanoUsd::ZERO && amount <= most {
        return Ok(amount);
    }
    Err(ApiError::field("amount", format!("Above zero, and at most ${most}.")))
}

fn check_uses(settings: &RedemptionSettings, uses: u32) -> Result<u32, ApiError> {
    let most = settings.uses_max;
    if (1..=most).contains(&uses) {
        return Ok(uses);
    }
    Err(ApiError::field("uses", format!("Between 1 and {most} uses of each code.")))
}

fn check_end(end: Option<&str>, now: UnixMillis) -> Result<Option<UnixMillis>, ApiError> {
    let Some(text) = end else { return Ok(None) };
    match UnixMillis::parse_rfc3339(text) {
        Some(end) if end > now => Ok(Some(end)),
        Some(_) => Err(ApiError::field("expires_at", "A code expires in the future.")),
        None => Err(ApiError::field("expires_at", "A time looks like 2027-01-31T18:00:00Z.")),
    }
}

fn check_note(text: &str) -> Result<String, ApiError> {
    let text = text.trim();
    if text.chars().count() <= NOTE_CHARS_MAX && !text.chars().any(char::is_control) {
        return Ok(text.to_owned());
    }
    Err(ApiError::field("note", format!("At most {NOTE_CHARS_MAX} characters of one line.")))
}

fn csv_of(batch: &NewCodeBatch, codes: &[RedemptionCode]) -> String {
    let mut csv = String::from("code,amount,uses,expires_at,note\r\n");
    let ends = batch.expires_at.map(UnixMillis::to_rfc3339).unwrap_or_default();
    let note = crate::csv::cell(&batch.note);
    for code in codes {
        let code = code.secret().expose();
        let _ = write!(csv, "{code},{},{},{ends},{note}\r\n", batch.amount, batch.uses);
    }
    csv
}

async fn note(
    state: &ApiState,
    principal: &Principal,
    action: &'static str,
    object: i64,
    detail: &serde_json::Value,
    address: IpAddr,
) {
    let note = AuditNote {
        actor: principal.actor(),
        action,
        object: Some(object),
        account: None,
        detail: detail.to_string(),
        address: Some(address.to_canonical().to_string()),
    };
    audit::keep(state, note).await;
}

impl CodeState {
    const fn of(status: CodeStatus) -> Self {
        match status {
            CodeStatus::Open => Self::Open,
            CodeStatus::UsedUp => Self::UsedUp,
            CodeStatus::Revoked => Self::Revoked,
            CodeStatus::Expired => Self::Expired,
        }
    }

    const fn status(self) -> CodeStatus {
        match self {
            Self::Open => CodeStatus::Open,
            Self::UsedUp => CodeStatus::UsedUp,
            Self::Revoked => CodeStatus::Revoked,
            Self::Expired => CodeStatus::Expired,
        }
    }
}

impl CodeShown {
    fn of(code: RedemptionCodeRecord, now: UnixMillis) -> Self {
        let state = CodeState::of(code.status(now));
        let (revoked_at, revoked_by) = code.revoked.unzip();
        Self {
            id: code.id.to_string(),
            batch: code.batch_id.to_string(),
            note: code.note,
            hint: code.hint.to_string(),
            amount: code.amount,
            uses: code.uses,
            used: code.used,
            once_per_account: code.once_per_account,
            state,
            expires_at: code.expires_at.map(UnixMillis::to_rfc3339),
            revoked_at: revoked_at.map(UnixMillis::to_rfc3339),
            revoked_by,
            created_by: code.created_by,
            created_at: code.created_at.to_rfc3339(),
        }
    }
}
