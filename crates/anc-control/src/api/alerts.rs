//! What people are told without asking.

use anc_domain::AlertId;
use anc_store::{AlertReader, AlertRecord, StoreError};
use axum::Json as Answer;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::alerts::AlertDetail;
use crate::error::{ApiError, ErrorBody};
use crate::json::Json;
use crate::principal::Principal;
use crate::state::ApiState;

const PAGE_DEFAULT: u32 = 50;

/// Something that people were told.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Alert {
    id: String,
    /// `low_balance`, `token_quota`, `token_budget`, `token_expiry`, `unusual_spend`, `new_network`;
    /// for operators `suspect_usage`, `channel_failing`.
    kind: &'static str,
    #[schema(format = DateTime)]
    created_at: String,
    /// Whose it is; null where it is the operators'.
    #[schema(required)]
    account: Option<String>,
    /// The token that it is about.
    #[schema(required)]
    token: Option<String>,
    /// The channel that it is about.
    #[schema(required)]
    channel: Option<String>,
    /// Whether the caller has seen it.
    seen: bool,
    detail: AlertDetail,
}

/// Alerts, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AlertList {
    items: Vec<Alert>,
    /// How many the caller has not seen.
    unseen: u64,
    /// Where the next page begins; null on the last one.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// Which alerts.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AlertParams {
    /// How many at most: 1 to 200, 50 where absent.
    limit: Option<u32>,
    /// Where the page before ended.
    cursor: Option<String>,
}

/// Up to where the caller has seen theirs.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AlertsSeen {
    /// The newest that was seen.
    #[schema(value_type = String)]
    upto: AlertId,
}

/// Lists the alerts of the caller's account, and for operators those of the instance.
#[utoipa::path(get, path = "/api/v1/alerts", tag = "alerts", params(AlertParams),
    responses((status = 200, body = AlertList), (status = "default", body = ErrorBody)))]
pub(crate) async fn list_alerts(
    State(state): State<ApiState>,
    principal: Principal,
    query: Result<Query<AlertParams>, QueryRejection>,
) -> Result<Answer<AlertList>, ApiError> {
    let Query(query) = query.map_err(|rejection| ApiError::invalid(rejection.body_text()))?;
    let alerts = state.store().alerts();
    let (reader, user) = reader_of(&state, &principal).await?;
    let limit = query.limit.unwrap_or(PAGE_DEFAULT);
    let page = alerts.page(&reader, limit, query.cursor.as_deref()).await;
    let page = page.map_err(|error| match error {
        StoreError::Conflict(_) => ApiError::field("cursor", "Not a cursor of this list."),
        other => other.into(),
    })?;
    let (seen, unseen) = match user {
        Some(user) => alerts.unseen(user, &reader).await?,
        // The command line notes nothing of what it has seen.
        None => (None, 0),
    };
    Ok(Answer(AlertList {
        items: page.items.iter().map(|alert| shown(alert, seen)).collect(),
        unseen,
        next_cursor: page.next_cursor,
    }))
}

/// Notes that the caller has seen their alerts.
#[utoipa::path(post, path = "/api/v1/alerts/seen", tag = "alerts", request_body = AlertsSeen,
    responses((status = 204), (status = "default", body = ErrorBody)))]
pub(crate) async fn see_alerts(
    State(state): State<ApiState>,
    principal: Principal,
    Json(body): Json<AlertsSeen>,
) -> Result<StatusCode, ApiError> {
    let user = principal.user()?;
    state.store().alerts().saw(user.id, body.upto).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn reader_of(
    state: &ApiState,
    principal: &Principal,
) -> Result<(AlertReader, Option<anc_domain::UserId>), ApiError> {
    let user = match principal {
        Principal::User(user) | Principal::Key(user, _) => Some(user),
        Principal::LocalOperator => None,
    };
    let operators = match user {
        _ if !principal.is_operator() => None,
        // What they turned off they are not shown.
        Some(user) => Some(state.store().alerts().preference(user.account_id).await?.off),
        None => Some(Vec::new()),
    };
    let reader = AlertReader { account: user.map(|user| user.account_id), operators };
    Ok((reader, user.map(|user| user.id)))
}

fn shown(alert: &AlertRecord, seen: Option<AlertId>) -> Alert {
    Alert {
        id: alert.id.to_string(),
        kind: alert.kind.name(),
        created_at: alert.created_at.to_rfc3339(),
        account: alert.account.map(|id| id.to_string()),
        token: alert.token.map(|id| id.to_string()),
        channel: alert.channel.map(|id| id.to_string()),
        seen: seen.is_some_and(|upto| alert.id <= upto),
        detail: AlertDetail::from_text(&alert.detail),
    }
}
