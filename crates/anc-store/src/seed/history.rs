//! The requests of a seeded database, oldest first.

use std::time::Duration;

use anc_domain::{Meter, PpmMultiplier, UnixMillis, Usage};
use anc_ledger::EndReason;

use super::crowd::Crowd;
use super::dice::Dice;
use super::{Seed, SeedModel};
use crate::sql::Arg;
use crate::usage::meter_columns;
use crate::{StoreError, row};

/// Of so many requests one is of the last model, so that there is a rare one.
const RARE: u64 = 50_000;

/// With what clients call; addresses are those that are set aside for documentation, RFC 5737.
const AGENTS: [&str; 6] = [
    "claude-cli/2.1.197 (external, cli)",
    "codex_cli_rs/0.169.0",
    "openai-python/2.54.0",
    "openai-node/6.9.1",
    "google-genai-sdk/3.4.0",
    "NextChat/2.16",
];

pub(super) fn columns() -> String {
    format!(
        "seq, request_id, account_id, token_id, model, channel_id, {}, price, charge, held, \
         end_reason, estimated, suspect, stream, started_at, created_at, first_token_ms, \
         total_ms, attempts, upstream_status, client_address, client_agent, raw_usage, cost, \
         cost_ppm",
        meter_columns()
    )
}

/// What a model's rows have in common.
struct Model<'a> {
    seeded: &'a SeedModel,
    price: String,
}

/// The rows, one after another; it notes what tokens come to.
pub(super) struct History<'a> {
    crowd: &'a mut Crowd,
    models: Vec<Model<'a>>,
    channel: i64,
    cost_multiplier: PpmMultiplier,
    begins: UnixMillis,
    millis: u128,
    rows: u64,
    made: u64,
    dice: Dice,
}

impl<'a> History<'a> {
    pub(super) fn new(
        seed: &'a Seed<'_>,
        crowd: &'a mut Crowd,
        dice: Dice,
    ) -> Result<Self, StoreError> {
        let models = seed.models.iter().map(|seeded| {
            let price = serde_json::to_string(&seeded.price).map_err(StoreError::corrupt)?;
            Ok(Model { seeded, price })
        });
        let begins = seed.begins();
        Ok(Self {
            crowd,
            models: models.collect::<Result<_, StoreError>>()?,
            channel: seed.channel.as_i64(),
            cost_multiplier: seed.cost_multiplier,
            begins,
            millis: seed.now.since(begins).as_millis(),
            rows: seed.usage,
            made: 0,
            dice,
        })
    }

    /// When the next request ends: they are spread evenly.
    fn time(&self) -> Result<UnixMillis, StoreError> {
        let passed = self.millis * u128::from(self.made) / u128::from(self.rows.max(1));
        let passed = u64::try_from(passed).map_err(StoreError::corrupt)?;
        Ok(self.begins.plus(Duration::from_millis(passed)))
    }

    fn request(&mut self) -> Result<Vec<Arg>, StoreError> {
        let at = self.time()?;
        let dice = &mut self.dice;
        let token = usize::try_from(dice.first_of(self.crowd.token_count())).unwrap_or(0);
        let count = self.models.len().saturating_sub(1).max(1);
        let usual = (token + usize::try_from(dice.below(3)).unwrap_or(0)) % count;
        let place = if dice.below(RARE) == 0 { count } else { usual };
        let model = self.models.get(place).or_else(|| self.models.first());
        let model = model.ok_or(StoreError::Conflict("no model to seed"))?;
        let (token_id, account_id) =
            self.crowd.ids(token).ok_or(StoreError::Conflict("no token to seed"))?;

        let usage = units(dice);
        let charge =
            anc_ledger::charge(&usage, &model.seeded.price).map_err(StoreError::corrupt)?.total;
        let cost = anc_ledger::own_cost(&usage, &model.seeded.price, self.cost_multiplier)
            .map_err(StoreError::corrupt)?;
        let end = match dice.below(400) {
            0..6 => EndReason::ClientGone,
            6..9 => EndReason::UpstreamCut,
            9 => EndReason::Timeout,
            _ => EndReason::Complete,
        };
        let first = 120 + dice.below(1_600);
        let total = first + usage.get(Meter::Output) * 9;
        let started = at.minus(Duration::from_millis(total));
        let small = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        let (output, input) = (usage.get(Meter::Output), usage.get(Meter::Input));
        let agent = AGENTS.get(token % AGENTS.len()).copied().unwrap_or_default();

        let mut random = u128::from(dice.next()) << 16 | u128::from(self.made & 0xffff);
        random |= u128::from(at.as_millis().unsigned_abs()) << 80;
        let mut cells: Vec<Arg> = vec![
            small(self.made + 1).into(),
            Some(random.to_be_bytes().to_vec()).into(),
            account_id.into(),
            token_id.into(),
            model.seeded.model.as_str().into(),
            self.channel.into(),
        ];
        cells.extend(Meter::ALL.map(|meter| row::units_column(usage.get(meter)).into()));
        let rest: [Arg; 18] = [
            (&model.price).into(),
            charge.nanos().into(),
            charge.nanos().saturating_mul(2).into(),
            end.name().into(),
            (end != EndReason::Complete).into(),
            false.into(),
            (dice.below(4) > 0).into(),
            started.as_millis().into(),
            at.as_millis().into(),
            small(first).into(),
            small(total).into(),
            (1 + i64::from(dice.below(60) == 0)).into(),
            200_i64.into(),
            format!("203.0.113.{}", token % 250).into(),
            agent.into(),
            format!(r#"{{"prompt_tokens":{input},"completion_tokens":{output}}}"#).into(),
            cost.nanos().into(),
            i64::from(self.cost_multiplier.ppm()).into(),
        ];
        cells.extend(rest);
        if let Some(spent) = self.crowd.spent.get_mut(token) {
            spent.used = spent.used.saturating_add(charge.nanos());
            spent.requests += 1;
            let started = Some(started.as_millis());
            spent.last_used_at = spent.last_used_at.max(started);
        }
        Ok(cells)
    }
}

impl Iterator for History<'_> {
    type Item = Result<Vec<Arg>, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.made >= self.rows {
            return None;
        }
        let row = self.request();
        self.made += 1;
        Some(row)
    }
}

/// Few requests are long.
fn units(dice: &mut Dice) -> Usage {
    let (long_input, long_output) = (9 + dice.below(8), 6 + dice.below(6));
    let input = 200 + dice.below(1 << long_input);
    let cached = input * dice.below(9) / 10;
    Usage::default()
        .with(Meter::Input, input - cached)
        .with(Meter::CachedInput, cached)
        .with(Meter::Output, 20 + dice.below(1 << long_output))
}
