//! How people want to be told, and where to.

use std::collections::BTreeMap;

use anc_domain::{AccountId, NanoUsd};
use anc_store::{AlertKind, AlertPreference, AuditNote};
use axum::Json as Answer;
use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::alerts::{check_url, new_secret, post_test};
use crate::audit;
use crate::error::{ApiError, ErrorBody};
use crate::json::Json;
use crate::principal::{Caller, Principal};
use crate::state::ApiState;

/// How the people of the caller's account want to be told.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AlertPreferences {
    /// Each kind that the caller can be told of, and whether it is on.
    kinds: BTreeMap<&'static str, bool>,
    /// Below which balance it is low; null is as the instance has it.
    #[schema(required, value_type = Option<String>)]
    low_balance: Option<NanoUsd>,
    /// As the instance has it.
    #[schema(value_type = String)]
    low_balance_default: NanoUsd,
    /// Whether by mail as well.
    mail: bool,
    /// Whether the instance sends mail at all.
    sends_mail: bool,
    /// Where alerts are posted to.
    #[schema(required)]
    webhook: Option<AlertWebhook>,
}

/// Where alerts are posted to, and how that went of late.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AlertWebhook {
    url: String,
    #[schema(format = DateTime)]
    created_at: String,
    /// When one was last taken.
    #[schema(required, format = DateTime)]
    delivered_at: Option<String>,
    /// When one was last not taken.
    #[schema(required, format = DateTime)]
    failed_at: Option<String>,
    /// Why not.
    #[schema(required)]
    failure: Option<String>,
    /// How many are still to be tried.
    waiting: u64,
}

/// How to be told from now on. What is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AlertPreferenceChange {
    /// Kinds to be switched on or off.
    #[serde(default)]
    kinds: BTreeMap<String, bool>,
    /// Below which balance it is low, in dollars; null is as the instance has it.
    #[serde(default, deserialize_with = "crate::json::present")]
    #[schema(value_type = Option<String>)]
    low_balance: Option<Option<NanoUsd>>,
    /// Whether by mail as well.
    #[serde(default)]
    mail: Option<bool>,
}

/// Where to post.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhookTarget {
    /// Begins with `https://`.
    url: String,
}

/// A webhook with its secret, which is shown only this once.
#[derive(Serialize, ToSchema)]
pub(crate) struct NewWebhook {
    url: String,
    /// What posts are signed with.
    secret: String,
}

/// How a try went.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookTest {
    /// Whether the receiver took it.
    delivered: bool,
    /// What it answered.
    #[schema(required)]
    status: Option<u16>,
    /// Why it was not taken.
    #[schema(required)]
    failure: Option<String>,
}

/// Gives how the people of the caller's account want to be told.
#[utoipa::path(get, path = "/api/v1/alert-preferences", tag = "alerts",
    responses((status = 200, body = AlertPreferences), (status = "default", body = ErrorBody)))]
pub(crate) async fn get_alert_preferences(
    State(state): State<ApiState>,
    principal: Principal,
) -> Result<Answer<AlertPreferences>, ApiError> {
    let account = principal.user()?.account_id;
    Ok(Answer(preferences(&state, &principal, account).await?))
}

/// Changes it.
#[utoipa::path(put, path = "/api/v1/alert-preferences", tag = "alerts",
    request_body = AlertPreferenceChange,
    responses((status = 200, body = AlertPreferences), (status = "default", body = ErrorBody)))]
pub(crate) async fn set_alert_preferences(
    State(state): State<ApiState>,
    principal: Principal,
    caller: Caller,
    Json(body): Json<AlertPreferenceChange>,
) -> Result<Answer<AlertPreferences>, ApiError> {
    let account = principal.user()?.account_id;
    let alerts = state.store().alerts();
    let mut wanted = alerts.preference(account).await?;
    for (name, on) in &body.kinds {
        let kind = AlertKind::from_name(name).filter(|kind| may_choose(&principal, *kind));
        let kind = kind.ok_or_else(|| ApiError::field("kinds", "There is no such kind."))?;
        wanted.off.retain(|other| *other != kind);
        if !on {
            wanted.off.push(kind);
        }
    }
    if let Some(low_balance) = body.low_balance {
        if low_balance.is_some_and(NanoUsd::is_negative) {
            return Err(ApiError::field("low_balance", "Zero or more."));
        }
        wanted.low_balance = low_balance;
    }
    wanted.mail = body.mail.unwrap_or(wanted.mail);
    alerts.set_preference(account, &wanted).await?;
    let detail = json!({
        "off": wanted.off.iter().map(|kind| kind.name()).collect::<Vec<_>>(),
        "low_balance": wanted.low_balance,
        "mail": wanted.mail,
    });
    note(&state, &principal, caller, "alerts.update", &detail).await?;
    Ok(Answer(preferences(&state, &principal, account).await?))
}

