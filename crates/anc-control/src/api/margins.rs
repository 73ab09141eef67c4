//! What requests brought in and what they cost the operator.

use std::collections::{HashMap, VecDeque};

use anc_domain::{AccountId, ChannelId, NanoUsd, UnixMillis};
use anc_store::{MarginBy, MarginItem, MarginOf, MarginQuery, MarginSums};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::tokens::check_time;
use crate::api::usage::Slots;
use crate::csv::{self, Pages, ROWS_MAX, cell};
use crate::error::{ApiError, ErrorBody};
use crate::principal::Principal;
use crate::state::ApiState;

/// Models, channels or accounts that are told apart.
const ITEMS_MAX: u32 = 200;
/// Those of one day in the table: more than any relay has accounts that call on one day.
const DAY_ITEMS_MAX: u32 = 1_000_000;
const DAY_MILLIS: i64 = 24 * 3_600_000;

const HEAD: &str = "day,id,name,requests,charge,cost,failed_cost,costed_requests,costed_charge,\
                    margin\r\n";

/// Which sums.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct MarginParams {
    /// `model`, `channel` or `account`, the first by default.
    by: Option<String>,
    /// How many days back, at most 400; 30 by default.
    last: Option<i64>,
    /// The last of them ends at or before this time; now by default.
    until: Option<String>,
}

/// What requests brought in and cost. The margin is told of those whose cost is known.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CostFigures {
    requests: u64,
    #[schema(value_type = String)]
    charge: NanoUsd,
    /// What providers bill for the requests whose cost is known, and for attempts that failed.
    #[schema(value_type = String)]
    cost: NanoUsd,
    /// The part of it for attempts that failed, which nobody was charged for.
    #[schema(value_type = String)]
    failed_cost: NanoUsd,
    /// Of how many requests the cost is known.
    costed_requests: u64,
    /// What those were charged.
    #[schema(value_type = String)]
    costed_charge: NanoUsd,
    /// That less the cost; below zero where it did not cover it.
    #[schema(value_type = String)]
    margin: NanoUsd,
    /// The margin's share of it in parts per million; null where nothing was charged.
    #[schema(required)]
    margin_ppm: Option<i64>,
}

/// The sums of one day of universal time.
#[derive(Debug, Serialize, ToSchema)]
struct MarginOfDay {
    #[schema(format = DateTime)]
    start: String,
    #[serde(flatten)]
    sums: CostFigures,
}

/// The sums of one model, channel or account.
#[derive(Debug, Serialize, ToSchema)]
struct MarginOfItem {
    /// The model's name, or the id; null where no channel answered.
    #[schema(required)]
    id: Option<String>,
    /// What people call it.
    #[schema(required)]
    name: Option<String>,
    #[serde(flatten)]
    sums: CostFigures,
}

/// What requests brought in and cost, all of them, by day, and by what they went to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MarginReport {
    /// Where the sums begin.
    #[schema(format = DateTime)]
    since: String,
    /// What everything came to.
    #[schema(inline)]
    total: CostFigures,
    /// Oldest first; days without a request are left out.
    days: Vec<MarginOfDay>,
    /// Those that were charged most, at most 200.
    items: Vec<MarginOfItem>,
}

impl From<MarginSums> for CostFigures {
    fn from(sums: MarginSums) -> Self {
        // What is beyond the range of amounts has no margin worth telling.
        let margin = sums.margin().unwrap_or_default();
        let share = || {
            let parts = i128::from(margin.nanos()) * 1_000_000;
            i64::try_from(parts.checked_div(sums.costed_charge.nanos().into())?).ok()
        };
        Self {
            requests: sums.requests,
            charge: sums.charge,
            cost: sums.cost,
            failed_cost: sums.failed_cost,
            costed_requests: sums.costed_requests,
            costed_charge: sums.costed_charge,
            margin,
            margin_ppm: share(),
        }
    }
}

/// All of some sums.
fn total(days: &[anc_store::MarginDay]) -> MarginSums {
    let add = |one: NanoUsd, other| one.checked_add(other).unwrap_or(NanoUsd::MAX);
    days.iter().fold(MarginSums::default(), |total, day| MarginSums {
        requests: total.requests + day.sums.requests,
        charge: add(total.charge, day.sums.charge),
        cost: add(total.cost, day.sums.cost),
        failed_cost: add(total.failed_cost, day.sums.failed_cost),
        costed_requests: total.costed_requests + day.sums.costed_requests,
        costed_charge: add(total.costed_charge, day.sums.costed_charge),
    })
}

impl MarginParams {
    fn check(&self, now: UnixMillis) -> Result<MarginQuery, ApiError> {
        let by = match self.by.as_deref() {
            None | Some("model") => MarginBy::Model,
            Some("channel") => MarginBy::Channel,
            Some("account") => MarginBy::Account,
            Some(_) => return Err(ApiError::field("by", "One of model, channel and account.")),
        };
        let until = check_time("until", self.until.as_deref())?;
        let days = Slots::check(None, self.last, until, now)?;
        Ok(MarginQuery { by, since: days.since(), until: days.until() })
    }
}

