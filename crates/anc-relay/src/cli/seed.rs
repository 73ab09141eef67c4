//! `anc-relay seed`: a database as large as any, to measure on.
//!
//! Owner, user, channel and prices are made by the control API, as in a demo; accounts, tokens and
//! requests come in bulk (`anc-store/src/seed.rs`).

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anc_domain::{
    AccountId, Clock as _, Entropy, ManualClock, PpmMultiplier, SystemClock, UnixMillis,
};
use anc_store::{SeedModel, Store};
use serde_json::json;

use crate::cli::CliError;
use crate::cli::api::Api;
use crate::cli::arguments::Seed;
use crate::cli::demo::{COST, Dice, SIGN_IN_FILE, keep};
use crate::cli::print::{field, line};
use crate::config::Config;
use crate::data_dir::DataDir;
use crate::wiring::{Base, OpenError};

const OWNER: &str = "owner@seed.example";
const USER: &str = "user@seed.example";

/// What is called; the last one rarely.
const MODELS: [&str; 12] = [
    "claude-sonnet-5-5",
    "gpt-6.1-sol",
    "claude-haiku-5-5",
    "gpt-5.4-mini",
    "gemini-2.5-flash",
    "gpt-4o-mini",
    "claude-opus-5-5",
    "gpt-5.4",
    "gemini-3.1-pro-preview",
    "gpt-5.4-nano",
    "gpt-4.1-mini",
    "text-embedding-3-small",
];

/// Fills an empty data directory, or an empty database beside it.
pub(super) async fn fill(wanted: Seed, data: &Path, config: &Config) -> Result<(), CliError> {
    let now = SystemClock.now();
    let begins = now.minus(Duration::from_hours(24 * u64::from(wanted.days)));
    let clock = Arc::new(ManualClock::new(begins));
    let base = Base::open_at(data, config, clock).await?;
    let (store, entropy) = (base.store.clone(), Arc::clone(&base.entropy));
    let api = Api::over(base, config);
    let password = Dice(Arc::clone(&entropy)).password();
    let seed = prepare(&api, &store, &*entropy, &password, &wanted, now).await?;
    api.close().await;
    // Its follower ends with it.
    drop(store);

    let _lock = DataDir::open_existing(data).map_err(OpenError::from)?;
    Store::seed(&config.location(data), &seed).await.map_err(OpenError::from)?;
    let sign_in = format!("Sign in as {OWNER} or {USER} with the password {password}");
    keep(&data.join(SIGN_IN_FILE), &sign_in).map_err(CliError::Output)?;
    line(&format!("{} requests of {} tokens. {sign_in}", wanted.usage, wanted.tokens))
}

/// What the seeded rows refer to.
async fn prepare<'a>(
    api: &Api,
    store: &Store,
    entropy: &'a dyn Entropy,
    password: &str,
    wanted: &Seed,
    now: UnixMillis,
) -> Result<anc_store::Seed<'a>, CliError> {
    let owner = json!({ "email": OWNER, "password": password, "billing": "metered",
        "starting_balance": "100" });
    api.post("/setup", &owner).await?;
    api.post("/users", &json!({ "email": USER, "password": password })).await?;
    let channel = json!({ "name": "Simulated", "provider": "simulated", "models": MODELS,
        "cost_multiplier_ppm": COST.ppm() });
    let channel = api.post("/channels", &channel).await?;
    let mut accounts: Vec<AccountId> = Vec::new();
    for email in [OWNER, USER] {
        let account = store.accounts().by_owner_email(email).await.map_err(CliError::unanswered)?;
        accounts.extend(account.map(|account| account.id));
    }
    let prices = store.prices().list().await.map_err(CliError::unanswered)?;
    let models = MODELS.iter().filter_map(|name| {
        let record = prices.iter().find(|record| record.model.as_str() == *name)?;
        let price = record.price.snapshot(PpmMultiplier::ONE);
        Some(SeedModel { model: record.model.clone(), price })
    });
    Ok(anc_store::Seed {
        tokens: wanted.tokens,
        usage: wanted.usage,
        days: wanted.days,
        accounts,
        channel: field(&channel, "id").parse().map_err(CliError::unanswered)?,
        cost_multiplier: COST,
        models: models.collect(),
        now,
        entropy,
    })
}
