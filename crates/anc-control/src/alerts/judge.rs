//! From the store's facts to what is to be told. Pure.

use std::time::Duration;

use anc_domain::{AccountId, NanoUsd, UnixMillis};
use anc_ledger::{Period, step_reached, unusual_hour, window};
use anc_store::{
    AccountFacts, AlertKind, ChannelHour, ExpiringToken, Judged, NewAlert, NewNetworks, Observed,
    SpendHistory, TokenFacts, UsageSince,
};

use super::network::new_networks;
use super::{AlertDetail, AlertSettings};

/// Of a quota and of a budget it is told at these, in percent.
const STEPS: [u8; 2] = [80, 100];
/// How many days before a token expires it is told. The later one first, so that whoever missed the
/// other is told once.
pub(super) const EXPIRY_DAYS: [u32; 2] = [1, 7];
/// How long after an hour it is judged: its last requests are in the sums by then.
pub(super) const GRACE: Duration = Duration::from_mins(2);
/// For how long a token must have been used before a network can be new to it.
const HISTORY: Duration = Duration::from_hours(3 * 24);
/// A token that came from so many networks is on the move; one more is no news.
const NETWORKS_MAX: usize = 20;
/// The fewest requests of which it can be said that most fail.
const FAILING_REQUESTS_MIN: u64 = 20;
const HOUR_MILLIS: i64 = 3_600_000;

fn of_token(
    (kind, account): (AlertKind, AccountId),
    token: anc_domain::ApiTokenId,
    cause: String,
    detail: &AlertDetail,
) -> NewAlert {
    NewAlert {
        account: Some(account),
        kind,
        token: Some(token),
        channel: None,
        cause,
        detail: detail.to_text(),
    }
}

/// What the usage since the last look gives to tell.
pub(super) fn usage(used: &UsageSince, settings: &AlertSettings, now: UnixMillis) -> Observed {
    let mut observed = Observed { usage: Some((used.from, used.upto)), ..Observed::default() };
    for account in &used.accounts {
        if let Some(alert) = low_balance(account, settings, used.upto) {
            observed.low.push((account.id, alert));
        }
        observed.to_judge.push((account.id, account.hour));
    }
    for token in &used.tokens {
        observed.alerts.extend(quota(token));
        observed.alerts.extend(budgets(token, now));
    }
    for token in &used.networks {
        observed.alerts.extend(networks(token, used.since));
    }
    observed
        .alerts
        .extend(used.suspect.iter().map(|hour| of_channel(AlertKind::SuspectUsage, hour)));
    let failing = used
        .channels
        .iter()
        .filter(|hour| hour.requests >= FAILING_REQUESTS_MIN && hour.bad * 2 >= hour.requests);
    observed.alerts.extend(failing.map(|hour| of_channel(AlertKind::ChannelFailing, hour)));
    observed
}

fn threshold(account: &AccountFacts, settings: &AlertSettings) -> NanoUsd {
    account.preference.low_balance.unwrap_or(settings.low_balance)
}

fn low_balance(account: &AccountFacts, settings: &AlertSettings, upto: i64) -> Option<NewAlert> {
    let limit = threshold(account, settings);
    if !account.metered || account.was_low || account.balance >= limit {
        return None;
    }
    let detail = AlertDetail {
        balance: Some(account.balance),
        limit: Some(limit),
        ..AlertDetail::default()
    };
    Some(NewAlert {
        account: Some(account.id),
        kind: AlertKind::LowBalance,
        token: None,
        channel: None,
        cause: format!("low_balance:{}:{upto}", account.id),
        detail: detail.to_text(),
    })
}

/// Which accounts' balance is low no more, so that the next time is told again.
pub(super) fn recovered(low: &[AccountFacts], settings: &AlertSettings) -> Observed {
    let recovered = low
        .iter()
        .filter(|account| !account.metered || account.balance >= threshold(account, settings));
    Observed { recovered: recovered.map(|account| account.id).collect(), ..Observed::default() }
}

fn quota(token: &TokenFacts) -> Option<NewAlert> {
    let limit = token.quota?;
    let percent = step_reached(token.used, limit, &STEPS)?;
    let detail = AlertDetail {
        token_name: Some(token.name.clone()),
        limit: Some(limit),
        used: Some(token.used),
        percent: Some(percent),
        ..AlertDetail::default()
    };
    // A quota that was raised is another one, and is told of anew.
    let cause = format!("token_quota:{}:{}:{percent}", token.id, limit.nanos());
    Some(of_token((AlertKind::TokenQuota, token.account), token.id, cause, &detail))
}

