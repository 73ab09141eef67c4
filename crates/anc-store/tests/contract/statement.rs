//! A statement: its sums are exact, whatever the range and whatever was pruned.

use std::time::Duration;

use anc_domain::{ApiTokenId, NanoUsd, UnixMillis};
use anc_ledger::Zone;
use anc_store::{
    Credit, EntryKind, LineKind, StatementLine, StatementPage, StatementQuery, StoreError,
};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::support::{Bed, NOW, assert_books, fresh_store, nanos};

const HOUR: i64 = 3_600_000;

fn whole(bed: &Bed) -> StatementQuery {
    StatementQuery {
        account: bed.account,
        since: None,
        until: None,
        kind: None,
        before: None,
        limit: 200,
    }
}

async fn statement(bed: &Bed, query: &StatementQuery) -> StatementPage {
    bed.store.statements().page(query).await.unwrap()
}

/// Every line, read by pages of `limit`.
async fn walk(bed: &Bed, query: &StatementQuery, limit: u32) -> Vec<StatementLine> {
    let mut query = StatementQuery { limit, ..query.clone() };
    let mut lines = Vec::new();
    loop {
        let page = statement(bed, &query).await;
        lines.extend(page.lines);
        query.before = page.next;
        if query.before.is_none() {
            return lines;
        }
    }
}

