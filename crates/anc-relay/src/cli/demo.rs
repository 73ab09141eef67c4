//! `anc-relay demo`: a data directory as it looks after a month of use, to look around in.
//!
//! Everything is made as in real life, by the control API and the ledger, only that the clock is
//! moved: so the books of a demo hold as any others do.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anc_domain::{
    Clock as _, Entropy, ManualClock, Meter, ModelName, NanoUsd, PpmMultiplier, RequestId,
    SystemClock, UnixMillis, Usage,
};
use anc_ledger::{EndReason, HoldAsk, Otherwise, PriceSnapshot};
use anc_store::{HoldRequest, Settlement, Store, TokenRecord};
use serde_json::{Value, json};

use crate::cli::CliError;
use crate::cli::api::Api;
use crate::cli::print::{field, line};
use crate::config::Config;
use crate::wiring::Base;

const DAYS: u64 = 30;
const HOUR: Duration = Duration::from_hours(1);
/// Where the sign-in is kept, since a demo is started more than once.
pub(super) const SIGN_IN_FILE: &str = "demo.txt";

const OWNER: &str = "owner@demo.example";
const TEAM: &str = "team@demo.example";
const SHOP: &str = "shop@demo.example";

/// What is held for each request: more than any of them costs.
const HOLD: NanoUsd = NanoUsd::from_nanos(500_000_000);

/// What the provider bills the operator: a fifth less than the price book.
pub(super) const COST: PpmMultiplier = PpmMultiplier::from_ppm(800_000);

struct Sample {
    name: &'static str,
    account: &'static str,
    models: &'static [&'static str],
    quota: Option<&'static str>,
    agent: &'static str,
    address: &'static str,
    /// Requests of an ordinary weekday.
    daily: u64,
    /// Days from the beginning on which it was used.
    days: std::ops::Range<u64>,
}

/// Addresses are those that are set aside for documentation, RFC 5737.
const SAMPLES: [Sample; 8] = [
    Sample {
        name: "Claude-Code-Work-PC",
        account: OWNER,
        models: &["claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5"],
        quota: Some("500"),
        agent: "claude-cli/2.1.197 (external, cli)",
        address: "192.0.2.17",
        daily: 60,
        days: 0..DAYS,
    },
    Sample {
        name: "Codex-Laptop",
        account: OWNER,
        models: &["gpt-6.1-sol", "gpt-5.4"],
        quota: Some("120"),
        agent: "codex_cli_rs/0.169.0",
        address: "192.0.2.21",
        daily: 25,
        days: 4..DAYS,
    },
    Sample {
        name: "Old-Tablet",
        account: OWNER,
        models: &["gpt-4o-mini"],
        quota: None,
        agent: "NextChat/2.16",
        address: "192.0.2.88",
        daily: 6,
        days: 0..6,
    },
    Sample {
        name: "CI",
        account: TEAM,
        models: &["gpt-5.4-mini", "claude-haiku-5-5"],
        quota: Some("40"),
        agent: "openai-python/2.54.0",
        address: "198.51.100.4",
        daily: 90,
        days: 0..DAYS,
    },
    Sample {
        name: "Research-Notebook",
        account: TEAM,
        models: &["gemini-3.1-pro-preview", "gemini-2.5-flash"],
        quota: None,
        agent: "google-genai-sdk/3.4.0",
        address: "198.51.100.9",
        daily: 20,
        days: 8..DAYS,
    },
    Sample {
        name: "Support-Bot",
        account: SHOP,
        models: &["gpt-5.4-nano", "gpt-4.1-mini"],
        quota: Some("25"),
        agent: "openai-node/6.9.1",
        address: "203.0.113.40",
        daily: 70,
        days: 0..DAYS,
    },
    Sample {
        name: "Product-Search",
        account: SHOP,
        models: &["text-embedding-3-small"],
        quota: Some("5"),
        agent: "openai-node/6.9.1",
        address: "203.0.113.40",
        daily: 40,
        days: 0..DAYS,
    },
    Sample {
        name: "Intern-Trial",
        account: SHOP,
        models: &["claude-opus-5-5"],
        quota: Some("3"),
        agent: "claude-cli/2.1.197 (external, cli)",
        address: "203.0.113.77",
        daily: 12,
        days: 20..DAYS,
    },
];

