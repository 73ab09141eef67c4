//! Telling people what they would want to know without asking: judged every minute beside the
//! requests, kept once, and sent through the outbox by mail and by webhook.
//!
//! * `judge.rs`: from the store's facts to what is to be told; decides nothing about money itself.
//! * `network.rs`: which addresses are one network.
//! * `detail.rs`: the names and figures of an alert.
//! * `texts.rs`: what mails say, in each language.
//! * `webhook.rs`: posting, and the signature.
//! * `sending.rs`: emptying the outbox.
//!
//! # To add a kind of alert
//! A variant of `AlertKind` in `anc-store`; its facts in `alert/facts.rs` there, its rule in
//! `judge.rs`; its words in `texts.rs`, in `docs/alerts.md` and in both languages of the console.

mod detail;
mod judge;
mod network;
mod sending;
mod texts;
mod webhook;

use std::time::Duration;

use anc_domain::NanoUsd;
use anc_store::{AlertKind, StoreError};

pub(crate) use detail::AlertDetail;
pub(crate) use webhook::{check_url, new_secret, post_test};

use crate::state::ApiState;

/// How often it is looked.
const LOOK_EVERY: Duration = Duration::from_mins(1);
/// How often it is seen to what is due in the outbox.
const SEND_EVERY: Duration = Duration::from_secs(5);
/// Pages of usage rows that one look takes; the rest waits for the next.
const PAGES_MAX: u32 = 10;

/// When people are told, and how.
#[derive(Debug, Clone)]
pub struct AlertSettings {
    /// Below which balance an account is low, unless its people chose otherwise.
    pub low_balance: NanoUsd,
    /// The least that an hour must cost to be out of the ordinary.
    pub unusual_min: NanoUsd,
    /// How often it is tried to send one.
    pub attempts: u32,
    /// How long after the first try the second is made; after each the wait is doubled.
    pub retry: Duration,
    /// Whether webhooks may go to private addresses and by plain http.
    pub private_webhooks: bool,
}

impl Default for AlertSettings {
    fn default() -> Self {
        Self {
            low_balance: NanoUsd::from_dollars(5),
            unusual_min: NanoUsd::from_dollars(5),
            attempts: 10,
            retry: Duration::from_secs(30),
            private_webhooks: false,
        }
    }
}

/// Looks every minute, for ever.
pub(crate) async fn look_for_ever(state: ApiState) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        if let Err(error) = look(&state).await {
            tracing::warn!(%error, "could not look for what people are to be told");
        }
    }
}

/// Empties the outbox every few seconds, for ever.
pub(crate) async fn send_for_ever(state: ApiState) {
    loop {
        tokio::time::sleep(SEND_EVERY).await;
        if let Err(error) = sending::send_due(&state).await {
            tracing::warn!(%error, "could not send what is in the outbox");
        }
    }
}

/// One such look, with what it brings sent. For tests that move the clock.
pub(crate) async fn look_and_send(state: &ApiState) -> Result<(), StoreError> {
    look(state).await?;
    sending::send_due(state).await
}

/// One look at everything.
async fn look(state: &ApiState) -> Result<(), StoreError> {
    let by_mail = state.mail_way().is_some();
    let alerts = state.store().alerts();
    let settings = &state.shared.settings.alerts;
    for _ in 0..PAGES_MAX {
        let Some(used) = alerts.usage_since().await? else { break };
        let more = used.more;
        let observed = judge::usage(&used, settings, state.now());
        note_told(&alerts.keep(observed, by_mail).await?);
        if !more {
            break;
        }
    }
    let low = alerts.low_accounts().await?;
    let observed = judge::recovered(&low, settings);
    if !observed.recovered.is_empty() {
        alerts.keep(observed, by_mail).await?;
    }
    for days in judge::EXPIRY_DAYS {
        let expiring = alerts.expiring(days).await?;
        let observed = judge::expiring(expiring, days, state.now());
        if !observed.alerts.is_empty() {
            note_told(&alerts.keep(observed, by_mail).await?);
        }
    }
    for judged in alerts.hours_to_judge(state.now().minus(judge::GRACE)).await? {
        let since = judged.hour.saturating_sub(anc_ledger::NOTABLE_HOURS);
        let history = alerts.spend_history(judged.account, since).await?;
        let observed = judge::hour(judged, &history, settings.unusual_min);
        note_told(&alerts.keep(observed, by_mail).await?);
    }
    Ok(())
}

fn note_told(told: &[(anc_domain::AlertId, AlertKind)]) {
    for (id, kind) in told {
        tracing::info!(%id, kind = kind.name(), "an alert");
        metrics::counter!("anc_alerts_total", "kind" => kind.name()).increment(1);
    }
}