async fn credit(bed: &Bed, amount: i64, kind: EntryKind, cause: &str) {
    let credit = Credit {
        account_id: bed.account,
        amount: nanos(amount),
        kind,
        reason: "a test".into(),
        cause: cause.into(),
    };
    bed.store.ledger().credit(credit).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_tells_each_entry_and_requests_by_day() {
    let bed = fresh_store(1_000).await;
    let token = bed.token(None).await;
    let zone: Zone = "Europe/Berlin".parse().unwrap();
    bed.set_zone(&zone).await;
    bed.clock.set(UnixMillis::parse_rfc3339("2027-01-01T10:00:00Z").unwrap());
    bed.spend(token, 10, 0).await;
    // Past midnight in Berlin.
    bed.clock.set(UnixMillis::parse_rfc3339("2027-01-01T23:30:00Z").unwrap());
    bed.spend(token, 20, 0).await;
    bed.store.derive_usage().await.unwrap();
    bed.clock.set(UnixMillis::parse_rfc3339("2027-01-02T12:00:00Z").unwrap());
    credit(&bed, 500, EntryKind::Payment, "payment:pi_7").await;
    bed.spend(token, 3, 0).await;
    bed.spend(token, 4, 0).await;

    let page = statement(&bed, &whole(&bed)).await;
    let told: Vec<_> = page
        .lines
        .iter()
        .map(|line| {
            (line.kind.name(), line.at.to_rfc3339(), line.amount.nanos(), line.balance.nanos())
        })
        .collect();
    let at = |text: &str| UnixMillis::parse_rfc3339(text).unwrap().to_rfc3339();
    assert_eq!(
        told,
        [
            ("usage", at("2027-01-02T23:00:00Z"), -27, 1_463),
            ("payment", at("2027-01-02T12:00:00Z"), 500, 1_470),
            ("usage", at("2027-01-01T23:00:00Z"), -10, 990),
            ("grant", NOW.to_rfc3339(), 1_000, 1_000),
        ]
    );
    assert_eq!(page.lines[1].reference.as_deref(), Some("pi_7"));
    assert_eq!((page.opening, page.closing), (nanos(0), nanos(1_463)));
    // The way down: the log of the day has each request.
    let day = page.lines[0].usage.unwrap();
    assert!(day.has_rows);
    let log = anc_store::LogQuery {
        account: Some(bed.account),
        since: Some(day.since),
        until: Some(day.until),
        limit: 200,
        ..anc_store::LogQuery::default()
    };
    let requests = bed.store.usage().log(&log).await.unwrap().items;
    assert_eq!((day.requests, requests.len()), (3, 3));
    let charge: i64 = requests.iter().map(|one| one.charge.nanos()).sum();
    assert_eq!(charge, 27);

    let kind = Some(LineKind::Usage);
    let usage = statement(&bed, &StatementQuery { kind, ..whole(&bed) }).await;
    assert_eq!(usage.lines, [page.lines[0].clone(), page.lines[2].clone()]);
    let kind = Some(LineKind::Entry(EntryKind::Payment));
    let payments = statement(&bed, &StatementQuery { kind, ..whole(&bed) }).await;
    assert_eq!(payments.lines, [page.lines[1].clone()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_from_before_the_column_have_their_balance_computed() {
    let bed = fresh_store(1_000).await;
    let token = bed.token(None).await;
    bed.spend(token, 10, 0).await;
    bed.clock.advance(Duration::from_hours(48));
    credit(&bed, 500, EntryKind::TopUp, "one").await;
    credit(&bed, 7, EntryKind::TopUp, "two").await;
    bed.spend(token, 1, 0).await;
    let guard = match bed.place {
        crate::support::Place::Sqlite(_) => "drop trigger ledger_entry_is_not_changed",
        crate::support::Place::Postgres(_) => {
            "drop trigger ledger_entry_is_append_only on ledger_entry"
        }
    };
    bed.place.run(&format!("{guard}; update ledger_entry set balance_after = null")).await.unwrap();
    let page = statement(&bed, &whole(&bed)).await;
    let balances: Vec<i64> = page.lines.iter().map(|line| line.balance.nanos()).collect();
    assert_eq!(balances, [1_496, 1_497, 1_490, 990, 1_000]);
    assert_books(&bed.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn l10_a_statement_is_of_one_account() {
    let bed = fresh_store(1_000).await;
    let other = fresh_store(5).await;
    let unknown = StatementQuery { account: other.account, ..whole(&bed) };
    let refused = bed.store.statements().page(&unknown).await;
    // Accounts' ids are random: the other's is not known here.
    assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Spend { input: u64 },
    Credit { amount: i64 },
    Wait { minutes: i64 },
    Derive,
    Prune { days: u64 },
    Zone { number: usize },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..50_u64).prop_map(|input| Step::Spend { input }),
        2 => (1..400_i64).prop_map(|amount| Step::Credit { amount }),
        4 => (1..3_000_i64).prop_map(|minutes| Step::Wait { minutes }),
        2 => Just(Step::Derive),
        1 => (0..10_u64).prop_map(|days| Step::Prune { days }),
        1 => (0..4_usize).prop_map(|number| Step::Zone { number }),
    ]
}

const ZONES: [&str; 4] = ["UTC", "Europe/Berlin", "Asia/Kolkata", "Pacific/Chatham"];

/// A store and every movement that it must tell of.
struct Run {
    bed: Bed,
    token: ApiTokenId,
    moved: Vec<(i64, i64)>,
    balance: i64,
}

impl Run {
    async fn step(&mut self, number: usize, step: Step) {
        let now = self.bed.store_time();
        match step {
            Step::Spend { input } => {
                self.bed.spend(self.token, input, 0).await;
                self.note(now, -i64::try_from(input).unwrap());
            }
            Step::Credit { amount } => {
                credit(&self.bed, amount, EntryKind::TopUp, &format!("test:{number}")).await;
                self.note(now, amount);
            }
            Step::Wait { minutes } => {
                self.bed.clock.advance(Duration::from_secs(60 * minutes.unsigned_abs()));
            }
            Step::Derive => self.bed.store.derive_usage().await.unwrap(),
            Step::Prune { days } => {
                let before = UnixMillis::from_millis(now).minus(Duration::from_hours(24 * days));
                self.bed.store.retention().prune_usage(before, 100).await.unwrap();
            }
            Step::Zone { number } => {
                let zone: Zone = ZONES[number].parse().unwrap();
                self.bed.set_zone(&zone).await;
            }
        }
    }

    fn note(&mut self, at: i64, amount: i64) {
        self.moved.push((at, amount));
        self.balance += amount;
    }

    /// The balance before the hour of a time.
    fn balance_before(&self, hour: i64) -> NanoUsd {
        nanos(self.moved.iter().filter(|(at, _)| *at < hour * HOUR).map(|(_, by)| by).sum())
    }

    async fn check(&self, from: i64, to: i64) {
        let since = UnixMillis::from_millis(NOW.as_millis() + from.min(to) * 60_000);
        let until = UnixMillis::from_millis(NOW.as_millis() + from.max(to) * 60_000);
        for (since, until) in
            [(None, None), (Some(since), None), (None, Some(until)), (Some(since), Some(until))]
        {
            let query = StatementQuery { since, until, ..whole(&self.bed) };
            let page = statement(&self.bed, &query).await;
            let lines = walk(&self.bed, &query, 3).await;
            let sum: i64 = lines.iter().map(|line| line.amount.nanos()).sum();
            assert_eq!(page.closing.nanos() - page.opening.nanos(), sum, "{query:?}");
            let opening = since
                .map_or(nanos(0), |since| self.balance_before(since.as_millis().div_euclid(HOUR)));
            let closing = until.map_or(nanos(self.balance), |until| {
                self.balance_before((until.as_millis() + HOUR - 1).div_euclid(HOUR))
            });
            assert_eq!((page.opening, page.closing), (opening, closing), "{query:?}");
            if page.next.is_none() {
                assert_eq!(page.lines, lines);
            }
            for line in &lines {
                if let Some(day) = line.usage {
                    let end = self.balance_before(day.until.as_millis() / HOUR);
                    assert_eq!(line.balance, end, "{line:?}");
                    assert!(day.since < day.until);
                }
            }
        }
    }
}

#[test]
fn l1_opening_balance_and_lines_make_the_closing_balance_of_any_range() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let config = ProptestConfig {
        cases: 12,
        max_shrink_iters: 50,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let steps = prop::collection::vec(step(), 1..60);
    let ranges = prop::collection::vec((-2_000..60_000_i64, -2_000..60_000_i64), 3);
    TestRunner::new(config)
        .run(&(steps, ranges), |(steps, ranges)| {
            runtime.block_on(async {
                let bed = fresh_store(1_000_000).await;
                let token = bed.token(None).await;
                let moved = vec![(NOW.as_millis(), 1_000_000)];
                let mut run = Run { bed, token, moved, balance: 1_000_000 };
                for (number, step) in steps.into_iter().enumerate() {
                    run.step(number, step).await;
                }
                for (from, to) in ranges {
                    run.check(from, to).await;
                }
                assert_books(&run.bed.store).await;
            });
            Ok(())
        })
        .unwrap();
}