fn budgets(token: &TokenFacts, now: UnixMillis) -> impl Iterator<Item = NewAlert> {
    Period::ALL.into_iter().filter_map(move |period| {
        let limit = (*token.budgets.get(period.index())?)?;
        let window = window(period, now, &token.zone)?;
        let of_window =
            token.windows.iter().find(|(of, start, _)| (*of, *start) == (period, window.start));
        let (_, _, used) = of_window?;
        let percent = step_reached(*used, limit, &STEPS)?;
        let detail = AlertDetail {
            token_name: Some(token.name.clone()),
            limit: Some(limit),
            used: Some(*used),
            percent: Some(percent),
            period: Some(period.name().to_owned()),
            resets_at: Some(window.end.to_rfc3339()),
            ..AlertDetail::default()
        };
        let cause = format!(
            "token_budget:{}:{}:{}:{}:{percent}",
            token.id,
            period.name(),
            window.start.as_millis(),
            limit.nanos()
        );
        Some(of_token((AlertKind::TokenBudget, token.account), token.id, cause, &detail))
    })
}

fn networks(token: &NewNetworks, since: UnixMillis) -> Vec<NewAlert> {
    // Addresses are noted by the minute.
    let since = UnixMillis::from_millis(since.as_millis() / 60_000 * 60_000);
    let first = token.addresses.iter().map(|(_, first)| *first).min();
    let has_history = first.is_some_and(|first| since.since(first) >= HISTORY);
    let (new, known) = new_networks(&token.addresses, since);
    if !has_history || known == 0 || known + new.len() > NETWORKS_MAX {
        return Vec::new();
    }
    new.into_iter()
        .map(|(network, address)| {
            let cause = format!("new_network:{}:{network}", token.token);
            let detail = AlertDetail {
                token_name: Some(token.name.clone()),
                address: Some(address.to_canonical().to_string()),
                network: Some(network),
                ..AlertDetail::default()
            };
            of_token((AlertKind::NewNetwork, token.account), token.token, cause, &detail)
        })
        .collect()
}

fn of_channel(kind: AlertKind, hour: &ChannelHour) -> NewAlert {
    let detail = AlertDetail {
        channel_name: Some(hour.name.clone()),
        hour: Some(start_of(hour.hour)),
        requests: Some(hour.requests),
        failed: (kind == AlertKind::ChannelFailing).then_some(hour.bad),
        ..AlertDetail::default()
    };
    NewAlert {
        account: None,
        kind,
        token: None,
        channel: Some(hour.id),
        cause: format!("{}:{}:{}", kind.name(), hour.id, hour.hour),
        detail: detail.to_text(),
    }
}

fn start_of(hour: i64) -> String {
    UnixMillis::from_millis(hour.saturating_mul(HOUR_MILLIS)).to_rfc3339()
}

/// Tokens that expire within `days` days.
pub(super) fn expiring(tokens: Vec<ExpiringToken>, days: u32, now: UnixMillis) -> Observed {
    let last_day = now.plus(Duration::from_hours(24));
    let alerts = tokens.into_iter().filter(|token| days == 1 || token.expires_at > last_day);
    let alert = |token: ExpiringToken| {
        let detail = AlertDetail {
            token_name: Some(token.name),
            expires_at: Some(token.expires_at.to_rfc3339()),
            days: Some(days),
            ..AlertDetail::default()
        };
        of_token((AlertKind::TokenExpiry, token.account), token.id, token.cause, &detail)
    };
    Observed { alerts: alerts.map(alert).collect(), ..Observed::default() }
}

/// An account's hour that is over, told at most once a day.
pub(super) fn hour(judged: Judged, history: &SpendHistory, least: NanoUsd) -> Observed {
    let Judged { account, hour } = judged;
    let spent_in = |hour: i64| {
        let found = history.hours.iter().find(|(at, _)| *at == hour);
        found.map_or(NanoUsd::ZERO, |(_, spent)| *spent)
    };
    let spent = spent_in(hour);
    // What began to be spent before this hour was judged is judged when its own hour is over.
    let next = history.hours.iter().map(|(at, _)| *at).find(|at| *at > hour);
    let mut observed = Observed { judged: vec![(account, hour, next)], ..Observed::default() };
    if let Some(usual) = unusual_hour(hour, spent, history.first, &history.hours, least) {
        let detail = AlertDetail {
            hour: Some(start_of(hour)),
            spent: Some(spent),
            usual: Some(usual),
            ..AlertDetail::default()
        };
        observed.alerts.push(NewAlert {
            account: Some(account),
            kind: AlertKind::UnusualSpend,
            token: None,
            channel: None,
            cause: format!("unusual_spend:{account}:{}", hour / 24),
            detail: detail.to_text(),
        });
    }
    observed
}
