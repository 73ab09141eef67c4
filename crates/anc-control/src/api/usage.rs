//! What requests used and cost: one of them, the log of them, their sums, and those that run.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use anc_domain::{
    AccountId, ApiTokenId, ChannelId, ModelName, NanoUsd, PpmMultiplier, RequestId, UnixMillis,
};
use anc_ledger::{ChargeLine, EndReason};
use anc_store::{LogQuery, OwnCost, SeriesBy, SeriesQuery, UsageRecord};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::price_body::PriceConditions;
use crate::api::tokens::check_time;
use crate::error::{ApiError, ErrorBody};
use crate::principal::Principal;
use crate::state::ApiState;

const PAGE_DEFAULT: u32 = 50;
pub(super) const PAGE_MAX: u32 = 200;
/// Running requests that are listed.
const RUNNING_MAX: u32 = 500;
/// How far back sums by hour and by day are given.
const HOURS_MAX: i64 = 14 * 24;
const DAYS_MAX: i64 = 400;
pub(super) const HOUR_MILLIS: i64 = 3_600_000;

/// A finished request. The flags say how far its figures are the provider's own.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UsageOfRequest {
    pub(super) request_id: String,
    pub(super) account_id: String,
    /// The email address of whose account it is; for operators only.
    pub(super) account_name: Option<String>,
    pub(super) token_id: String,
    /// The token's name, also where it was deleted.
    pub(super) token_name: Option<String>,
    pub(super) model: String,
    /// The channel that answered; for operators only.
    pub(super) channel_id: Option<String>,
    /// Its name; for operators only.
    pub(super) channel_name: Option<String>,
    /// Units by meter; the meters do not overlap.
    pub(super) units: BTreeMap<&'static str, u64>,
    #[schema(value_type = String)]
    pub(super) charge: NanoUsd,
    /// What it cost the operator; for operators only, and absent where it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) own_cost: Option<OwnCostOfRequest>,
    /// What was reserved for it.
    #[schema(value_type = String)]
    pub(super) held: NanoUsd,
    /// How it ended.
    pub(super) end_reason: &'static str,
    /// Our own count stands where the provider's would.
    pub(super) estimated: bool,
    /// The provider's report cannot be, or contradicts itself.
    pub(super) suspect: bool,
    pub(super) stream: bool,
    #[schema(format = DateTime)]
    pub(super) started_at: String,
    #[schema(format = DateTime)]
    pub(super) ended_at: String,
    pub(super) first_token_ms: Option<u32>,
    pub(super) total_ms: Option<u32>,
    pub(super) attempts: u32,
    pub(super) client_address: Option<String>,
    pub(super) client_agent: Option<String>,
}

/// What a request cost the operator, and what is left of its charge.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OwnCostOfRequest {
    /// What the provider bills: the units at the price book, times the factor, rounded up once.
    #[schema(value_type = String)]
    pub(super) amount: NanoUsd,
    /// The channel's factor on the price book, in parts per million.
    multiplier_ppm: u32,
    /// The charge less the cost; below zero where it did not cover it.
    #[schema(value_type = String)]
    pub(super) margin: NanoUsd,
}

impl OwnCostOfRequest {
    fn of(row: &UsageRecord) -> Option<Self> {
        let OwnCost { amount, multiplier } = row.own_cost?;
        let margin = row.charge.checked_sub(amount).ok()?;
        Some(Self { amount, multiplier_ppm: multiplier.ppm(), margin })
    }
}

/// A finished request and the arithmetic of its charge.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UsageDetail {
    #[serde(flatten)]
    request: UsageOfRequest,
    /// One line for each meter that was used; the charge is their sum, times the multiplier,
    /// rounded up once.
    lines: Vec<Line>,
    /// The factor on every price, in parts per million.
    multiplier_ppm: u32,
    /// Of that the group's part, where it is not one.
    group_multiplier_ppm: Option<u32>,
    /// Which of the model's prices it was, where that was noted.
    price_version: Option<i64>,
    /// The conditions of that price that the request met, in order.
    price_rules: Vec<PriceConditions>,
    /// The provider's own words about units.
    raw_usage: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct Line {
    meter: &'static str,
    units: u64,
    /// Dollars for a million units.
    #[schema(value_type = String)]
    price_per_million: NanoUsd,
    /// The line by itself, in dollars to twelve decimals.
    amount: String,
}

