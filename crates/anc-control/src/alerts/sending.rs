//! Emptying the outbox.

use std::time::Duration;

use anc_domain::Secret;
use anc_store::{Outgoing, SendBy, Sent, StoreError};
use futures_util::future::join_all;

use super::{AlertSettings, texts, webhook};
use crate::mail::Mail;
use crate::state::ApiState;

/// How many are sent at once.
const AT_ONCE: u32 = 8;
/// For how long one that was taken is its taker's: longer than a try can take.
const LEASE: Duration = Duration::from_mins(3);
/// The longest wait between two tries.
const WAIT_MAX: Duration = Duration::from_hours(6);

/// Sends everything that is due.
pub(super) async fn send_due(state: &ApiState) -> Result<(), StoreError> {
    let outbox = state.store().outbox();
    loop {
        let taken = outbox.take(AT_ONCE, LEASE).await?;
        let full = taken.len() == AT_ONCE as usize;
        let sent = join_all(taken.iter().map(|outgoing| send(state, outgoing))).await;
        for (outgoing, sent) in taken.iter().zip(&sent) {
            outbox.note(outgoing, sent).await?;
            count(outgoing, sent);
        }
        if !full {
            break;
        }
    }
    let waiting = u32::try_from(outbox.waiting().await?).unwrap_or(u32::MAX);
    metrics::gauge!("anc_outbox_waiting").set(f64::from(waiting));
    Ok(())
}

fn count(outgoing: &Outgoing, sent: &Sent) {
    let by = outgoing.by.name();
    match sent {
        Sent::Done => metrics::counter!("anc_outbox_sent_total", "by" => by).increment(1),
        Sent::Again(_, why) => {
            tracing::info!(alert = %outgoing.alert.id, by, why, "an alert is to be sent again");
        }
        Sent::Failed(why) => {
            tracing::warn!(alert = %outgoing.alert.id, by, why, "an alert could not be sent");
            metrics::counter!("anc_outbox_failed_total", "by" => by).increment(1);
        }
    }
}

async fn send(state: &ApiState, outgoing: &Outgoing) -> Sent {
    match &outgoing.by {
        SendBy::Mail(address) => send_mail(state, outgoing, address).await,
        SendBy::Webhook => send_post(state, outgoing).await,
    }
}

async fn send_mail(state: &ApiState, outgoing: &Outgoing, address: &str) -> Sent {
    let Some((way, public_url)) = state.mail_way() else {
        return Sent::Failed("this relay sends no mail".to_owned());
    };
    let (subject, text) = texts::mail_of(way.language, &outgoing.alert, public_url);
    let mail = Mail {
        to: address.to_owned(),
        subject,
        text: Secret::new(text),
        // The same at every try, and another for each of its receivers.
        id: Some(format!("{}.{}", outgoing.alert.id, outgoing.seq)),
    };
    match way.by.send(mail).await {
        Ok(()) => Sent::Done,
        Err(failure) if failure.may_be_repeated => {
            again(&state.shared.settings.alerts, outgoing.attempt, failure.operator)
        }
        Err(failure) => Sent::Failed(failure.operator),
    }
}

async fn send_post(state: &ApiState, outgoing: &Outgoing) -> Sent {
    let alerts = state.store().alerts();
    let (url, secret) = match alerts.webhook_secret(outgoing.account).await {
        Ok(Some(found)) => found,
        Ok(None) => return Sent::Failed("the webhook was removed".to_owned()),
        Err(error) => {
            tracing::error!(%error, account = %outgoing.account, "a webhook's secret is unreadable");
            return again(&state.shared.settings.alerts, outgoing.attempt, error.to_string());
        }
    };
    let public_url = state.shared.settings.public_url.as_ref();
    let body = webhook::body_of(&outgoing.alert, public_url);
    let id = outgoing.alert.id.to_string();
    let delivery = webhook::post(state, (&url, &secret), &id, &body).await;
    let outcome = match &delivery.failure {
        None => Ok(()),
        Some(why) => Err(why.as_str()),
    };
    if let Err(error) = alerts.note_webhook(outgoing.account, outcome).await {
        tracing::warn!(%error, "how a webhook went could not be noted");
    }
    match delivery.failure {
        None => Sent::Done,
        Some(why) => again(&state.shared.settings.alerts, outgoing.attempt, why),
    }
}

/// Twice as long after each try; never after the last.
fn again(settings: &AlertSettings, attempt: u32, why: String) -> Sent {
    if attempt >= settings.attempts {
        return Sent::Failed(why);
    }
    let doubled = 2_u32.checked_pow(attempt.saturating_sub(1)).unwrap_or(u32::MAX);
    Sent::Again(settings.retry.saturating_mul(doubled).min(WAIT_MAX), why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_is_twice_the_one_before_and_the_last_try_is_the_last() {
        let settings = AlertSettings { attempts: 12, ..AlertSettings::default() };
        let waits: Vec<Option<u64>> = (1..=12)
            .map(|attempt| match again(&settings, attempt, String::new()) {
                Sent::Again(wait, _) => Some(wait.as_secs()),
                _ => None,
            })
            .collect();
        assert_eq!(waits[..4], [Some(30), Some(60), Some(120), Some(240)]);
        assert_eq!(waits[10..], [Some(WAIT_MAX.as_secs()), None]);
    }
}
