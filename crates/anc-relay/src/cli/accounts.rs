//! The commands about tiers and accounts.

use clap::{Args, Subcommand};
use http::Method;
use serde_json::{Map, Value, json};

use crate::cli::CliError;
use crate::cli::api::Api;
use crate::cli::arguments::Listed;
use crate::cli::commands::{encoded, items};
use crate::cli::print::{Table, dollars, field, line};

/// Accounts asked for at once when a list is printed.
const PAGE: usize = 100;

#[derive(Debug, Subcommand)]
pub(super) enum Tier {
    /// List the tiers.
    List(Listed),
    /// Change a tier, or make one of that name.
    Set(TierSet),
}

#[derive(Debug, Args)]
pub(super) struct TierSet {
    /// The tier's name.
    pub(super) name: String,
    /// How many API tokens an account may have.
    #[arg(long, value_name = "NUMBER")]
    pub(super) token_limit: Option<u32>,
    /// The factor on every price, in parts per million.
    #[arg(long, value_name = "PPM")]
    pub(super) multiplier_ppm: Option<u32>,
    /// How far below zero a balance may be spent, in dollars.
    #[arg(long, value_name = "USD")]
    pub(super) overdraft: Option<String>,
    /// Models that may be used; `*` stands for any characters, a leading `!` excludes; `all` is all.
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    pub(super) models: Option<Vec<String>>,
    /// Groups of channels that may be used; `all` is all.
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    pub(super) groups: Option<Vec<String>>,
    /// In how many days a new token expires that names no end; 0 is never.
    #[arg(long, value_name = "DAYS")]
    pub(super) expiry_default: Option<u32>,
    /// In how many days a token expires at the latest; 0 is never.
    #[arg(long, value_name = "DAYS")]
    pub(super) expiry_max: Option<u32>,
    /// Requests a minute of all tokens of an account together; 0 is unlimited.
    #[arg(long, value_name = "NUMBER")]
    pub(super) requests_per_minute: Option<u64>,
    /// Units a minute of all tokens of an account together; 0 is unlimited.
    #[arg(long, value_name = "NUMBER")]
    pub(super) units_per_minute: Option<u64>,
    /// Requests at once of all tokens of an account together; 0 is unlimited.
    #[arg(long, value_name = "NUMBER")]
    pub(super) concurrency: Option<u64>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Account {
    /// List the accounts.
    List(AccountsListed),
    /// Change an account.
    Set(AccountSet),
}

#[derive(Debug, Args)]
pub(super) struct AccountsListed {
    /// Only those whose name, or one of whose people's email addresses, contains this.
    #[arg(long, value_name = "TEXT")]
    pub(super) search: Option<String>,
    #[command(flatten)]
    pub(super) listed: Listed,
}

#[derive(Debug, Args)]
pub(super) struct AccountSet {
    /// The account's owner, or its id.
    #[arg(value_name = "EMAIL")]
    pub(super) account: String,
    /// The tier's name.
    #[arg(long, value_name = "NAME")]
    pub(super) tier: Option<String>,
    /// Requests need a balance.
    #[arg(long)]
    pub(super) metered: bool,
    /// Count what is used without charging anybody.
    #[arg(long, conflicts_with = "metered")]
    pub(super) unmetered: bool,
    /// Let none of its tokens work, for this reason.
    #[arg(long, value_name = "REASON")]
    pub(super) suspend: Option<String>,
    /// Let its tokens work again.
    #[arg(long, conflicts_with = "suspend")]
    pub(super) resume: bool,
}

pub(super) async fn tier(api: &Api, command: Tier) -> Result<(), CliError> {
    let tiers = api.get("/tiers").await?;
    match command {
        Tier::List(listed) if listed.json => line(&tiers["items"].to_string()),
        Tier::List(_) => {
            let mut table =
                Table::new(&["ID", "Name", "Accounts", "API tokens", "Factor ppm", "Overdraft"]);
            for item in items(&tiers) {
                let tier = &item["tier"];
                table.row(&[
                    field(tier, "id"),
                    field(tier, "name"),
                    field(item, "accounts"),
                    field(tier, "token_limit"),
                    field(tier, "multiplier_ppm"),
                    dollars(&field(tier, "overdraft")),
                ]);
            }
            table.print()
        }
        Tier::Set(set) => {
            let mut body = changes(&set);
            let known = items(&tiers).iter().find(|item| item["tier"]["name"] == set.name);
            if let Some(known) = known {
                let path = format!("/tiers/{}", field(&known["tier"], "id"));
                api.call(Method::PATCH, &path, Some(&body.into())).await?;
                return line(&format!("The tier {} is changed for its accounts.", set.name));
            }
            body.insert("name".to_owned(), set.name.as_str().into());
            body.entry("token_limit").or_insert_with(|| 20.into());
            api.post("/tiers", &body.into()).await?;
            line(&format!("The tier {} is made.", set.name))
        }
    }
}

/// What is named on the command line; what is not stays as it is.
fn changes(set: &TierSet) -> Map<String, Value> {
    let mut body = Map::new();
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            body.insert(key.to_owned(), value);
        }
    };
    let nothing_at_zero = |value: Value| if value == 0 { Value::Null } else { value };
    let list = |texts: &Vec<String>| {
        let all = texts.iter().all(|text| text == "all" || text.is_empty());
        if all { json!([]) } else { json!(texts) }
    };
    put("token_limit", set.token_limit.map(Value::from));
    put("multiplier_ppm", set.multiplier_ppm.map(Value::from));
    put("overdraft", set.overdraft.clone().map(Value::from));
    put("models", set.models.as_ref().map(list));
    put("groups", set.groups.as_ref().map(list));
    put("expiry_days_default", set.expiry_default.map(Value::from).map(nothing_at_zero));
    put("expiry_days_max", set.expiry_max.map(Value::from).map(nothing_at_zero));
    let rates = [
        ("requests_per_minute", set.requests_per_minute),
        ("units_per_minute", set.units_per_minute),
        ("concurrency", set.concurrency),
    ];
    let rates: Map<String, Value> = rates
        .into_iter()
        .filter_map(|(key, rate)| Some((key.to_owned(), nothing_at_zero(rate?.into()))))
        .collect();
    put("rates", (!rates.is_empty()).then(|| rates.into()));
    body
}