/// Fills an empty data directory.
pub(super) async fn fill(data: &Path, config: &Config) -> Result<(), CliError> {
    let now = SystemClock.now();
    let clock = Arc::new(ManualClock::new(now.minus(Duration::from_hours(24 * DAYS))));
    let base = Base::open_at(data, config, Arc::clone(&clock) as Arc<_>).await?;
    let (store, dice) = (base.store.clone(), Dice(Arc::clone(&base.entropy)));
    let api = Api::over(base, config);
    let password = dice.password();
    people(&api, &password).await?;
    let mut month = Month { tokens: tokens(&api, &store).await?, store, clock, dice };
    let requests = month.live_until(now).await?;
    month.clock.set(now);
    afterwards(&api).await?;
    api.close().await;
    let sign_in = format!("Sign in as {OWNER}, {TEAM} or {SHOP} with the password {password}");
    keep(&data.join(SIGN_IN_FILE), &sign_in).map_err(CliError::Output)?;
    line(&format!("{requests} requests of {} tokens in {DAYS} days. {sign_in}", SAMPLES.len()))
}

async fn people(api: &Api, password: &str) -> Result<(), CliError> {
    let owner = json!({ "email": OWNER, "password": password, "billing": "metered",
        "starting_balance": "400" });
    api.post("/setup", &owner).await?;
    for (email, amount) in [(TEAM, "150"), (SHOP, "60")] {
        api.post("/users", &json!({ "email": email, "password": password })).await?;
        let credit = json!({ "account": email, "amount": amount, "reason": "First top-up" });
        api.post("/credits", &credit).await?;
    }
    Ok(())
}

/// A channel of the Simulated provider under the names of real models, and the sample tokens.
async fn tokens(api: &Api, store: &Store) -> Result<Vec<Token>, CliError> {
    let mut models: Vec<&str> = SAMPLES.iter().flat_map(|sample| sample.models).copied().collect();
    models.sort_unstable();
    models.dedup();
    let channel = json!({ "name": "Simulated", "provider": "simulated", "models": models,
        "cost_multiplier_ppm": COST.ppm() });
    let channel = api.post("/channels", &channel).await?;
    let prices: HashMap<String, PriceSnapshot> = store
        .prices()
        .list()
        .await
        .map_err(CliError::unanswered)?
        .into_iter()
        .map(|record| {
            let snapshot = record.price.snapshot(PpmMultiplier::ONE);
            (record.model.to_string(), snapshot)
        })
        .collect();
    let mut made = Vec::new();
    for sample in &SAMPLES {
        let body = json!({ "account": sample.account, "name": sample.name, "quota": sample.quota,
            "models": sample.models, "tags": [sample.account.split('@').next()] });
        let created = api.post("/tokens", &body).await?;
        let id = field(&created["token"], "id").parse().map_err(CliError::unanswered)?;
        let record = store.tokens().get(id, None).await.map_err(CliError::unanswered)?;
        let models = sample
            .models
            .iter()
            .filter_map(|name| Some((name.parse().ok()?, prices.get(*name)?.clone())));
        made.push(Token {
            sample,
            record: record.ok_or(CliError::Unanswered("a new token is gone".to_owned()))?,
            models: models.collect(),
            channel: field(&channel, "id").parse().map_err(CliError::unanswered)?,
        });
    }
    Ok(made)
}

/// What a person would have done meanwhile.
async fn afterwards(api: &Api) -> Result<(), CliError> {
    let listed = api.get("/tokens?limit=100").await?;
    let of = |name: &str| {
        let all = listed["items"].as_array().into_iter().flatten();
        let mut found = all.filter(|token| token["name"] == name).map(|token| field(token, "id"));
        format!("/tokens/{}", found.next().unwrap_or_default())
    };
    let change = async |name: &str, body: Value| {
        api.call(http::Method::PATCH, &of(name), Some(&body)).await.map(drop)
    };
    change(
        "Claude-Code-Work-PC",
        json!({ "ip_rules": ["192.0.2.0/24"], "budgets": { "day": "25" } }),
    )
    .await?;
    change("CI", json!({ "rates": { "requests_per_minute": 120 }, "note": "The build machines" }))
        .await?;
    change("Product-Search", json!({ "enabled": false })).await?;
    api.post(&format!("{}/rotate", of("Codex-Laptop")), &json!({ "overlap": "24h" })).await?;
    for (count, amount, note) in [(6, "10", "Workshop"), (2, "25", "Support")] {
        let codes = json!({ "count": count, "amount": amount, "note": note });
        api.post("/redemption-codes", &codes).await?;
    }
    let credit = json!({ "account": SHOP, "amount": "40", "reason": "Second top-up" });
    api.post("/credits", &credit).await.map(drop)
}

struct Token {
    sample: &'static Sample,
    record: TokenRecord,
    models: Vec<(ModelName, PriceSnapshot)>,
    channel: anc_domain::ChannelId,
}

/// The month, hour by hour.
struct Month {
    store: Store,
    clock: Arc<ManualClock>,
    dice: Dice,
    tokens: Vec<Token>,
}

