//! A period of usage at a glance: what the console's first page shows.

use std::collections::HashMap;
use std::time::Duration;

use anc_domain::{ApiTokenId, NanoUsd, UnixMillis};
use anc_store::{AccountRecord, DigestQuery, PeriodSums, TokenQuery, TokenStatus};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::token_advice::{Advice, advice_for};
use crate::api::usage::{Slots, accounts_of};
use crate::error::{ApiError, ErrorBody};
use crate::principal::Principal;
use crate::state::ApiState;

/// From how far back is told how long the balance lasts.
const SPENDING_DAYS: u64 = 7;
const SPENDING: Duration = Duration::from_hours(SPENDING_DAYS * 24);
/// Beyond this many days a balance lasts long enough not to be counted.
const LASTS_DAYS_MAX: i128 = 999;
/// How many tokens are looked at for advice, and how much of it is given.
const ADVISED_TOKENS: u32 = 100;
const ADVICE_MAX: usize = 6;

/// What is advised first. That a token works from everywhere is told on its own page: it would be
/// said of nearly all.
const URGENCY: [Advice; 6] = [
    Advice::NearQuota,
    Advice::NearBudget,
    Advice::ExpiresSoon,
    Advice::NoLimit,
    Advice::Unused,
    Advice::NotRotated,
];

/// Which period.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DashboardParams {
    /// `hour` or `day`, the latter by default.
    by: Option<String>,
    /// How many of them back: at most 336 hours or 400 days; 30 by default.
    last: Option<i64>,
    /// Whose, by account id or owner's email; for operators. `all`: everybody's.
    account: Option<String>,
}

/// A period at a glance, and the one before.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Dashboard {
    /// Where the period begins. It lasts until now.
    #[schema(format = DateTime)]
    since: String,
    /// Where the period before begins; it is as long as the period has lasted until now.
    #[schema(format = DateTime)]
    before_since: String,
    now: Period,
    before: Period,
    /// How many days the balance lasts if they go on like the last seven; null where nothing was
    /// spent, or where no balance stops requests.
    lasts_days: Option<u64>,
    /// The tokens that cost most, the dearest first.
    tokens: Vec<TokenSums>,
    /// The hours of the week in which anything was called.
    week: Vec<WeekHour>,
    /// How the requests ended, the most frequent first.
    ends: Vec<Ending>,
    /// What is advised about enabled tokens, the most urgent first.
    advice: Vec<TokenAdvice>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DashboardPeriod)]
struct Period {
    requests: u64,
    /// How many of them a provider or the relay failed.
    failed: u64,
    #[schema(value_type = String)]
    charge: NanoUsd,
    /// The median time to the first content, to within some ten percent.
    first_token_ms: Option<u64>,
}

#[derive(Debug, Serialize, ToSchema)]
struct TokenSums {
    token_id: String,
    /// The token's name, also where it was deleted.
    token_name: Option<String>,
    requests: u64,
    #[schema(value_type = String)]
    charge: NanoUsd,
}

#[derive(Debug, Serialize, ToSchema)]
struct WeekHour {
    /// Hours since Monday in universal time, 0 to 167.
    hour: u64,
    requests: u64,
    #[schema(value_type = String)]
    charge: NanoUsd,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Ending {
    pub(super) end_reason: &'static str,
    pub(super) requests: u64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DashboardAdvice)]
struct TokenAdvice {
    token_id: String,
    token_name: String,
    advice: Advice,
}

impl From<PeriodSums> for Period {
    fn from(sums: PeriodSums) -> Self {
        Self {
            requests: sums.requests,
            failed: sums.failed,
            charge: sums.charge,
            first_token_ms: sums.first_token_ms,
        }
    }
}

/// Gives a period of usage at a glance, and the one before to compare it with.
#[utoipa::path(get, path = "/api/v1/dashboard", tag = "usage", params(DashboardParams),
    responses((status = 200, body = Dashboard), (status = "default", body = ErrorBody)))]
pub(crate) async fn get_dashboard(
    State(state): State<ApiState>,
    principal: Principal,
    query: Result<Query<DashboardParams>, QueryRejection>,
) -> Result<Json<Dashboard>, ApiError> {
    let Query(query) = query.map_err(|rejection| ApiError::invalid(rejection.body_text()))?;
    let slots = Slots::check(query.by.as_deref(), query.last, None, state.now())?;
    let since = slots.since();
    let before = since.minus(state.now().since(since));
    let account = accounts_of(&state, &principal, query.account.as_deref()).await?;
    let usage = state.store().usage();
    let digest = usage.digest(DigestQuery { account, since, before }).await?;
    let named: Vec<ApiTokenId> = digest.tokens.iter().map(|one| one.token).collect();
    let names = state.store().tokens().names(&named, principal.reach()).await?;
    let names: HashMap<ApiTokenId, String> = names.into_iter().collect();
    let record = match account {
        Some(id) => state.store().accounts().get(id).await?,
        None => None,
    };
    let (lasts_days, advice) = match &record {
        Some(account) => (lasts_days(&state, account).await?, advice(&state, account).await?),
        None => (None, Vec::new()),
    };
    Ok(Json(Dashboard {
        since: since.to_rfc3339(),
        before_since: before.to_rfc3339(),
        now: digest.now.into(),
        before: digest.before.into(),
        lasts_days,
        tokens: digest
            .tokens
            .into_iter()
            .map(|one| TokenSums {
                token_id: one.token.to_string(),
                token_name: names.get(&one.token).cloned(),
                requests: one.requests,
                charge: one.charge,
            })
            .collect(),
        week: digest
            .week
            .into_iter()
            .map(|one| WeekHour { hour: one.hour, requests: one.requests, charge: one.charge })
            .collect(),
        ends: digest
            .ends
            .into_iter()
            .map(|(end, requests)| Ending { end_reason: end.name(), requests })
            .collect(),
        advice,
    }))
}

async fn lasts_days(state: &ApiState, account: &AccountRecord) -> Result<Option<u64>, ApiError> {
    if !account.metered {
        return Ok(None);
    }
    let since = state.now().minus(SPENDING);
    let spent = state.store().usage().charged_since(account.id, since).await?;
    let spent = i128::from(spent.nanos());
    if spent <= 0 {
        return Ok(None);
    }
    let left = i128::from(account.balance.nanos()).max(0);
    let days = (left * i128::from(SPENDING_DAYS) / spent).min(LASTS_DAYS_MAX);
    Ok(u64::try_from(days).ok())
}

async fn advice(state: &ApiState, account: &AccountRecord) -> Result<Vec<TokenAdvice>, ApiError> {
    let tokens = state.store().tokens();
    let wanted = TokenQuery {
        account: Some(account.id),
        status: Some(TokenStatus::Enabled),
        limit: ADVISED_TOKENS,
        ..TokenQuery::default()
    };
    let now: UnixMillis = state.now();
    let mut found = Vec::new();
    for token in tokens.page(wanted).await?.items {
        let windows = tokens.windows(&token, account).await?;
        for advice in advice_for(&token, &windows, now) {
            if let Some(urgency) = URGENCY.iter().position(|one| *one == advice) {
                let (token_id, token_name) = (token.id.to_string(), token.name.clone());
                found.push((urgency, TokenAdvice { token_id, token_name, advice }));
            }
        }
    }
    found.sort_by_key(|(urgency, _)| *urgency);
    Ok(found.into_iter().map(|(_, one)| one).take(ADVICE_MAX).collect())
}
