//! A store driven by random operations, compared with the model after each.
//!
//! `ANC_SOAK_STEPS` says how many operations there are in all; `make soak` sets it.

use std::time::Duration;

use anc_domain::{ApiTokenId, PpmMultiplier, RedemptionCodeId, TierId};
use anc_ledger::{EndReason, NotRedeemed, Period};
use anc_store::{
    AccountChanges, Credit, EntryKind, OpenHold, Settlement, StoreError, TierTerms, TokenChanges,
    WORD_OF_ANOTHER,
};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::model::{
    CODE_AMOUNT, CODE_USES, Kind, Model, Redeeming, Step, TIERS, TOKENS, Token, step,
};
use crate::redemptions::{ask_for, code_with, owner};
use crate::support::{Bed, NOW, assert_books, fresh_store, nanos, units};

/// Operations on one database, at most.
const STEPS_MAX: u32 = 240;

const BALANCE: i64 = 1_000;

struct Run {
    bed: Bed,
    /// By the model's number of a token.
    ids: Vec<ApiTokenId>,
    /// The model's numbers of the tokens that there are.
    tokens: [usize; TOKENS],
    /// By their places in the model.
    tiers: [TierId; TIERS],
    model: Model,
    open: Vec<(u64, OpenHold)>,
    count: u64,
    codes: Vec<RedemptionCodeId>,
}

impl Run {
    async fn new() -> Self {
        let bed = fresh_store(BALANCE).await;
        let hours = NOW.as_millis() / 3_600_000;
        let model = Model { balance: BALANCE, hours, ..Model::default() };
        let (ids, open) = (Vec::new(), Vec::new());
        let mut codes = Vec::new();
        for uses in CODE_USES {
            codes.push(
                code_with(&bed.store, |new| {
                    (new.amount, new.uses, new.once_per_account) =
                        (nanos(CODE_AMOUNT), uses, false);
                })
                .await,
            );
        }
        let standard = bed.store.accounts().get(bed.account).await.unwrap().unwrap().tier;
        // Deleted tokens do not count, so that neither limit stops anything.
        let other = TierTerms { name: "Other".to_owned(), ..standard.terms };
        let other = bed.store.tiers().create(other, None).await.unwrap().unwrap();
        let tiers = [standard.id, other.id];
        let mut run = Self { bed, ids, tokens: [0; TOKENS], tiers, model, open, count: 0, codes };
        for (place, quota) in [Some(800), None, Some(0)].into_iter().enumerate() {
            run.add_token(place, quota).await;
        }
        run
    }

    async fn add_token(&mut self, place: usize, quota: Option<i64>) {
        self.tokens[place] = self.ids.len();
        self.ids.push(self.bed.token(quota).await);
        self.model.tokens.push(Token { quota, ..Token::default() });
    }

    fn take(&mut self, hold: usize) -> Option<(u64, OpenHold)> {
        (!self.open.is_empty()).then(|| self.open.swap_remove(hold % self.open.len()))
    }

    async fn step(&mut self, step: Step) {
        self.count += 1;
        match step {
            Step::Hold { token, full, least } => {
                let number = self.tokens[token];
                let request = self.bed.request(self.ids[number], full, least);
                let result = self.bed.store.ledger().hold(request).await.unwrap();
                let expected = self.model.hold(self.count, number, full, least);
                assert_eq!(result.as_ref().map(|hold| hold.granted().nanos()).ok(), expected);
                self.open.extend(result.ok().map(|hold| (self.count, hold)));
            }
            Step::Grow { hold, by } => {
                let Some((id, mut hold)) = self.take(hold) else { return };
                let grown = hold.grow(nanos(by)).await.unwrap().is_ok();
                assert_eq!(grown, self.model.grow(id, by));
                self.open.push((id, hold));
            }
            Step::Settle { hold, input, output } => {
                let Some((id, hold)) = self.take(hold) else { return };
                let cost = i64::try_from(input + 2 * output).unwrap();
                // What it costs the operator, known or not, is nothing to the model.
                let cost_multiplier = u32::try_from(self.count % 4).ok().filter(|part| *part > 0);
                let cost_multiplier =
                    cost_multiplier.map(|part| PpmMultiplier::from_ppm(part * 400_000));
                let settlement = Settlement::new(EndReason::Complete, units(input, output));
                let settlement = Settlement { cost_multiplier, ..settlement };
                assert_eq!(hold.settle(settlement).await, Ok(nanos(cost)));
                self.model.settle(id, cost);
            }
            Step::Drop { hold } => {
                let Some((id, hold)) = self.take(hold) else { return };
                self.model.open.remove(&id);
                // The queue keeps the order: what comes next finds it released.
                drop(hold);
            }
            Step::Credit { amount } => self.credit(amount).await,
            Step::Redeem { code, word } => self.redeem(code, word).await,
            Step::Overdraft { tier, overdraft } => {
                self.model.overdrafts[tier] = overdraft;
                let edit = |terms: &mut TierTerms| -> Result<(), StoreError> {
                    terms.overdraft = nanos(overdraft);
                    Ok(())
                };
                self.bed.store.tiers().update(self.tiers[tier], None, edit).await.unwrap();
            }
            Step::Tier { tier } => {
                self.model.tier = tier;
                let tier = Some(self.tiers[tier]);
                let changes = AccountChanges { tier, ..AccountChanges::default() };
                self.bed.store.accounts().update(self.bed.account, changes).await.unwrap();
            }
            Step::Quota { token, quota } => {
                self.model.tokens[self.tokens[token]].quota = quota;
                let quota = Some(quota.map(nanos));
                self.change(token, TokenChanges { quota, ..TokenChanges::default() }).await;
            }
            Step::Budget { token, kind, limit } => self.budget(token, kind, limit).await,
            Step::Enable { token, enabled } => {
                self.model.tokens[self.tokens[token]].off = !enabled;
                let enabled = Some(enabled);
                self.change(token, TokenChanges { enabled, ..TokenChanges::default() }).await;
            }
            Step::Delete { token } => {
                let number = self.tokens[token];
                assert!(self.bed.store.tokens().delete(self.ids[number], None).await.unwrap());
                self.model.tokens[number].deleted = true;
                self.add_token(token, None).await;
            }
            Step::Wait { hours } => {
                self.bed.clock.advance(Duration::from_hours(hours.unsigned_abs()));
                self.model.hours += hours;
            }
            Step::Die => self.die().await,
        }
    }