impl Month {
    /// Gives how many requests there were.
    async fn live_until(&mut self, end: UnixMillis) -> Result<u64, CliError> {
        let (mut requests, mut hour) = (0, 0);
        let start = self.clock.now();
        while self.clock.now() < end {
            let begins = start.plus(HOUR * hour);
            if begins >= end {
                break;
            }
            for (at, token) in self.requests_of(hour.into(), begins) {
                self.clock.set(at.max(self.clock.now()).min(end));
                requests += u64::from(self.request(token).await?);
            }
            hour += 1;
        }
        Ok(requests)
    }

    /// When in an hour which token is used.
    fn requests_of(&self, hour: u64, begins: UnixMillis) -> Vec<(UnixMillis, usize)> {
        let busy = busyness(begins);
        let mut all = Vec::new();
        for (index, token) in self.tokens.iter().enumerate() {
            if !token.sample.days.contains(&(hour / 24)) {
                continue;
            }
            // Expected requests of the hour, in thousandths.
            let expected = token.sample.daily * busy;
            let count = expected / 1_000 + u64::from(self.dice.below(1_000) < expected % 1_000);
            for _ in 0..count {
                all.push((begins.plus(Duration::from_millis(self.dice.below(3_600_000))), index));
            }
        }
        all.sort_unstable();
        all
    }

    /// One request through the ledger; false where its money did not suffice.
    async fn request(&self, index: usize) -> Result<bool, CliError> {
        let Some(token) = self.tokens.get(index) else { return Ok(false) };
        let choice = usize::try_from(self.dice.below(token.models.len() as u64)).unwrap_or(0);
        let Some((model, price)) = token.models.get(choice) else { return Ok(false) };
        let input = 200 + self.dice.below(1 << (9 + self.dice.below(8)));
        let request = HoldRequest {
            request_id: RequestId::generate(self.clock.now(), &*self.dice.0),
            account_id: token.record.account_id,
            token_id: token.record.id,
            model: model.clone(),
            ask: HoldAsk { full: HOLD, least: HOLD, otherwise: Otherwise::Least },
            price: price.clone(),
            input_estimate: input,
            stream: self.dice.below(4) > 0,
        };
        let held = self.store.ledger().hold(request).await.map_err(CliError::unanswered)?;
        let Ok(hold) = held else { return Ok(false) };
        let settlement = self.ending(token, model, input);
        let took = settlement.total_ms.unwrap_or_default();
        self.clock.advance(Duration::from_millis(took.into()));
        hold.settle(settlement).await.map_err(CliError::unanswered)?;
        Ok(true)
    }

    fn ending(&self, token: &Token, model: &ModelName, input: u64) -> Settlement {
        let end = match self.dice.below(200) {
            0..3 => EndReason::ClientGone,
            3..5 => EndReason::UpstreamCut,
            5 => EndReason::Timeout,
            _ => EndReason::Complete,
        };
        let embeds = model.as_str().contains("embedding");
        let output = if embeds { 0 } else { 20 + self.dice.below(1 << (6 + self.dice.below(6))) };
        let cached = if embeds { 0 } else { input * self.dice.below(9) / 10 };
        let usage = Usage::default()
            .with(Meter::Input, input - cached)
            .with(Meter::CachedInput, cached)
            .with(Meter::Output, output);
        let first = 180 + self.dice.below(1_400);
        let millis = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
        Settlement {
            estimated: end != EndReason::Complete,
            channel_id: Some(token.channel),
            cost_multiplier: Some(COST),
            upstream_status: Some(200),
            first_token_ms: Some(millis(first)),
            total_ms: Some(millis(first + output * 12)),
            attempts: 1 + u32::from(self.dice.below(60) == 0),
            client_address: Some(token.sample.address.to_owned()),
            client_agent: Some(token.sample.agent.to_owned()),
            ..Settlement::new(end, usage)
        }
    }
}

/// The share of a day's requests that falls into an hour, in thousandths: people work by day and
/// rest at the week's end.
fn busyness(hour: UnixMillis) -> u64 {
    let hours = u64::try_from(hour.as_seconds() / 3_600).unwrap_or_default();
    // The first of January 1970 was a Thursday.
    let (of_day, weekday) = (hours % 24, (hours / 24 + 3) % 7);
    let share = match of_day {
        8..12 | 13..18 => 85,
        7 | 12 | 18..22 => 40,
        22..24 => 12,
        _ => 4,
    };
    if weekday >= 5 { share / 3 } else { share }
}

/// Chance, from the same source as everything else's.
pub(super) struct Dice(pub(super) Arc<dyn Entropy>);

impl Dice {
    fn below(&self, bound: u64) -> u64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        u64::from_le_bytes(bytes).checked_rem(bound).unwrap_or(0)
    }

    pub(super) fn password(&self) -> String {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        bytes.iter().fold(String::new(), |mut text, byte| {
            // Writing to a text cannot fail.
            write!(text, "{byte:02x}").ok();
            text
        })
    }
}

/// For the owner of the directory alone.
pub(super) fn keep(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file =
        std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    writeln!(file, "{text}")
}