/// Which requests to list, newest first.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct UsageQuery {
    /// Only of this token, by its id.
    token: Option<String>,
    /// Only of this model.
    model: Option<String>,
    /// Only those that ended so: `complete`, `client_gone` …
    end_reason: Option<String>,
    /// Only streams, or only buffered answers.
    stream: Option<bool>,
    /// Only the one of that id.
    request_id: Option<String>,
    /// Only those that cost at least so many dollars.
    min_charge: Option<String>,
    /// Only those that ended from then on.
    since: Option<String>,
    /// Only those that ended before.
    until: Option<String>,
    /// How many at most, 1 to 200.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Whose, by account id or owner's email; for operators. `all`: everybody's.
    account: Option<String>,
}

/// A page of the log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UsageList {
    items: Vec<UsageOfRequest>,
    #[schema(required)]
    next_cursor: Option<String>,
}

/// Names that stand for ids in the log.
pub(super) struct Names {
    tokens: HashMap<ApiTokenId, String>,
    /// For operators only.
    accounts: HashMap<AccountId, String>,
    channels: HashMap<ChannelId, String>,
    /// Whose tokens they may be; `None` is everybody's.
    reach: Option<AccountId>,
    operator: bool,
}

impl Names {
    /// Of some tokens and their accounts, and of every channel.
    pub(super) async fn of(
        state: &ApiState,
        principal: &Principal,
        used: impl Iterator<Item = (ApiTokenId, AccountId)>,
    ) -> Result<Self, ApiError> {
        let operator = principal.is_operator();
        let channels = if operator { state.store().channels().names().await? } else { Vec::new() };
        let mut names = Self {
            tokens: HashMap::new(),
            accounts: HashMap::new(),
            channels: channels.into_iter().collect(),
            reach: principal.reach(),
            operator,
        };
        names.add(state, used).await?;
        Ok(names)
    }

    /// More tokens and accounts.
    pub(super) async fn add(
        &mut self,
        state: &ApiState,
        used: impl Iterator<Item = (ApiTokenId, AccountId)>,
    ) -> Result<(), ApiError> {
        let (mut tokens, mut accounts) = (BTreeSet::new(), BTreeSet::new());
        for (token, account) in used {
            if !self.tokens.contains_key(&token) {
                tokens.insert(token);
            }
            if self.operator && !self.accounts.contains_key(&account) {
                accounts.insert(account);
            }
        }
        let (tokens, accounts) = (Vec::from_iter(tokens), Vec::from_iter(accounts));
        self.tokens.extend(state.store().tokens().names(&tokens, self.reach).await?);
        self.accounts.extend(state.store().accounts().owners(&accounts).await?);
        Ok(())
    }

    pub(super) fn shown(&self, row: &UsageRecord) -> UsageOfRequest {
        let channel = row.channel_id.filter(|_| self.operator);
        UsageOfRequest {
            request_id: row.request_id.to_string(),
            account_id: row.account_id.to_string(),
            account_name: self.accounts.get(&row.account_id).cloned(),
            token_id: row.token_id.to_string(),
            token_name: self.tokens.get(&row.token_id).cloned(),
            model: row.model.to_string(),
            channel_id: channel.map(|id| id.to_string()),
            channel_name: channel.and_then(|id| self.channels.get(&id).cloned()),
            units: row.usage.counted().map(|(meter, units)| (meter.name(), units)).collect(),
            charge: row.charge,
            own_cost: self.operator.then(|| OwnCostOfRequest::of(row)).flatten(),
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
            client_address: row.client_address.clone(),
            client_agent: row.client_agent.clone(),
        }
    }
}

