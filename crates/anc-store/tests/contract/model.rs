//! Random operations against a small model of the books.

use std::collections::HashMap;

use anc_domain::ApiTokenId;
use anc_ledger::EndReason;
use anc_store::{Credit, EntryKind, OpenHold, Settlement, TokenChanges};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::support::{Bed, assert_books, fresh_store, nanos, units};

#[derive(Debug, Clone, Copy)]
enum Step {
    Hold { token: usize, full: i64, least: i64 },
    Grow { hold: usize, by: i64 },
    Settle { hold: usize, input: u64, output: u64 },
    Drop { hold: usize },
    Credit { amount: i64 },
    Quota { token: usize, quota: Option<i64> },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => (0..3_usize, 0..400_i64, 0..400_i64).prop_map(|(token, one, other)| Step::Hold {
            token,
            full: one.max(other),
            least: one.min(other),
        }),
        2 => (any::<usize>(), 0..300_i64).prop_map(|(hold, by)| Step::Grow { hold, by }),
        3 => (any::<usize>(), 0..200_u64, 0..200_u64)
            .prop_map(|(hold, input, output)| Step::Settle { hold, input, output }),
        1 => any::<usize>().prop_map(|hold| Step::Drop { hold }),
        1 => (-100..500_i64).prop_map(|amount| Step::Credit { amount }),
        1 => (0..3_usize, prop::option::of(0..2_000_i64))
            .prop_map(|(token, quota)| Step::Quota { token, quota }),
    ]
}

/// The books as a child would keep them.
struct Model {
    balance: i64,
    quota: [Option<i64>; 3],
    used: [i64; 3],
    open: HashMap<u64, (usize, i64)>,
}

impl Model {
    fn held(&self, token: Option<usize>) -> i64 {
        let of =
            |(_, (owner, _)): &(&u64, &(usize, i64))| token.is_none_or(|token| token == *owner);
        self.open.iter().filter(of).map(|(_, (_, amount))| amount).sum()
    }

    fn fits(&self, token: usize, amount: i64) -> bool {
        let free = |limit: i64, held: i64| limit > 0 && amount <= limit - held;
        self.quota[token].is_none_or(|quota| free(quota - self.used[token], self.held(Some(token))))
            && free(self.balance, self.held(None))
    }
}

struct Run {
    bed: Bed,
    tokens: [ApiTokenId; 3],
    model: Model,
    open: Vec<(u64, OpenHold)>,
    count: u64,
}

impl Run {
    async fn new() -> Self {
        let bed = fresh_store(1_000).await;
        let tokens = [bed.token(Some(800)).await, bed.token(None).await, bed.token(Some(0)).await];
        let model = Model {
            balance: 1_000,
            quota: [Some(800), None, Some(0)],
            used: [0; 3],
            open: HashMap::new(),
        };
        Self { bed, tokens, model, open: Vec::new(), count: 0 }
    }

    fn take(&mut self, hold: usize) -> Option<(u64, OpenHold)> {
        (!self.open.is_empty()).then(|| self.open.swap_remove(hold % self.open.len()))
    }

    async fn step(&mut self, step: Step) {
        self.count += 1;
        match step {
            Step::Hold { token, full, least } => {
                let request = self.bed.request(self.tokens[token], full, least);
                let result = self.bed.store.ledger().hold(request).await.unwrap();
                let expected = [full, least].into_iter().find(|ask| self.model.fits(token, *ask));
                let granted = result.as_ref().map(|hold| hold.granted().nanos()).ok();
                assert_eq!(granted, expected);
                if let (Ok(hold), Some(amount)) = (result, expected) {
                    self.model.open.insert(self.count, (token, amount));
                    self.open.push((self.count, hold));
                }
            }
            Step::Grow { hold, by } => {
                let Some((number, mut hold)) = self.take(hold) else { return };
                let token = self.model.open[&number].0;
                let fits = self.model.fits(token, by);
                assert_eq!(hold.grow(nanos(by)).await.unwrap().is_ok(), fits);
                if fits {
                    self.model.open.get_mut(&number).unwrap().1 += by;
                }
                self.open.push((number, hold));
            }
            Step::Settle { hold, input, output } => {
                let Some((number, hold)) = self.take(hold) else { return };
                let (token, _) = self.model.open.remove(&number).unwrap();
                let cost = i64::try_from(input + 2 * output).unwrap();
                let settlement = Settlement::new(EndReason::Complete, units(input, output));
                assert_eq!(hold.settle(settlement).await, Ok(nanos(cost)));
                self.model.balance -= cost;
                self.model.used[token] += cost;
            }
            Step::Drop { hold } => {
                let Some((number, hold)) = self.take(hold) else { return };
                self.model.open.remove(&number);
                // The queue keeps the order: what comes next finds it released.
                drop(hold);
            }
            Step::Credit { amount } => self.credit(amount).await,
            Step::Quota { token, quota } => {
                let changes =
                    TokenChanges { quota: Some(quota.map(nanos)), ..TokenChanges::default() };
                let tokens = self.bed.store.tokens();
                tokens.update(self.tokens[token], None, changes).await.unwrap().unwrap();
                self.model.quota[token] = quota;
            }
        }
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

    async fn check(&self) {
        // A credit of nothing passes through no writer; a refused hold does, and comes last.
        let absurd = self.bed.request(self.tokens[2], i64::MAX, i64::MAX);
        assert!(self.bed.store.ledger().hold(absurd).await.unwrap().is_err());
        assert_eq!(self.bed.balance().await, self.model.balance);
        assert_eq!(self.bed.held().await, self.model.held(None));
        for (number, token) in self.tokens.into_iter().enumerate() {
            let record = self.bed.store.tokens().get(token, None).await.unwrap().unwrap();
            assert_eq!(record.used.nanos(), self.model.used[number]);
            assert_eq!(record.held.nanos(), self.model.held(Some(number)));
        }
        assert_books(&self.bed.store).await;
    }
}

#[test]
fn l1_l2_l5_l8_random_operations_agree_with_a_model() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let config = ProptestConfig {
        cases: 12,
        max_shrink_iters: 50,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    TestRunner::new(config)
        .run(&prop::collection::vec(step(), 1..120), |steps| {
            runtime.block_on(async {
                let mut run = Run::new().await;
                for step in steps {
                    run.step(step).await;
                }
                run.check().await;
            });
            Ok(())
        })
        .unwrap();
}