/// Names of channels and accounts.
#[derive(Default)]
struct Names {
    channels: HashMap<ChannelId, String>,
    accounts: HashMap<AccountId, String>,
}

impl Names {
    async fn add(&mut self, state: &ApiState, items: &[MarginItem]) -> Result<(), ApiError> {
        let accounts: Vec<AccountId> = items
            .iter()
            .filter_map(|item| match &item.of {
                MarginOf::Account(id) if !self.accounts.contains_key(id) => Some(*id),
                _ => None,
            })
            .collect();
        self.accounts.extend(state.store().accounts().names(&accounts).await?);
        let channel = |item: &MarginItem| matches!(item.of, MarginOf::Channel(_));
        if self.channels.is_empty() && items.iter().any(channel) {
            self.channels.extend(state.store().channels().names().await?);
        }
        Ok(())
    }

    fn shown(&self, item: MarginItem) -> MarginOfItem {
        let (id, name) = match item.of {
            MarginOf::Model(name) => (Some(name.clone()), Some(name)),
            MarginOf::Channel(None) => (None, None),
            MarginOf::Channel(Some(id)) => (Some(id.to_string()), self.channels.get(&id).cloned()),
            MarginOf::Account(id) => (Some(id.to_string()), self.accounts.get(&id).cloned()),
        };
        MarginOfItem { id, name, sums: item.sums.into() }
    }
}

/// Gives what requests were charged and what they cost the operator: all, by day of universal time,
/// and by model, channel or account; for operators.
#[utoipa::path(get, path = "/api/v1/margins", tag = "usage", params(MarginParams),
    responses((status = 200, body = MarginReport), (status = "default", body = ErrorBody)))]
pub(crate) async fn get_margins(
    State(state): State<ApiState>,
    principal: Principal,
    query: Result<Query<MarginParams>, QueryRejection>,
) -> Result<Json<MarginReport>, ApiError> {
    principal.operator()?;
    let Query(query) = query.map_err(|rejection| ApiError::invalid(rejection.body_text()))?;
    let wanted = query.check(state.now())?;
    let usage = state.store().usage();
    let days = usage.margin_days(wanted.since, wanted.until).await?;
    let items = usage.margins(wanted, ITEMS_MAX).await?;
    let mut names = Names::default();
    names.add(&state, &items).await?;
    Ok(Json(MarginReport {
        since: wanted.since.to_rfc3339(),
        total: total(&days).into(),
        days: days
            .into_iter()
            .map(|day| MarginOfDay { start: day.start.to_rfc3339(), sums: day.sums.into() })
            .collect(),
        items: items.into_iter().map(|item| names.shown(item)).collect(),
    }))
}

/// What is still to be sent: days.
struct Export {
    state: ApiState,
    names: Names,
    by: MarginBy,
    days: VecDeque<i64>,
    rows: usize,
}

/// The same by day and model, channel or account as a table, read day by day as it is sent.
#[utoipa::path(get, path = "/api/v1/margins.csv", tag = "usage", params(MarginParams),
    responses((status = 200, content_type = "text/csv", body = String),
              (status = "default", body = ErrorBody)))]
pub(crate) async fn export_margins(
    State(state): State<ApiState>,
    principal: Principal,
    query: Result<Query<MarginParams>, QueryRejection>,
) -> Result<Response, ApiError> {
    principal.operator()?;
    let Query(query) = query.map_err(|rejection| ApiError::invalid(rejection.body_text()))?;
    let MarginQuery { by, since, until } = query.check(state.now())?;
    let day = |time: UnixMillis| time.as_millis().div_euclid(DAY_MILLIS);
    let days = (day(since)..day(until)).collect();
    let export = Export { state, names: Names::default(), by, days, rows: 0 };
    csv::send("margins.csv", HEAD, export).await
}

impl Pages for Export {
    async fn page(&mut self) -> Result<Option<String>, ApiError> {
        let Some(day) = self.days.pop_front().filter(|_| self.rows < ROWS_MAX) else {
            return Ok(None);
        };
        let at = |day: i64| UnixMillis::from_millis(day * DAY_MILLIS);
        let wanted = MarginQuery { by: self.by, since: at(day), until: at(day + 1) };
        let items = self.state.store().usage().margins(wanted, DAY_ITEMS_MAX).await?;
        self.rows += items.len();
        self.names.add(&self.state, &items).await?;
        let day = wanted.since.to_rfc3339();
        let rows = items.into_iter().map(|item| csv_row(&day, &self.names.shown(item)));
        Ok(Some(rows.collect()))
    }
}

fn csv_row(day: &str, item: &MarginOfItem) -> String {
    let sums = &item.sums;
    let cells = [
        day.get(..10).unwrap_or(day).to_owned(),
        cell(item.id.as_deref().unwrap_or_default()),
        cell(item.name.as_deref().unwrap_or_default()),
        sums.requests.to_string(),
        sums.charge.to_string(),
        sums.cost.to_string(),
        sums.failed_cost.to_string(),
        sums.costed_requests.to_string(),
        sums.costed_charge.to_string(),
        sums.margin.to_string(),
    ];
    format!("{}\r\n", cells.join(","))
}
