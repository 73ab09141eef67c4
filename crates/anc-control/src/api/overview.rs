//! Everybody's usage at a glance, how channels do, and who spends most: the operators' first page.

use std::collections::HashMap;

use anc_domain::{AccountId, ChannelId, NanoUsd, UnixMillis};
use anc_store::{ChannelRecord, DigestQuery, HealthHour, Outcome, PeriodSums};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::dashboard::Ending;
use crate::api::usage::{HOUR_MILLIS, Slots};
use crate::error::{ApiError, ErrorBody};
use crate::principal::Principal;
use crate::state::ApiState;

/// Which period.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct OverviewParams {
    /// `24h`, `7d` or `30d`; the first by default.
    period: Option<String>,
}

/// Everybody's usage of a period at a glance, and of the one before.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Overview {
    /// Where the period begins. It lasts until now.
    #[schema(format = DateTime)]
    since: String,
    /// Where the period before begins; it is as long as the period has lasted until now.
    #[schema(format = DateTime)]
    before_since: String,
    now: OverviewPeriod,
    before: OverviewPeriod,
    /// How the requests ended, the most frequent first.
    ends: Vec<Ending>,
    /// The accounts that cost most, the dearest first.
    accounts: Vec<OverviewAccount>,
    /// How many hours a channel's slot has.
    slot_hours: i64,
    /// How each channel does, in the order in which they were made.
    channels: Vec<ChannelHealth>,
}

/// A period of everybody's usage.
#[derive(Debug, Serialize, ToSchema)]
struct OverviewPeriod {
    requests: u64,
    /// How many of them a provider or the relay failed.
    failed: u64,
    #[schema(value_type = String)]
    charge: NanoUsd,
    /// Cached ones included.
    input_units: u64,
    /// Reasoning included.
    output_units: u64,
    /// The median time to the first content, to within some ten percent.
    first_token_ms: Option<u64>,
}

#[derive(Debug, Serialize, ToSchema)]
struct OverviewAccount {
    account_id: String,
    /// The email address of whose account it is.
    account_name: Option<String>,
    requests: u64,
    #[schema(value_type = String)]
    charge: NanoUsd,
}

/// How the requests ended that a channel answered last. One that another channel took over counts
/// with that one.
#[derive(Debug, Serialize, ToSchema)]
struct ChannelHealth {
    channel_id: String,
    name: String,
    provider: String,
    enabled: bool,
    /// How many of its keys are used.
    keys_ready: usize,
    /// How many rest, because their provider turned them away.
    keys_resting: usize,
    requests: u64,
    failed: u64,
    /// The same by slots in a row, oldest first.
    slots: Vec<HealthSlot>,
}

#[derive(Debug, Clone, Default, Serialize, ToSchema)]
struct HealthSlot {
    requests: u64,
    failed: u64,
}

impl From<PeriodSums> for OverviewPeriod {
    fn from(sums: PeriodSums) -> Self {
        Self {
            requests: sums.requests,
            failed: sums.failed,
            charge: sums.charge,
            input_units: sums.input_units,
            output_units: sums.output_units,
            first_token_ms: sums.first_token_ms,
        }
    }
}

/// Gives everybody's usage of a period at a glance, and how channels do.
#[utoipa::path(get, path = "/api/v1/overview", tag = "usage", params(OverviewParams),
    responses((status = 200, body = Overview), (status = "default", body = ErrorBody)))]
pub(crate) async fn get_overview(
    State(state): State<ApiState>,
    principal: Principal,
    query: Result<Query<OverviewParams>, QueryRejection>,
) -> Result<Json<Overview>, ApiError> {
    principal.operator()?;
    let Query(query) = query.map_err(|rejection| ApiError::invalid(rejection.body_text()))?;
    let (by, last, slot_hours) = match query.period.as_deref() {
        None | Some("24h") => ("hour", 24, 1),
        Some("7d") => ("hour", 7 * 24, 6),
        Some("30d") => ("day", 30, 24),
        Some(_) => return Err(ApiError::field("period", "One of 24h, 7d and 30d.")),
    };
    let since = Slots::check(Some(by), Some(last), None, state.now())?.since();
    let before = since.minus(state.now().since(since));
    let usage = state.store().usage();
    let digest = usage.periods(DigestQuery { account: None, since, before }).await?;
    let dearest = usage.dearest_accounts(since).await?;
    let ids: Vec<AccountId> = dearest.iter().map(|one| one.account).collect();
    let mut names: HashMap<AccountId, String> =
        state.store().accounts().owners(&ids).await?.into_iter().collect();
    let slots = HealthSlots { since, hours: slot_hours, now: state.now() };
    let mut health = slots.by_channel(usage.health(since).await?);
    let channels = state.store().channels().list().await?;
    Ok(Json(Overview {
        since: since.to_rfc3339(),
        before_since: before.to_rfc3339(),
        now: digest.now.into(),
        before: digest.before.into(),
        ends: digest
            .ends
            .into_iter()
            .map(|(end, requests)| Ending { end_reason: end.name(), requests })
            .collect(),
        accounts: dearest
            .into_iter()
            .map(|one| OverviewAccount {
                account_id: one.account.to_string(),
                account_name: names.remove(&one.account),
                requests: one.requests,
                charge: one.charge,
            })
            .collect(),
        slot_hours,
        channels: channels
            .into_iter()
            .map(|channel| {
                let slots = health.remove(&channel.id).unwrap_or_else(|| slots.empty());
                shown(&state, channel, slots)
            })
            .collect(),
    }))
}

fn shown(state: &ApiState, channel: ChannelRecord, slots: Vec<Outcome>) -> ChannelHealth {
    let rests = state.shared.providers.rests(&channel, state.now());
    let resting = rests.iter().filter(|rest| rest.is_some()).count();
    let mut all = Outcome::default();
    for slot in &slots {
        all.add(*slot);
    }
    ChannelHealth {
        channel_id: channel.id.to_string(),
        name: channel.name,
        provider: channel.provider,
        enabled: channel.enabled,
        keys_ready: rests.len() - resting,
        keys_resting: resting,
        requests: all.requests,
        failed: all.failed,
        slots: slots
            .into_iter()
            .map(|slot| HealthSlot { requests: slot.requests, failed: slot.failed })
            .collect(),
    }
}

/// Some hours each, in a row from `since` until now.
struct HealthSlots {
    since: UnixMillis,
    hours: i64,
    now: UnixMillis,
}

impl HealthSlots {
    fn place(&self, time: UnixMillis) -> usize {
        let hours = (time.as_millis() - self.since.as_millis()) / HOUR_MILLIS;
        usize::try_from(hours / self.hours).unwrap_or_default()
    }

    fn empty(&self) -> Vec<Outcome> {
        vec![Outcome::default(); self.place(self.now) + 1]
    }

    fn by_channel(&self, hours: Vec<HealthHour>) -> HashMap<ChannelId, Vec<Outcome>> {
        let mut channels: HashMap<ChannelId, Vec<Outcome>> = HashMap::new();
        for hour in hours {
            let slots = channels.entry(hour.channel).or_insert_with(|| self.empty());
            if let Some(slot) = slots.get_mut(self.place(hour.start)) {
                slot.add(hour.outcome);
            }
        }
        channels
    }
}