pub(super) async fn account(api: &Api, command: Account) -> Result<(), CliError> {
    match command {
        Account::List(wanted) => list_accounts(api, wanted).await,
        Account::Set(set) => {
            let mut body = json!({});
            if let Some(tier) = set.tier {
                let tiers = api.get("/tiers").await?;
                let known = items(&tiers).iter().find(|item| item["tier"]["name"] == tier);
                let known = known.ok_or_else(|| CliError::NoSuchTier(tier.clone()))?;
                body["tier"] = known["tier"]["id"].clone();
            }
            if set.metered || set.unmetered {
                body["billing"] = if set.metered { "metered" } else { "unmetered" }.into();
            }
            if let Some(reason) = set.suspend {
                body["suspended"] = true.into();
                body["reason"] = reason.into();
            } else if set.resume {
                body["suspended"] = false.into();
            }
            let path = format!("/accounts/{}", encoded(&set.account));
            let account = api.call(Method::PATCH, &path, Some(&body)).await?;
            let state = if account["suspended"] == true { "suspended" } else { "active" };
            let (tier, billing) = (field(&account["tier"], "name"), field(&account, "billing"));
            line(&format!("{} is {state}, {billing}, of the tier {tier}.", set.account))
        }
    }
}

async fn list_accounts(api: &Api, wanted: AccountsListed) -> Result<(), CliError> {
    let search = encoded(&wanted.search.unwrap_or_default());
    let (mut accounts, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/accounts?sort=name&limit={PAGE}&search={search}{cursor}");
        let page = api.get(&path).await?;
        accounts.extend(items(&page).iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={}", encoded(next)),
            None => break,
        }
    }
    if wanted.listed.json {
        return line(&Value::from(accounts).to_string());
    }
    let mut table =
        Table::new(&["ID", "Name", "Tier", "Balance", "Held", "30 days", "API tokens", "State"]);
    for account in &accounts {
        let state = if account["suspended"] == true {
            "suspended".to_owned()
        } else {
            field(account, "billing")
        };
        let tokens = &account["tokens"];
        table.row(&[
            field(account, "id"),
            field(account, "name"),
            field(&account["tier"], "name"),
            dollars(&field(account, "balance")),
            dollars(&field(account, "held")),
            dollars(&field(account, "spent_30_days")),
            format!("{} of {}", field(tokens, "used"), field(tokens, "limit")),
            state,
        ]);
    }
    table.print()
}