impl UsageQuery {
    pub(super) async fn check(
        &self,
        state: &ApiState,
        principal: &Principal,
    ) -> Result<LogQuery, ApiError> {
        let wrong = |field, message: &str| ApiError::field(field, message);
        let charge_min = self.min_charge.as_deref().map(str::parse::<NanoUsd>).transpose();
        let end_reason = self.end_reason.as_deref().map(|name| {
            EndReason::from_name(name).ok_or_else(|| {
                let known: Vec<&str> = EndReason::ALL.iter().map(|end| end.name()).collect();
                wrong("end_reason", &format!("A request ends as one of {}.", known.join(", ")))
            })
        });
        let request = self.request_id.as_deref().map(str::parse::<RequestId>).transpose();
        let model = self.model.as_deref().map(str::parse::<ModelName>).transpose();
        let token = self.token.as_deref().map(str::parse::<ApiTokenId>).transpose();
        let before = self.cursor.as_deref().map(str::parse::<i64>).transpose();
        Ok(LogQuery {
            account: accounts_of(state, principal, self.account.as_deref()).await?,
            token: token.map_err(|_| wrong("token", "No token has this id."))?,
            model: model.map_err(|_| wrong("model", "No model has this name."))?,
            end_reason: end_reason.transpose()?,
            stream: self.stream,
            request: request.map_err(|_| wrong("request_id", "No request has this id."))?,
            charge_min: charge_min.map_err(|_| wrong("min_charge", "Not an amount."))?,
            since: check_time("since", self.since.as_deref())?,
            until: check_time("until", self.until.as_deref())?,
            before: before.map_err(|_| wrong("cursor", "Not a cursor of this list."))?,
            limit: self.limit.unwrap_or(PAGE_DEFAULT).clamp(1, PAGE_MAX),
        })
    }
}

/// Whose requests are meant; `None` is everybody's, for operators.
pub(super) async fn accounts_of(
    state: &ApiState,
    principal: &Principal,
    named: Option<&str>,
) -> Result<Option<AccountId>, ApiError> {
    match named {
        Some("all") => {
            principal.operator()?;
            Ok(None)
        }
        None if matches!(principal, Principal::LocalOperator) => Ok(None),
        named => principal.account(state, named).await.map(|account| Some(account.id)),
    }
}

/// Lists finished requests, newest first.
#[utoipa::path(get, path = "/api/v1/usage", tag = "usage", params(UsageQuery),
    responses((status = 200, body = UsageList), (status = "default", body = ErrorBody)))]
pub(crate) async fn list_usage(
    State(state): State<ApiState>,
    principal: Principal,
    query: Result<Query<UsageQuery>, QueryRejection>,
) -> Result<Json<UsageList>, ApiError> {
    let Query(query) = query.map_err(|rejection| ApiError::invalid(rejection.body_text()))?;
    let wanted = query.check(&state, &principal).await?;
    let page = state.store().usage().log(&wanted).await?;
    let used = page.items.iter().map(|row| (row.token_id, row.account_id));
    let names = Names::of(&state, &principal, used).await?;
    Ok(Json(UsageList {
        items: page.items.iter().map(|row| names.shown(row)).collect(),
        next_cursor: page.next.map(|seq| seq.to_string()),
    }))
}

/// Gives what a request used and the arithmetic of its charge, by the id in its answer's
/// `x-request-id`.
#[utoipa::path(get, path = "/api/v1/usage/{request_id}", tag = "usage",
    params(("request_id" = String, Path, description = "The request's id")),
    responses((status = 200, body = UsageDetail), (status = "default", body = ErrorBody)))]
