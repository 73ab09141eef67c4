//! What moved an account's balance.

use anc_domain::{NanoUsd, UnixMillis};
use anc_store::{LineKind, LinePlace, StatementLine, StatementQuery};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::error::{ApiError, ErrorBody};
use crate::principal::Principal;
use crate::state::ApiState;

const PAGE_DEFAULT: u32 = 50;
pub(super) const PAGE_MAX: u32 = 200;

/// Which lines, newest first.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct StatementParams {
    /// Only from then on; the hour that contains it counts as a whole.
    since: Option<String>,
    /// Only before then; the hour that contains it counts as a whole.
    until: Option<String>,
    /// Only of this kind: `usage`, `grant`, `top_up`, `redemption`, `payment`, `adjustment`,
    /// `reversal`, `correction`.
    kind: Option<String>,
    /// How many at most, 1 to 200.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Whose, by account id or owner's email; for operators.
    account: Option<String>,
}

/// A page of a statement. Whatever the range: the opening balance and the amounts of all its lines
/// make the closing balance.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Statement {
    account_id: String,
    /// The balance before the range.
    #[schema(value_type = String)]
    opening_balance: NanoUsd,
    /// The balance after it.
    #[schema(value_type = String)]
    closing_balance: NanoUsd,
    /// Where the range begins, to the hour; null: with the account.
    #[schema(required, format = DateTime)]
    since: Option<String>,
    /// Where it ends, to the hour; null: it goes on.
    #[schema(required, format = DateTime)]
    until: Option<String>,
    items: Vec<Movement>,
    #[schema(required)]
    next_cursor: Option<String>,
}

/// One movement of the balance: an entry, or the requests of one day of the account's time zone.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Movement {
    /// `usage`, or the kind of the entry.
    pub(super) kind: &'static str,
    /// When it was posted; of a day's requests the end of the day.
    #[schema(format = DateTime)]
    pub(super) time: String,
    /// By how much the balance moved.
    #[schema(value_type = String)]
    pub(super) amount: NanoUsd,
    /// The balance after it. A day's requests count as charged at its end.
    #[schema(value_type = String)]
    pub(super) balance: NanoUsd,
    /// Why, in a person's words.
    #[schema(required)]
    pub(super) reason: Option<String>,
    /// What it refers to: a request, a redemption, a payment.
    #[schema(required)]
    pub(super) reference: Option<String>,
    /// The requests, where it is about those.
    #[schema(required)]
    pub(super) usage: Option<DayUsage>,
}

/// Requests of a day: `GET /api/v1/usage` lists each of them with the same `since` and `until`.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DayUsage {
    pub(super) requests: u64,
    #[schema(format = DateTime)]
    pub(super) since: String,
    #[schema(format = DateTime)]
    pub(super) until: String,
    /// Whether each is still there to be listed.
    pub(super) listed: bool,
}

impl From<StatementLine> for Movement {
    fn from(line: StatementLine) -> Self {
        Self {
            kind: line.kind.name(),
            time: line.at.to_rfc3339(),
            amount: line.amount,
            balance: line.balance,
            reason: line.reason,
            reference: line.reference,
            usage: line.usage.map(|day| DayUsage {
                requests: day.requests,
                since: day.since.to_rfc3339(),
                until: day.until.to_rfc3339(),
                listed: day.has_rows,
            }),
        }
    }
}

impl StatementParams {
    pub(super) async fn check(
        &self,
        state: &ApiState,
        principal: &Principal,
    ) -> Result<StatementQuery, ApiError> {
        let time = |field, text: &Option<String>| {
            text.as_deref()
                .map(|text| {
                    UnixMillis::parse_rfc3339(text).ok_or_else(|| {
                        ApiError::field(field, "A time looks like 2027-01-31T18:00:00Z.")
                    })
                })
                .transpose()
        };
        let kind = self.kind.as_deref().map(|name| {
            LineKind::from_name(name)
                .ok_or_else(|| ApiError::field("kind", "No line is of this kind."))
        });
        let before = self.cursor.as_deref().map(str::parse::<LinePlace>);
        Ok(StatementQuery {
            account: principal.account(state, self.account.as_deref()).await?.id,
            since: time("since", &self.since)?,
            until: time("until", &self.until)?,
            kind: kind.transpose()?,
            before: before.transpose()?,
            limit: self.limit.unwrap_or(PAGE_DEFAULT).clamp(1, PAGE_MAX),
        })
    }
}

/// Gives what moved an account's balance, newest first: each entry, and requests summed by day.
#[utoipa::path(get, path = "/api/v1/statement", tag = "account", params(StatementParams),
    responses((status = 200, body = Statement), (status = "default", body = ErrorBody)))]
pub(crate) async fn get_statement(
    State(state): State<ApiState>,
    principal: Principal,
    query: Result<Query<StatementParams>, QueryRejection>,
) -> Result<Json<Statement>, ApiError> {
    let Query(query) = query.map_err(|rejection| ApiError::invalid(rejection.body_text()))?;
    let wanted = query.check(&state, &principal).await?;
    let page = state.store().statements().page(&wanted).await?;
    Ok(Json(Statement {
        account_id: wanted.account.to_string(),
        opening_balance: page.opening,
        closing_balance: page.closing,
        since: page.since.map(UnixMillis::to_rfc3339),
        until: page.until.map(UnixMillis::to_rfc3339),
        items: page.lines.into_iter().map(Into::into).collect(),
        next_cursor: page.next.map(|place| place.to_string()),
    }))
}
