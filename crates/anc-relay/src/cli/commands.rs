//! What each command asks of the control API, and what it prints.

use std::io::Read as _;

use http::Method;
use serde_json::{Value, json};
use url::form_urlencoded::byte_serialize;

use crate::cli::CliError;
use crate::cli::api::Api;
use crate::cli::arguments::{
    ApiCall, Channel, ChannelAdd, ChannelTest, Credit, PriceSet, Setup, Token, TokenCreate,
    TokenList, TokenName, UsageCommand,
};
use crate::cli::print::{Table, dollars, field, line, money_or};

/// What is read from standard input: no more than the control API takes as a body.
const INPUT_BYTES_MAX: u64 = 64 * 1024;
/// Tokens asked for at once when a list is printed.
const PAGE: usize = 100;

pub(super) async fn setup(api: &Api, setup: Setup) -> Result<(), CliError> {
    let billing = if setup.unmetered { "unmetered" } else { "metered" };
    let body = json!({
        "email": setup.email,
        "password": from_stdin("the password")?,
        "billing": billing,
        "starting_balance": if setup.unmetered { "0" } else { setup.balance.as_str() },
    });
    api.post("/setup", &body).await?;
    line(&format!("The owner {} can now sign in to the console.", setup.email))
}

pub(super) async fn channel(api: &Api, command: Channel) -> Result<(), CliError> {
    match command {
        Channel::Add(add) => add_channel(api, add).await,
        Channel::List(listed) => {
            let channels = api.get("/channels").await?;
            if listed.json {
                return line(&channels["items"].to_string());
            }
            let mut table = Table::new(&["ID", "Name", "Provider", "Base URL", "Enabled"]);
            for channel in items(&channels) {
                table.row(
                    &["id", "name", "provider", "base_url", "enabled"].map(|k| field(channel, k)),
                );
            }
            table.print()
        }
        Channel::Test(test) => test_channel(api, test).await,
    }
}

async fn test_channel(api: &Api, test: ChannelTest) -> Result<(), CliError> {
    let channels = api.get("/channels").await?;
    let named = |channel: &&Value| channel["name"] == test.name || channel["id"] == test.name;
    let channel = items(&channels).iter().find(named);
    let channel = channel.ok_or_else(|| CliError::NoSuchChannel(test.name.clone()))?;
    let path = format!("/channels/{}/test", field(channel, "id"));
    let tested = api.post(&path, &json!({ "model": test.model })).await?;
    if tested["ok"] != true {
        let (status, message) = (field(&tested, "status"), field(&tested, "message"));
        return Err(CliError::ChannelFailed(format!("{status} {message}").trim().to_owned()));
    }
    let model = match field(&tested, "model") {
        none if none.is_empty() => "its list of models".to_owned(),
        model => model,
    };
    line(&format!("{} answered for {model} in {} ms.", test.name, field(&tested, "latency_ms")))
}

/// Prints an answer as it comes.
pub(super) async fn call(api: &Api, call: ApiCall) -> Result<(), CliError> {
    let text = match call.body.as_deref() {
        Some("-") => Some(from_stdin("the body")?),
        other => other.map(str::to_owned),
    };
    let body = text.as_deref().map(serde_json::from_str::<Value>).transpose();
    let body = body.map_err(|error| CliError::BodyUnreadable(error.to_string()))?;
    let answer = api.call_raw(call.method, &call.path, body.as_ref()).await?;
    line(String::from_utf8_lossy(&answer).trim_end())
}

async fn add_channel(api: &Api, add: ChannelAdd) -> Result<(), CliError> {
    let key = if add.key_stdin { Some(from_stdin("the provider's key")?) } else { None };
    let mut body = json!({
        "name": add.name,
        "provider": add.provider,
        "models": add.models,
        "allow_private": add.allow_private,
        "priority": add.priority,
        "weight": add.weight,
        "group": add.group,
        "cost_multiplier_ppm": add.cost_ppm,
    });
    if let Some(base_url) = add.base_url {
        body["base_url"] = base_url.into();
    }
    if let Some(key) = key {
        body["key"] = key.into();
    }
    let channel = api.post("/channels", &body).await?;
    let name = field(&channel, "name");
    let id = field(&channel, "id");
    line(&format!("Channel {name} ({id}) is set up; `anc-relay channel test {name}` asks it."))
}

