//! What one request used and cost.

use std::collections::BTreeMap;

use anc_domain::{NanoUsd, RequestId};
use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{ApiError, ErrorBody};
use crate::principal::Principal;
use crate::state::ApiState;

/// A finished request. The flags say how far its figures are the provider's own.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UsageOfRequest {
    request_id: String,
    account_id: String,
    token_id: String,
    model: String,
    /// The channel that answered; for operators only.
    channel_id: Option<String>,
    /// Units by meter; the meters do not overlap.
    units: BTreeMap<&'static str, u64>,
    #[schema(value_type = String)]
    charge: NanoUsd,
    /// What was reserved for it.
    #[schema(value_type = String)]
    held: NanoUsd,
    /// How it ended.
    end_reason: &'static str,
    /// Our own count stands where the provider's would.
    estimated: bool,
    /// The provider's report cannot be, or contradicts itself.
    suspect: bool,
    stream: bool,
    started_at: String,
    ended_at: String,
    first_token_ms: Option<u32>,
    total_ms: Option<u32>,
    attempts: u32,
    client_address: Option<String>,
    client_agent: Option<String>,
}

/// Gives what a request used, by the id in its answer's `x-request-id`.
#[utoipa::path(get, path = "/api/v1/usage/{request_id}", tag = "usage",
    params(("request_id" = String, Path, description = "The request's id")),
    responses((status = 200, body = UsageOfRequest), (status = "default", body = ErrorBody)))]
pub(crate) async fn get_usage(
    State(state): State<ApiState>,
    principal: Principal,
    Path(request_id): Path<String>,
) -> Result<Json<UsageOfRequest>, ApiError> {
    let unknown = || ApiError::not_found("request");
    let id: RequestId = request_id.parse().map_err(|_| unknown())?;
    let found = state.store().usage().by_request(id).await?;
    let row = found
        .filter(|row| principal.reach().is_none_or(|own| own == row.account_id))
        .ok_or_else(unknown)?;
    let channel_id = row.channel_id.filter(|_| principal.is_operator());
    Ok(Json(UsageOfRequest {
        request_id: row.request_id.to_string(),
        account_id: row.account_id.to_string(),
        token_id: row.token_id.to_string(),
        model: row.model.to_string(),
        channel_id: channel_id.map(|id| id.to_string()),
        units: row.usage.counted().map(|(meter, units)| (meter.name(), units)).collect(),
        charge: row.charge,
        held: row.held,
        end_reason: row.end_reason.name(),
        estimated: row.estimated,
        suspect: row.suspect,
        stream: row.stream,
        started_at: row.started_at.to_rfc3339(),
        ended_at: row.created_at.to_rfc3339(),
        first_token_ms: row.first_token_ms,
        total_ms: row.total_ms,
        attempts: row.attempts,
        client_address: row.client_address,
        client_agent: row.client_agent,
    }))
}
