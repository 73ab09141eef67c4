//! Who changed what: the notes that were kept.

use anc_domain::{
    AccountId, ApiTokenId, ChannelId, InvitationId, ManagementKeyId, PaymentId, TierId, UnixMillis,
    UserId,
};
use anc_store::{AuditEntry, AuditQuery};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::error::{ApiError, ErrorBody};
use crate::principal::Principal;
use crate::state::ApiState;

const PAGE_DEFAULT: u32 = 50;
const PAGE_MAX: u32 = 200;
const TEXT_BYTES_MAX: usize = 256;

/// Which notes to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditFilter {
    /// Only of actors whose name contains this.
    actor: Option<String>,
    /// Only of actions that begin with this: `token.` or `token.create`.
    action: Option<String>,
    /// Only about the object of this id.
    object: Option<String>,
    /// Only about what is this account's, by its id or its owner's email.
    account: Option<String>,
    /// Only from this time on.
    since: Option<String>,
    /// Only before this time.
    until: Option<String>,
    /// How many at most, 1 to 200.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Something that was changed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditedChange {
    #[schema(format = DateTime)]
    created_at: String,
    /// An email address, with a management key's name behind it, or the command line.
    actor: String,
    /// `token.create`, `user.update` …
    action: String,
    /// The id of what was changed, where it is known of which kind it is.
    #[schema(required)]
    object: Option<String>,
    /// The account that it belongs to.
    #[schema(required)]
    account: Option<String>,
    /// What changed, without secrets: a field with two values is as it was and as it is.
    #[schema(value_type = Object)]
    detail: Value,
    /// From where.
    #[schema(required)]
    address: Option<String>,
}

/// A page of changes, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditList {
    items: Vec<AuditedChange>,
    #[schema(required)]
    next_cursor: Option<String>,
}

/// Lists who changed what, newest first; for operators.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit", params(AuditFilter),
    responses((status = 200, body = AuditList), (status = "default", body = ErrorBody)))]
pub(crate) async fn list_audit(
    State(state): State<ApiState>,
    principal: Principal,
    query: Result<Query<AuditFilter>, QueryRejection>,
) -> Result<Json<AuditList>, ApiError> {
    principal.operator()?;
    let Query(query) = query.map_err(|rejection| ApiError::invalid(rejection.body_text()))?;
    let limit = query.limit.unwrap_or(PAGE_DEFAULT);
    if !(1..=PAGE_MAX).contains(&limit) {
        return Err(ApiError::field("limit", format!("A page has 1 to {PAGE_MAX} changes.")));
    }
    let account = match &query.account {
        Some(named) => Some(principal.account(&state, Some(named)).await?.id),
        None => None,
    };
    let cursor = query.cursor.map(|text| text.parse().ok().filter(|seq: &i64| *seq > 0));
    let wanted = AuditQuery {
        actor: check_text("actor", query.actor)?,
        action: check_text("action", query.action)?,
        object: query.object.as_deref().map(number).transpose()?,
        account,
        since: time("since", query.since.as_deref())?,
        until: time("until", query.until.as_deref())?,
        before: cursor
            .map(|seq| seq.ok_or_else(|| ApiError::field("cursor", "Not a cursor of this list.")))
            .transpose()?,
        limit,
    };
    let page = state.store().audits().page(&wanted).await?;
    let items = page.items.into_iter().map(shown).collect();
    Ok(Json(AuditList { items, next_cursor: page.next.map(|seq| seq.to_string()) }))
}

fn check_text(field: &'static str, text: Option<String>) -> Result<Option<String>, ApiError> {
    // PostgreSQL has no text with a NUL.
    if text.as_ref().is_some_and(|text| text.len() > TEXT_BYTES_MAX || text.contains('\0')) {
        return Err(ApiError::field(field, "Nothing is called so."));
    }
    Ok(text.filter(|text| !text.is_empty()))
}

fn time(field: &'static str, text: Option<&str>) -> Result<Option<UnixMillis>, ApiError> {
    text.map(|text| {
        UnixMillis::parse_rfc3339(text)
            .ok_or_else(|| ApiError::field(field, "Not a time as in RFC 3339."))
    })
    .transpose()
}

/// The number of an id of any kind.
fn number(text: &str) -> Result<i64, ApiError> {
    macro_rules! of_kinds {
        ($($kind:ty)*) => {
            None$(.or_else(|| text.parse::<$kind>().ok().map(<$kind>::as_i64)))*
        };
    }
    of_kinds!(
        AccountId ApiTokenId ChannelId InvitationId ManagementKeyId PaymentId TierId UserId
    )
    .ok_or_else(|| ApiError::field("object", "This is the id of nothing."))
}

/// An object's id, whose kind the action tells.
fn id_of(action: &str, object: i64) -> Option<String> {
    let (kind, _) = action.split_once('.')?;
    Some(match kind {
        "token" => ApiTokenId::from_i64(object).to_string(),
        "user" | "factor" => UserId::from_i64(object).to_string(),
        "account" => AccountId::from_i64(object).to_string(),
        "channel" => ChannelId::from_i64(object).to_string(),
        "invitation" => InvitationId::from_i64(object).to_string(),
        "management_key" => ManagementKeyId::from_i64(object).to_string(),
        "payment" => PaymentId::from_i64(object).to_string(),
        "tier" => TierId::from_i64(object).to_string(),
        _ => return None,
    })
}

fn shown(entry: AuditEntry) -> AuditedChange {
    AuditedChange {
        created_at: entry.created_at.to_rfc3339(),
        object: entry.object.and_then(|object| id_of(&entry.action, object)),
        actor: entry.actor,
        action: entry.action,
        account: entry.account.map(|account| account.to_string()),
        detail: serde_json::from_str(&entry.detail).unwrap_or_default(),
        address: entry.address,
    }
}