pub(super) async fn set_price(api: &Api, price: PriceSet) -> Result<(), CliError> {
    let mut body = json!({ "input": price.input, "output": price.output });
    for (key, value) in [
        ("cached_input", price.cached_input),
        ("cache_write", price.cache_write),
        ("cache_write_1h", price.cache_write_1h),
    ] {
        if let Some(value) = value {
            body[key] = value.into();
        }
    }
    api.call(Method::PUT, &format!("/prices/{}", encoded(&price.model)), Some(&body)).await?;
    line(&format!(
        "{} costs ${} input and ${} output per million units.",
        price.model, price.input, price.output
    ))
}

pub(super) async fn credit(api: &Api, credit: Credit) -> Result<(), CliError> {
    let body = json!({
        "account": credit.account, "amount": credit.amount, "kind": credit.kind,
        "reason": credit.reason,
    });
    let answer = api.post("/credits", &body).await?;
    let balance = dollars(&field(&answer, "balance"));
    line(&format!("The balance of {} is now {balance}.", credit.account))
}

/// Prunes part by part until nothing is left to prune.
pub(super) async fn usage(api: &Api, command: UsageCommand) -> Result<(), CliError> {
    let UsageCommand::Prune(prune) = command;
    let body = json!({ "before": point_in_time(&prune.before), "dry_run": prune.dry_run });
    let mut requests = 0;
    loop {
        let part = api.post("/usage/prune", &body).await?;
        requests += part["requests"].as_u64().unwrap_or(0);
        if prune.dry_run {
            let charge = dollars(&field(&part, "charge"));
            return line(&format!("{requests} requests that cost {charge} would be removed."));
        }
        if part["more"] != true {
            return line(&format!("{requests} requests were removed."));
        }
    }
}

/// Prints each check; the command fails where one does.
pub(super) async fn verify(api: &Api) -> Result<(), CliError> {
    let report = api.post("/ledger/verify", &json!({})).await?;
    let mut table = Table::new(&["Check", "Holds", "Detail"]);
    for check in report["checks"].as_array().into_iter().flatten() {
        let holds = if check["ok"] == true { "yes" } else { "NO" };
        table.row(&[field(check, "name"), holds.to_owned(), field(check, "detail")]);
    }
    table.print()?;
    if report["ok"] == true { line("The books hold.") } else { Err(CliError::BooksDoNotHold) }
}

pub(super) async fn token(api: &Api, command: Token) -> Result<(), CliError> {
    match command {
        Token::Create(create) => create_token(api, create).await,
        Token::List(list) => list_tokens(api, list).await,
        Token::Show(name) => show_token(api, name).await,
        Token::Disable(name) => switch_token(api, &name, false).await,
        Token::Enable(name) => switch_token(api, &name, true).await,
        Token::Rotate(rotate) => {
            let token = find_token(api, &rotate.token).await?;
            let path = format!("/tokens/{}/rotate", field(&token, "id"));
            let answer = api.post(&path, &json!({ "overlap": rotate.overlap })).await?;
            line(&field(&answer, "secret"))
        }
        Token::Delete(name) => {
            let token = find_token(api, &name).await?;
            let path = format!("/tokens/{}", field(&token, "id"));
            api.call(Method::DELETE, &path, None).await?;
            line(&format!("Token {} is deleted.", field(&token, "name")))
        }
    }
}

async fn create_token(api: &Api, create: TokenCreate) -> Result<(), CliError> {
    let mut body = json!({
        "account": create.account,
        "name": create.name,
        "quota": create.quota,
        "models": create.models,
        "ip_rules": create.ip,
    });
    // Where nothing is said, the account's tier says it.
    match create.expires.as_deref() {
        None => {}
        Some("never") => body["expires_at"] = Value::Null,
        Some(text) => body["expires_at"] = point_in_time(text).into(),
    }
    let answer = api.post("/tokens", &body).await?;
    line(&field(&answer, "secret"))
}