/// Sets where the account's alerts are posted to, with a new secret.
#[utoipa::path(put, path = "/api/v1/webhook", tag = "alerts", request_body = WebhookTarget,
    responses((status = 200, body = NewWebhook), (status = "default", body = ErrorBody)))]
pub(crate) async fn set_webhook(
    State(state): State<ApiState>,
    principal: Principal,
    caller: Caller,
    Json(body): Json<WebhookTarget>,
) -> Result<Answer<NewWebhook>, ApiError> {
    let account = principal.user()?.account_id;
    let private = state.shared.settings.alerts.private_webhooks;
    let url = check_url(&body.url, private).map_err(|why| ApiError::field("url", why))?;
    let secret = new_secret(&*state.shared.entropy);
    state.store().alerts().set_webhook(account, &url, &secret).await?;
    // What stands behind the host may be a secret of the receiver's.
    let host = url::Url::parse(&url).ok().and_then(|url| url.host_str().map(str::to_owned));
    note(&state, &principal, caller, "webhook.set", &json!({ "host": host })).await?;
    Ok(Answer(NewWebhook { url, secret: secret.expose().to_owned() }))
}

/// Posts nowhere any more, nor what is still on its way.
#[utoipa::path(delete, path = "/api/v1/webhook", tag = "alerts",
    responses((status = 204), (status = "default", body = ErrorBody)))]
pub(crate) async fn remove_webhook(
    State(state): State<ApiState>,
    principal: Principal,
    caller: Caller,
) -> Result<StatusCode, ApiError> {
    let account = principal.user()?.account_id;
    if !state.store().alerts().remove_webhook(account).await? {
        return Err(ApiError::not_found("webhook"));
    }
    note(&state, &principal, caller, "webhook.remove", &json!({})).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Posts something of the kind `test`, once, and tells how that went.
#[utoipa::path(post, path = "/api/v1/webhook/test", tag = "alerts",
    responses((status = 200, body = WebhookTest), (status = "default", body = ErrorBody)))]
pub(crate) async fn test_webhook(
    State(state): State<ApiState>,
    principal: Principal,
    caller: Caller,
) -> Result<Answer<WebhookTest>, ApiError> {
    let account = principal.user()?.account_id;
    let found = state.store().alerts().webhook_secret(account).await?;
    let (url, secret) = found.ok_or_else(|| ApiError::not_found("webhook"))?;
    // The relay must not be made to knock at somebody's door without end.
    let subject = format!("webhook of {account}");
    state.shared.webhook_throttle.attempt(&subject, caller.0, state.now())?;
    let delivery = post_test(&state, &url, &secret).await;
    Ok(Answer(WebhookTest {
        delivered: delivery.taken,
        status: delivery.status,
        failure: delivery.failure,
    }))
}

fn may_choose(principal: &Principal, kind: AlertKind) -> bool {
    principal.is_operator() || !kind.is_for_operators()
}

async fn preferences(
    state: &ApiState,
    principal: &Principal,
    account: AccountId,
) -> Result<AlertPreferences, ApiError> {
    let alerts = state.store().alerts();
    let AlertPreference { off, low_balance, mail } = alerts.preference(account).await?;
    let webhook = alerts.webhook(account).await?;
    let kinds = AlertKind::ALL.into_iter().filter(|kind| may_choose(principal, *kind));
    Ok(AlertPreferences {
        kinds: kinds.map(|kind| (kind.name(), !off.contains(&kind))).collect(),
        low_balance,
        low_balance_default: state.shared.settings.alerts.low_balance,
        mail,
        sends_mail: state.mail_way().is_some(),
        webhook: webhook.map(|webhook| AlertWebhook {
            url: webhook.url,
            created_at: webhook.created_at.to_rfc3339(),
            delivered_at: webhook.delivered_at.map(anc_domain::UnixMillis::to_rfc3339),
            failed_at: webhook.failed_at.map(anc_domain::UnixMillis::to_rfc3339),
            failure: webhook.failure,
            waiting: webhook.waiting,
        }),
    })
}

async fn note(
    state: &ApiState,
    principal: &Principal,
    caller: Caller,
    action: &'static str,
    detail: &Value,
) -> Result<(), ApiError> {
    let user = principal.user()?;
    let note = AuditNote {
        actor: principal.actor(),
        action,
        object: Some(user.account_id.as_i64()),
        account: Some(user.account_id),
        detail: detail.to_string(),
        address: Some(caller.0.to_canonical().to_string()),
    };
    audit::keep(state, note).await;
    Ok(())
}