pub(crate) async fn get_usage(
    State(state): State<ApiState>,
    principal: Principal,
    Path(request_id): Path<String>,
) -> Result<Json<UsageDetail>, ApiError> {
    let unknown = || ApiError::not_found("request");
    let id: RequestId = request_id.parse().map_err(|_| unknown())?;
    let found = state.store().usage().by_request(id).await?;
    let row = found
        .filter(|row| principal.reach().is_none_or(|own| own == row.account_id))
        .ok_or_else(unknown)?;
    let used = std::iter::once((row.token_id, row.account_id));
    let names = Names::of(&state, &principal, used).await?;
    let charge = anc_ledger::charge(&row.usage, &row.price).map_err(|_| ApiError::internal())?;
    let met = row.price.met(row.usage.input_total());
    let rules: Result<Vec<PriceConditions>, ApiError> = met.map(PriceConditions::of).collect();
    Ok(Json(UsageDetail {
        request: names.shown(&row),
        lines: charge.lines.iter().map(line).collect(),
        multiplier_ppm: row.price.multiplier.ppm(),
        group_multiplier_ppm: row.price.group_multiplier.map(PpmMultiplier::ppm),
        price_version: row.price.version,
        price_rules: rules?,
        raw_usage: row.raw_usage,
    }))
}

fn line(line: &ChargeLine) -> Line {
    // Nano-dollars a million units, times units: a millionth of a nano-dollar is the smallest part.
    let parts = i128::from(line.per_million.nanos()) * i128::from(line.units);
    let (whole, rest) = (parts / 1_000_000_000_000_000, parts % 1_000_000_000_000_000);
    let amount = format!("{whole}.{rest:015}");
    Line {
        meter: line.meter.name(),
        units: line.units,
        price_per_million: line.per_million,
        amount: amount.trim_end_matches('0').trim_end_matches('.').to_owned(),
    }
}

/// Which sums.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SeriesParams {
    /// `hour` or `day`, the latter by default.
    by: Option<String>,
    /// How many of them back: at most 336 hours or 400 days; 30 by default.
    last: Option<i64>,
    /// The last of them ends at or before this time; now by default.
    until: Option<String>,
    /// Only of this token, by its id.
    token: Option<String>,
    /// Whose, by account id or owner's email; for operators. `all`: everybody's.
    account: Option<String>,
}

/// Hours or days in a row, in universal time.
pub(super) struct Slots {
    by: SeriesBy,
    /// How long one is.
    millis: i64,
    /// The number of the first since 1970, and of the one after the last.
    first: i64,
    end: i64,
}

impl Slots {
    /// The last of them ends at or before `until`, or contains the present.
    pub(super) fn check(
        by: Option<&str>,
        last: Option<i64>,
        until: Option<UnixMillis>,
        now: UnixMillis,
    ) -> Result<Self, ApiError> {
        let (by, hours, most) = match by {
            None | Some("day") => (SeriesBy::Day, 24, DAYS_MAX),
            Some("hour") => (SeriesBy::Hour, 1, HOURS_MAX),
            Some(_) => return Err(ApiError::field("by", "Either hour or day.")),
        };
        let last = last.unwrap_or(30);
        if !(1..=most).contains(&last) {
            return Err(ApiError::field("last", format!("Between 1 and {most}.")));
        }
        let millis = hours * HOUR_MILLIS;
        let end = until.map_or_else(
            || now.as_millis().div_euclid(millis) + 1,
            |until| until.as_millis().div_euclid(millis),
        );
        Ok(Self { by, millis, first: end - last, end })
    }

    pub(super) const fn since(&self) -> UnixMillis {
        UnixMillis::from_millis(self.first * self.millis)
    }

    pub(super) const fn until(&self) -> UnixMillis {
        UnixMillis::from_millis(self.end * self.millis)
    }
}

/// Sums by hour or day, and model.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Series {
    /// Where the sums begin.
    #[schema(format = DateTime)]
    since: String,
    points: Vec<Point>,
}

#[derive(Debug, Serialize, ToSchema)]
struct Point {
    #[schema(format = DateTime)]
    start: String,
    model: String,
    requests: u64,
    #[schema(value_type = String)]
    charge: NanoUsd,
    input_units: u64,
    output_units: u64,
}

/// Gives sums of requests, units and charges by hour or day and model, oldest first. Hours and days
/// are of universal time.
#[utoipa::path(get, path = "/api/v1/usage-series", tag = "usage", params(SeriesParams),
    responses((status = 200, body = Series), (status = "default", body = ErrorBody)))]