/// A day means its first moment, UTC; anything else is for the API to read.
pub(super) fn point_in_time(text: &str) -> String {
    let day = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    if day { format!("{text}T00:00:00Z") } else { text.to_owned() }
}

async fn list_tokens(api: &Api, list: TokenList) -> Result<(), CliError> {
    let tokens = all_tokens(api, list.account.as_deref(), "").await?;
    if list.listed.json {
        return line(&Value::Array(tokens).to_string());
    }
    let mut table = Table::new(&[
        "Name",
        "Status",
        "Used Quota",
        "Remaining Quota",
        "Created Time",
        "Expiration Time",
    ]);
    for token in &tokens {
        table.row(&[
            field(token, "name"),
            field(token, "status"),
            money_or(token, "used_quota", "$0"),
            money_or(token, "remaining_quota", "Unlimited"),
            field(token, "created_at"),
            match field(token, "expires_at") {
                never if never.is_empty() => "Never Expires".to_owned(),
                time => time,
            },
        ]);
    }
    table.print()
}

async fn show_token(api: &Api, name: TokenName) -> Result<(), CliError> {
    let token = find_token(api, &name).await?;
    if name.listed.json {
        return line(&token.to_string());
    }
    let mut table = Table::new(&["Field", "Value"]);
    for (key, value) in token.as_object().into_iter().flatten() {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        table.row(&[key.clone(), value]);
    }
    table.print()
}

async fn switch_token(api: &Api, name: &TokenName, enabled: bool) -> Result<(), CliError> {
    let token = find_token(api, name).await?;
    let path = format!("/tokens/{}", field(&token, "id"));
    let body = json!({ "enabled": enabled });
    api.call(Method::PATCH, &path, Some(&body)).await?;
    let state = if enabled { "enabled" } else { "disabled" };
    line(&format!("Token {} is {state}.", field(&token, "name")))
}

/// The one token of a name or id.
async fn find_token(api: &Api, wanted: &TokenName) -> Result<Value, CliError> {
    let by_id = wanted.name.starts_with("tok_");
    let search = if by_id { "" } else { wanted.name.as_str() };
    let mut found: Vec<Value> = all_tokens(api, wanted.account.as_deref(), search)
        .await?
        .into_iter()
        .filter(|token| token["name"] == wanted.name || token["id"] == wanted.name)
        .collect();
    match found.len() {
        0 => Err(CliError::NoSuchToken(wanted.name.clone())),
        1 => Ok(found.remove(0)),
        _ => Err(CliError::SeveralTokens(wanted.name.clone())),
    }
}

async fn all_tokens(
    api: &Api,
    account: Option<&str>,
    search: &str,
) -> Result<Vec<Value>, CliError> {
    let mut query = format!("?sort=name&limit={PAGE}&search={}", encoded(search));
    if let Some(account) = account {
        query.push_str("&account=");
        query.push_str(&encoded(account));
    }
    let (mut tokens, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = api.get(&format!("/tokens{query}{cursor}")).await?;
        tokens.extend(items(&page).iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={}", encoded(next)),
            None => return Ok(tokens),
        }
    }
}

pub(super) fn items(page: &Value) -> &[Value] {
    page["items"].as_array().map(Vec::as_slice).unwrap_or_default()
}

pub(super) fn encoded(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

pub(super) fn from_stdin(what: &'static str) -> Result<String, CliError> {
    let mut text = String::new();
    std::io::stdin()
        .take(INPUT_BYTES_MAX)
        .read_to_string(&mut text)
        .map_err(|_| CliError::NoInput(what))?;
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() { Err(CliError::NoInput(what)) } else { Ok(text.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_its_first_moment_and_the_rest_stays() {
        assert_eq!(point_in_time("2027-01-31"), "2027-01-31T00:00:00Z");
        assert_eq!(point_in_time("2027-01-31T18:00:00+02:00"), "2027-01-31T18:00:00+02:00");
        assert_eq!(point_in_time("tomorrow"), "tomorrow");
    }

    #[test]
    fn names_are_encoded_for_paths_and_queries() {
        assert_eq!(encoded("a b/c&d"), "a%20b%2Fc%26d");
    }
}
