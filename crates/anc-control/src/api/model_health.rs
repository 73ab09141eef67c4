//! How models did in the last day, told without telling how much they were used.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use anc_domain::{ChannelId, ModelName};
use anc_store::Outcome;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::usage::HOUR_MILLIS;
use crate::error::{ApiError, ErrorBody};
use crate::principal::Principal;
use crate::state::ApiState;

const HOURS: usize = 24;
/// From how many percent of successes on an hour is good, and from how many it is not yet bad.
const GOOD_PERCENT: u64 = 99;
const MIXED_PERCENT: u64 = 90;

/// How each model did that was called in the last day.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModelHealthList {
    /// Where the first hour begins.
    #[schema(format = DateTime)]
    since: String,
    items: Vec<ModelHealth>,
}

/// Of everybody's requests on the channels that the caller may use.
#[derive(Debug, Serialize, ToSchema)]
struct ModelHealth {
    model: String,
    /// How many percent of the requests no provider failed and not the relay, rounded down.
    success_percent: u64,
    /// The same by hours, oldest first; the last is the present one.
    #[schema(inline)]
    hours: Vec<HealthWord>,
}

/// How an hour was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum HealthWord {
    /// Nothing was called.
    None,
    /// Nearly everything succeeded.
    Good,
    /// Up to a tenth failed.
    Mixed,
    /// More failed.
    Bad,
}

/// Tells how the models that the caller's tier has did in the last day, by everybody's requests on the
/// channels that it has.
#[utoipa::path(get, path = "/api/v1/model-health", tag = "models",
    responses((status = 200, body = ModelHealthList), (status = "default", body = ErrorBody)))]
pub(crate) async fn list_model_health(
    State(state): State<ApiState>,
    principal: Principal,
) -> Result<Json<ModelHealthList>, ApiError> {
    let tier = principal.tier(&state).await?;
    let channels: HashSet<ChannelId> = state
        .store()
        .channels()
        .list()
        .await?
        .into_iter()
        .filter(|one| tier.as_ref().is_none_or(|tier| tier.allows_group(&one.routing.group)))
        .map(|one| one.id)
        .collect();
    let since = state.now().minus(Duration::from_hours(HOURS as u64 - 1));
    let first = since.as_millis().div_euclid(HOUR_MILLIS);
    let mut models: BTreeMap<ModelName, [Outcome; HOURS]> = BTreeMap::new();
    for hour in state.store().usage().health(since).await? {
        let is_open = channels.contains(&hour.channel)
            && tier.as_ref().is_none_or(|tier| tier.models.allow(&hour.model));
        let place = usize::try_from(hour.start.as_millis() / HOUR_MILLIS - first);
        if let (true, Ok(place)) = (is_open, place)
            && let Some(at) = models.entry(hour.model).or_default().get_mut(place)
        {
            at.add(hour.outcome);
        }
    }
    Ok(Json(ModelHealthList {
        since: anc_domain::UnixMillis::from_millis(first * HOUR_MILLIS).to_rfc3339(),
        items: models.into_iter().map(|(model, hours)| health(&model, &hours)).collect(),
    }))
}

fn health(model: &ModelName, hours: &[Outcome; HOURS]) -> ModelHealth {
    let mut all = Outcome::default();
    for hour in hours {
        all.add(*hour);
    }
    ModelHealth {
        model: model.to_string(),
        success_percent: success_percent(all).unwrap_or_default(),
        hours: hours.iter().map(|hour| word(*hour)).collect(),
    }
}

/// Rounded down, so that a hundred means all; `None` where there was nothing.
fn success_percent(outcome: Outcome) -> Option<u64> {
    let good = outcome.requests.saturating_sub(outcome.failed);
    good.saturating_mul(100).checked_div(outcome.requests)
}

fn word(outcome: Outcome) -> HealthWord {
    match success_percent(outcome) {
        None => HealthWord::None,
        Some(GOOD_PERCENT..) => HealthWord::Good,
        Some(MIXED_PERCENT..) => HealthWord::Mixed,
        Some(_) => HealthWord::Bad,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_percent_means_that_nothing_failed() {
        use HealthWord::{Bad, Good, Mixed, None};

        let of = |requests, failed| Outcome { requests, failed };
        assert_eq!(success_percent(of(1_000, 1)), Some(99));
        assert_eq!(success_percent(of(1_000, 0)), Some(100));
        let words = [of(0, 0), of(1_000, 10), of(100, 10), of(100, 11)].map(word);
        assert_eq!(words, [None, Good, Mixed, Bad]);
    }
}