    async fn change(&self, token: usize, changes: TokenChanges) {
        let id = self.ids[self.tokens[token]];
        self.bed.store.tokens().update(id, None, changes).await.unwrap().unwrap();
    }

    async fn budget(&mut self, token: usize, kind: Kind, limit: Option<i64>) {
        let limits = &mut self.model.tokens[self.tokens[token]].limits;
        match limit {
            Some(limit) => limits.insert(kind, limit),
            None => limits.remove(&kind),
        };
        let period = match kind {
            Kind::Day => Period::Day,
            Kind::Week => Period::Week,
        };
        let mut changes = TokenChanges::default();
        changes.budgets[period.index()] = Some(limit.map(nanos));
        self.change(token, changes).await;
    }

    async fn credit(&mut self, amount: i64) {
        let credit = Credit {
            account_id: self.bed.account,
            amount: nanos(amount),
            kind: EntryKind::Adjustment,
            reason: "a test".into(),
            cause: format!("test:{}", self.count),
        };
        let result = self.bed.store.ledger().credit(credit).await;
        assert_eq!(result.is_ok(), amount != 0);
        self.model.balance += amount;
        assert_eq!(self.bed.balance().await, self.model.balance);
    }

    async fn redeem(&mut self, code: usize, word: u8) {
        let ask = ask_for(self.codes[code], owner(&self.bed).await, &word.to_string());
        let redeemed = match self.bed.store.redemption_codes().redeem(ask).await {
            Ok(Ok(done)) => {
                assert_eq!(done.amount, nanos(CODE_AMOUNT));
                Redeeming::Done
            }
            Ok(Err(NotRedeemed::UsedUp)) => Redeeming::UsedUp,
            Err(StoreError::Conflict(WORD_OF_ANOTHER)) => Redeeming::OtherWord,
            other => panic!("{other:?}"),
        };
        assert_eq!(redeemed, self.model.redeem(code, word));
        assert_eq!(self.bed.balance().await, self.model.balance);
    }

    /// The process goes, with all that its requests held; the next one closes what they left.
    async fn die(&mut self) {
        self.bed.store.close().await;
        // Their writer has ended: what they would release stays held.
        self.open.clear();
        self.bed.store = self.bed.start_again().await;
        self.model.die();
        self.check().await;
    }

    async fn check(&self) {
        // A credit of nothing passes through no writer; a refused hold does, and comes last.
        let absurd = self.bed.request(self.ids[0], i64::MAX, i64::MAX);
        assert!(self.bed.store.ledger().hold(absurd).await.unwrap().is_err());
        assert_eq!(self.bed.balance().await, self.model.balance);
        assert_eq!(self.bed.held().await, self.model.held(None));
        for number in self.tokens {
            let record = self.bed.store.tokens().get(self.ids[number], None).await;
            let record = record.unwrap().unwrap();
            assert_eq!(record.used.nanos(), self.model.tokens[number].used);
            assert_eq!(record.held.nanos(), self.model.held(Some(number)));
        }
        let all = "select cast(coalesce(sum(used), 0) as bigint) from";
        let used: i64 = self.model.tokens.iter().map(|token| token.used).sum();
        assert_eq!(self.bed.number(&format!("{all} api_token_spend")).await, used);
        let in_windows = self.bed.number(&format!("{all} api_token_window")).await;
        assert_eq!(in_windows, self.model.spent_in_windows());
        assert_books(&self.bed.store).await;
    }
}

/// Databases to try: a dozen, or as many as the operations of a soak fill.
fn cases() -> u32 {
    std::env::var("ANC_SOAK_STEPS").map_or(12, |text| {
        let steps: u32 = text.parse().unwrap();
        // Half of the most is what a run has on average.
        steps.div_ceil(STEPS_MAX / 2)
    })
}

#[test]
fn l1_l2_l5_l8_random_operations_agree_with_a_model() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let config = ProptestConfig {
        cases: cases(),
        max_shrink_iters: 50,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let steps = prop::collection::vec(step(), 1..usize::try_from(STEPS_MAX).unwrap());
    TestRunner::new(config)
        .run(&steps, |steps| {
            runtime.block_on(async {
                let mut run = Run::new().await;
                for step in steps {
                    run.step(step).await;
                }
                run.check().await;
                run.bed.store.close().await;
            });
            Ok(())
        })
        .unwrap();
}
