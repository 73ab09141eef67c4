//! The statement as a table, sent page by page.

use anc_store::StatementQuery;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;

use crate::api::statement::{Movement, PAGE_MAX, StatementParams};
use crate::csv::{self, Pages, ROWS_MAX, cell};
use crate::error::{ApiError, ErrorBody};
use crate::principal::Principal;
use crate::state::ApiState;

const HEAD: &str = "time,kind,amount,balance,requests,since,until,reason,reference\r\n";

/// What is still to be sent.
struct Export {
    state: ApiState,
    /// `None` when the last page was read.
    wanted: Option<StatementQuery>,
    rows: usize,
}

/// The same statement as a table, read in short pages as it is sent.
#[utoipa::path(get, path = "/api/v1/statement.csv", tag = "account", params(StatementParams),
    responses((status = 200, content_type = "text/csv", body = String),
              (status = "default", body = ErrorBody)))]
pub(crate) async fn export_statement(
    State(state): State<ApiState>,
    principal: Principal,
    query: Result<Query<StatementParams>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(query) = query.map_err(|rejection| ApiError::invalid(rejection.body_text()))?;
    let wanted = StatementQuery { limit: PAGE_MAX, ..query.check(&state, &principal).await? };
    csv::send("statement.csv", HEAD, Export { state, wanted: Some(wanted), rows: 0 }).await
}

impl Pages for Export {
    async fn page(&mut self) -> Result<Option<String>, ApiError> {
        let Some(wanted) = self.wanted.take() else { return Ok(None) };
        let page = self.state.store().statements().page(&wanted).await?;
        self.rows += page.lines.len();
        if let Some(before) = page.next.filter(|_| self.rows < ROWS_MAX) {
            self.wanted = Some(StatementQuery { before: Some(before), ..wanted });
        }
        Ok(Some(page.lines.into_iter().map(|line| csv_row(&line.into())).collect()))
    }
}

fn csv_row(line: &Movement) -> String {
    let usage = line.usage.as_ref();
    let cells = [
        line.time.clone(),
        line.kind.to_owned(),
        line.amount.to_string(),
        line.balance.to_string(),
        usage.map(|day| day.requests.to_string()).unwrap_or_default(),
        usage.map(|day| day.since.clone()).unwrap_or_default(),
        usage.map(|day| day.until.clone()).unwrap_or_default(),
        cell(line.reason.as_deref().unwrap_or_default()),
        cell(line.reference.as_deref().unwrap_or_default()),
    ];
    format!("{}\r\n", cells.join(","))
}
