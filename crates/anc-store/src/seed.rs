//! A database filled for measuring: many accounts and tokens and a long history of requests, in a
//! few minutes.
//!
//! The rows are those that the relay would have written, and its own statements derive the sums from
//! them; only that they come in bulk, in one transaction, where nobody is served. So the books of
//! a seeded database hold as any others do, and `verify` proves it.
//!
//! * `crowd.rs`: accounts and tokens. * `history.rs`: requests. * `sink.rs`: rows in bulk into either
//!   engine.

mod crowd;
mod dice;
mod history;
mod sink;

use anc_domain::{AccountId, ChannelId, Entropy, ModelName, PpmMultiplier, UnixMillis};
use anc_ledger::PriceSnapshot;

use crate::sql::Arg;
use crate::{Location, StoreError, ledger};
use crowd::{Crowd, Grant};
use dice::Dice;
use history::History;
use sink::Sink;

const DAY_MILLIS: i64 = 86_400_000;

const NOT_FRESH: StoreError =
    StoreError::Conflict("only a database in which nothing was ever used is seeded");

/// A model that is called, and at which price.
#[derive(Debug, Clone)]
pub struct SeedModel {
    /// The name.
    pub model: ModelName,
    /// What its requests are charged by.
    pub price: PriceSnapshot,
}

/// What a database is filled with.
pub struct Seed<'a> {
    /// How many API tokens, twenty an account; every twentieth belongs to one large account. A few
    /// are used for most requests.
    pub tokens: u64,
    /// How many usage rows, spread evenly over the days.
    pub usage: u64,
    /// How many days they go back.
    pub days: u32,
    /// Accounts that are there already: they get the first tokens, which are the busiest.
    pub accounts: Vec<AccountId>,
    /// Which channel answered.
    pub channel: ChannelId,
    /// The factor on the price book at which its provider bills.
    pub cost_multiplier: PpmMultiplier,
    /// What is called. The last one rarely.
    pub models: Vec<SeedModel>,
    /// When the history ends.
    pub now: UnixMillis,
    /// Makes secrets, which nobody keeps, and chance.
    pub entropy: &'a dyn Entropy,
}

impl Seed<'_> {
    fn begins(&self) -> UnixMillis {
        UnixMillis::from_millis(self.now.as_millis() - i64::from(self.days) * DAY_MILLIS)
    }
}

/// Fills a database that nobody serves and whose schema is up to date.
pub(crate) async fn seed(location: &Location, seed: &Seed<'_>) -> Result<(), StoreError> {
    let mut sink = Sink::begin(location).await?;
    if sink.number(USED).await? > 0 {
        return Err(NOT_FRESH);
    }
    let mut random = [0; 8];
    seed.entropy.fill(&mut random);
    let dice = Dice::new(u64::from_le_bytes(random));
    let mut crowd = Crowd::new(seed)?;
    sink.fill("account", crowd::ACCOUNT_COLUMNS, crowd.account_rows()).await?;
    sink.fill("app_user", crowd::USER_COLUMNS, crowd.user_rows(seed.entropy)).await?;
    let history = History::new(seed, &mut crowd, dice)?;
    let rows = sink.fill("usage", &history::columns(), history).await?;
    sink.fill("api_token", crowd::TOKEN_COLUMNS, crowd.token_rows(seed)).await?;
    sink.fill("api_token_spend", crowd::SPEND_COLUMNS, crowd.spend_rows()).await?;
    give(&mut sink, &crowd.grants()).await?;
    let upto = i64::try_from(rows).map_err(StoreError::corrupt)?;
    for derive in ledger::derivations() {
        sink.execute(&derive, &[0, upto]).await?;
    }
    // Everybody who follows the rows has come to their end: nobody is told of what was long ago.
    sink.execute("update follower_watermark set seq = $1", &[upto]).await?;
    sink.commit("usage").await
}

/// Rows of any time: they have numbers, and pruning leaves its mark.
const USED: &str = "select (select coalesce(max(seq), 0) from usage)
     + (select max(seq) from usage_pruning)
     + (select max(seq) from follower_watermark)";

async fn give(sink: &mut Sink, grants: &[Grant]) -> Result<(), StoreError> {
    let mut entries = Vec::with_capacity(grants.len());
    let mut balances = Vec::new();
    for grant in grants {
        if grant.is_new {
            entries.push(Ok(grant.entry(0)));
            let row: Vec<Arg> = vec![grant.account.into(), (grant.amount - grant.charged).into()];
            balances.push(Ok(row));
            continue;
        }
        let account = grant.account;
        let before = sink
            .number(&format!("select balance from account_balance where account_id = {account}"))
            .await?;
        entries.push(Ok(grant.entry(before)));
        sink.execute(
            "update account_balance set balance = balance + $2 where account_id = $1",
            &[account, grant.amount - grant.charged],
        )
        .await?;
    }
    sink.fill("ledger_entry", crowd::ENTRY_COLUMNS, entries.into_iter()).await?;
    sink.fill("account_balance", crowd::BALANCE_COLUMNS, balances.into_iter()).await?;
    Ok(())
}