pub(crate) async fn get_series(
    State(state): State<ApiState>,
    principal: Principal,
    query: Result<Query<SeriesParams>, QueryRejection>,
) -> Result<Json<Series>, ApiError> {
    let Query(query) = query.map_err(|rejection| ApiError::invalid(rejection.body_text()))?;
    let until = check_time("until", query.until.as_deref())?;
    let slots = Slots::check(query.by.as_deref(), query.last, until, state.now())?;
    let since = slots.since();
    let token = query.token.as_deref().map(str::parse::<ApiTokenId>).transpose();
    let wanted = SeriesQuery {
        account: accounts_of(&state, &principal, query.account.as_deref()).await?,
        token: token.map_err(|_| ApiError::field("token", "No token has this id."))?,
        since,
        until: until.map(|_| slots.until()),
        by: slots.by,
    };
    let points = state.store().usage().series(wanted).await?;
    Ok(Json(Series {
        since: since.to_rfc3339(),
        points: points
            .into_iter()
            .map(|point| Point {
                start: point.start.to_rfc3339(),
                model: point.model,
                requests: point.requests,
                charge: point.charge,
                input_units: point.input,
                output_units: point.output,
            })
            .collect(),
    }))
}

/// Requests that run, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunningList {
    items: Vec<RunningRequest>,
}

#[derive(Debug, Serialize, ToSchema)]
struct RunningRequest {
    request_id: String,
    /// The email address of whose account it is; for operators only.
    account_name: Option<String>,
    token_id: String,
    token_name: Option<String>,
    model: String,
    stream: bool,
    #[schema(format = DateTime)]
    started_at: String,
    /// Reserved for it.
    #[schema(value_type = String)]
    held: NanoUsd,
    /// Output units so far, a couple of seconds behind.
    output_units: u64,
}

/// Whose running requests.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RunningParams {
    /// Whose, by account id or owner's email; for operators. `all`: everybody's.
    account: Option<String>,
}

/// Lists the requests that run, on every node.
#[utoipa::path(get, path = "/api/v1/running-requests", tag = "usage", params(RunningParams),
    responses((status = 200, body = RunningList), (status = "default", body = ErrorBody)))]
pub(crate) async fn list_running(
    State(state): State<ApiState>,
    principal: Principal,
    query: Result<Query<RunningParams>, QueryRejection>,
) -> Result<Json<RunningList>, ApiError> {
    let Query(query) = query.map_err(|rejection| ApiError::invalid(rejection.body_text()))?;
    let account = accounts_of(&state, &principal, query.account.as_deref()).await?;
    let running = state.store().running().list(account, RUNNING_MAX).await?;
    let used = running.iter().map(|one| (one.token_id, one.account_id));
    let names = Names::of(&state, &principal, used).await?;
    Ok(Json(RunningList {
        items: running
            .into_iter()
            .map(|one| RunningRequest {
                request_id: one.request_id.to_string(),
                account_name: names.accounts.get(&one.account_id).cloned(),
                token_name: names.tokens.get(&one.token_id).cloned(),
                token_id: one.token_id.to_string(),
                model: one.model,
                stream: one.stream,
                started_at: one.started_at.to_rfc3339(),
                held: one.held,
                output_units: one.output_units,
            })
            .collect(),
    }))
}

/// Ends a running request: its stream stops in-band, and what was delivered is charged.
#[utoipa::path(delete, path = "/api/v1/running-requests/{request_id}", tag = "usage",
    params(("request_id" = String, Path, description = "The request's id")),
    responses((status = 204), (status = "default", body = ErrorBody)))]
pub(crate) async fn end_running(
    State(state): State<ApiState>,
    principal: Principal,
    Path(request_id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let unknown = || ApiError::not_found("running request");
    let id: RequestId = request_id.parse().map_err(|_| unknown())?;
    if !state.store().running().end(id, principal.reach()).await? {
        return Err(unknown());
    }
    state.in_force().await;
    Ok(StatusCode::NO_CONTENT)
}
