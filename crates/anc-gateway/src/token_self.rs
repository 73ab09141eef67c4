//! What a client can ask about its own API token, with the token itself: what it may do, what it has
//! spent, what is left. The same in the form of OpenAI's old billing paths, which chat apps show.

use anc_domain::{NanoUsd, RelayError, UnixMillis};
use anc_store::{AccountRecord, TokenRecord, WindowUse};
use bytes::Bytes;
use http::Response;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use serde_json::{Map, Value, json};

use crate::ingress::Call;
use crate::{Gateway, GatewayBody, admission, error};

/// What chat apps take for "no limit": a hundred million dollars.
const NO_LIMIT: NanoUsd = NanoUsd::from_nanos(100_000_000_000_000_000);

struct Known {
    token: TokenRecord,
    account: AccountRecord,
}

async fn known(gateway: &Gateway, call: &Call) -> Result<Known, RelayError> {
    let caller = gateway.authenticate(call).await?;
    admission::check_address(&caller, call.client)?;
    let store = &gateway.store;
    let down = |failure| error::store_down(&failure);
    let token = store.tokens().get(caller.token_id(), None).await.map_err(down)?;
    let account = store.accounts().get(caller.account_id()).await.map_err(down)?;
    match (token, account) {
        (Some(token), Some(account)) => Ok(Known { token, account }),
        // Deleted a moment ago.
        _ => Err(error::invalid_api_key()),
    }
}

/// `GET /v1/token`.
pub(crate) async fn show(
    gateway: &Gateway,
    call: &Call,
) -> Result<Response<GatewayBody>, RelayError> {
    let Known { token, account } = known(gateway, call).await?;
    let windows = gateway
        .store
        .tokens()
        .windows(&token, &account)
        .await
        .map_err(|failure| error::store_down(&failure))?;
    let rates = token.traits.rates;
    let time = |time: Option<UnixMillis>| time.map(UnixMillis::to_rfc3339);
    let body = json!({
        "object": "token",
        "id": token.id.to_string(),
        "name": token.name,
        "status": token.status().name(),
        "quota": token.quota,
        "used_quota": token.used,
        "remaining_quota": token.remaining(),
        "held": token.held,
        "remaining": left(&token, &account, &windows),
        "budgets": budgets(&windows),
        "created_at": token.created_at.to_rfc3339(),
        "expires_at": time(token.expires_at),
        "models": token.models.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "endpoints": token.traits.scopes.iter().map(|one| one.name()).collect::<Vec<_>>(),
        "rates": {
            "requests_per_minute": rates.requests_per_minute,
            "units_per_minute": rates.units_per_minute,
            "concurrency": rates.concurrency,
        },
        "requests": token.requests,
    });
    Ok(answer(call, body.to_string()))
}

fn budgets(windows: &[WindowUse]) -> Value {
    let each = windows.iter().map(|one| {
        let budget = json!({
            "limit": one.limit,
            "used": one.used,
            "remaining": one.remaining(),
            "resets_at": one.ends_at.to_rfc3339(),
        });
        (one.period.name().to_owned(), budget)
    });
    Value::Object(each.collect::<Map<String, Value>>())
}

/// The least of all that bounds it; `None` where nothing does.
fn left(token: &TokenRecord, account: &AccountRecord, windows: &[WindowUse]) -> Option<NanoUsd> {
    let balance = account.metered.then(|| account.spendable());
    let budgets = windows.iter().map(WindowUse::remaining);
    budgets.chain(token.remaining()).chain(balance).min()
}

/// `GET /v1/dashboard/billing/subscription`: the limit, as OpenAI's page told it.
pub(crate) async fn subscription(
    gateway: &Gateway,
    call: &Call,
) -> Result<Response<GatewayBody>, RelayError> {
    let Known { token, account } = known(gateway, call).await?;
    let by_balance = || {
        let total = account.spendable().checked_add(token.used);
        account.metered.then(|| total.unwrap_or(NO_LIMIT))
    };
    let limit = token.quota.or_else(by_balance).unwrap_or(NO_LIMIT);
    let until = token.expires_at.map_or(0, UnixMillis::as_seconds);
    // The amounts are numbers there; a decimal string is one without its quotes.
    Ok(answer(
        call,
        format!(
            "{{\"object\":\"billing_subscription\",\"has_payment_method\":true,\
             \"soft_limit_usd\":{limit},\"hard_limit_usd\":{limit},\
             \"system_hard_limit_usd\":{limit},\"access_until\":{until}}}"
        ),
    ))
}

/// `GET /v1/dashboard/billing/usage`: what was spent, in cents.
pub(crate) async fn usage(
    gateway: &Gateway,
    call: &Call,
) -> Result<Response<GatewayBody>, RelayError> {
    let Known { token, .. } = known(gateway, call).await?;
    let nanos = i128::from(token.used.nanos()) * 100;
    let (whole, rest) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
    Ok(answer(call, format!("{{\"object\":\"list\",\"total_usage\":{whole}.{rest:09}}}")))
}

fn answer(call: &Call, body: String) -> Response<GatewayBody> {
    let mut response = Response::new(GatewayBody::full(Bytes::from(body)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    anc_wire::add_request_id(headers, call.protocol, call.request_id);
    response
}
