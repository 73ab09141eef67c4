//! The log as a table, sent page by page.

use anc_store::LogQuery;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;

use crate::api::usage::{Names, PAGE_MAX, UsageOfRequest, UsageQuery};
use crate::csv::{self, Pages, ROWS_MAX, cell};
use crate::error::{ApiError, ErrorBody};
use crate::principal::Principal;
use crate::state::ApiState;

const HEAD: &str = "time,request_id,account,token,model,channel,input,cached_input,cache_write,output,\
                    reasoning,charge,end_reason,estimated,stream,first_token_ms,total_ms,\
                    client_address,client_agent";
/// What operators see beside it.
const OPERATORS_HEAD: &str = ",own_cost,margin";

/// What is still to be sent.
struct Export {
    state: ApiState,
    names: Names,
    operator: bool,
    /// `None` when the last page was read.
    wanted: Option<LogQuery>,
    rows: usize,
}

/// The same list as a table, read in short pages as it is sent.
#[utoipa::path(get, path = "/api/v1/usage.csv", tag = "usage", params(UsageQuery),
    responses((status = 200, content_type = "text/csv", body = String),
              (status = "default", body = ErrorBody)))]
pub(crate) async fn export_usage(
    State(state): State<ApiState>,
    principal: Principal,
    query: Result<Query<UsageQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(query) = query.map_err(|rejection| ApiError::invalid(rejection.body_text()))?;
    let wanted = LogQuery { limit: PAGE_MAX, ..query.check(&state, &principal).await? };
    let names = Names::of(&state, &principal, std::iter::empty()).await?;
    let operator = principal.is_operator();
    let head = format!("{HEAD}{}\r\n", if operator { OPERATORS_HEAD } else { "" });
    let export = Export { state, names, operator, wanted: Some(wanted), rows: 0 };
    csv::send("usage.csv", &head, export).await
}

impl Pages for Export {
    async fn page(&mut self) -> Result<Option<String>, ApiError> {
        let Some(wanted) = self.wanted.take() else { return Ok(None) };
        let page = self.state.store().usage().log(&wanted).await?;
        self.rows += page.items.len();
        let used = page.items.iter().map(|row| (row.token_id, row.account_id));
        self.names.add(&self.state, used).await?;
        if let Some(before) = page.next.filter(|_| self.rows < ROWS_MAX) {
            self.wanted = Some(LogQuery { before: Some(before), ..wanted });
        }
        let row = |row| csv_row(&self.names.shown(row), self.operator);
        Ok(Some(page.items.iter().map(row).collect()))
    }
}

fn csv_row(row: &UsageOfRequest, operator: bool) -> String {
    let units =
        |names: &[&str]| -> u64 { names.iter().filter_map(|name| row.units.get(name)).sum() };
    let number = |value: Option<u32>| value.map(|value| value.to_string()).unwrap_or_default();
    let cells = [
        row.ended_at.clone(),
        row.request_id.clone(),
        row.account_id.clone(),
        cell(row.token_name.as_deref().unwrap_or(&row.token_id)),
        cell(&row.model),
        cell(row.channel_name.as_deref().unwrap_or_default()),
        units(&["input", "input_audio"]).to_string(),
        units(&["cached_input"]).to_string(),
        units(&["cache_write_5m", "cache_write_1h", "cache_write_other"]).to_string(),
        units(&["output", "output_audio"]).to_string(),
        units(&["reasoning"]).to_string(),
        row.charge.to_string(),
        row.end_reason.to_owned(),
        row.estimated.to_string(),
        row.stream.to_string(),
        number(row.first_token_ms),
        number(row.total_ms),
        cell(row.client_address.as_deref().unwrap_or_default()),
        cell(row.client_agent.as_deref().unwrap_or_default()),
    ];
    let mut line = cells.join(",");
    if operator {
        let cost = row.own_cost.as_ref();
        for amount in [cost.map(|cost| cost.amount), cost.map(|cost| cost.margin)] {
            line.push(',');
            line.extend(amount.map(|amount| amount.to_string()));
        }
    }
    line.push_str("\r\n");
    line
}
