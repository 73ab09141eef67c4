//! Several nodes on one database: what one of them promises holds on all of them.

use std::sync::Arc;
use std::time::Duration;

use anc_domain::{ApiTokenId, NanoUsd};
use anc_ledger::{EndReason, NotRedeemed};
use anc_store::{Location, Settlement, Store, TokenChanges, Topic};
use tokio::task::JoinSet;

use crate::redemptions::{ask_for, code_with};
use crate::support::{Bed, MASTER_KEY, assert_books, fresh_store, nanos, open, units};

/// Another node on the bed's database.
async fn another(bed: &Bed) -> Store {
    open(&bed.place.location(), &bed.clock, MASTER_KEY).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn l5_ten_thousand_requests_on_two_nodes_for_the_money_of_137_admit_137() {
    let bed = Arc::new(fresh_store(137_000).await);
    let other = another(&bed).await;
    let token = bed.token(None).await;
    let mut tasks = JoinSet::new();
    for number in 0..10_000 {
        let request = bed.request(token, 1_000, 1_000);
        let ledger = if number % 2 == 0 { bed.store.ledger() } else { other.ledger() };
        tasks.spawn(async move { ledger.hold(request).await.unwrap() });
    }
    let granted: Vec<_> = tasks.join_all().await.into_iter().filter_map(Result::ok).collect();
    assert_eq!(granted.len(), 137);
    assert_eq!(bed.held().await, 137_000);
    drop(granted);
    bed.until_nothing_is_held().await;
    assert_books(&other).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn l11_what_one_node_changes_the_other_is_told_within_a_second() {
    let bed = fresh_store(1_000).await;
    let other = another(&bed).await;
    let (id, hash) = bed.token_of(bed.new_token("one")).await;
    let mut follower = other.changes().follow("a test");
    while !follower.next().await.unwrap().is_empty() {}

    let off = TokenChanges { enabled: Some(false), ..TokenChanges::default() };
    bed.store.tokens().update(id, None, off).await.unwrap();
    let told = tokio::time::timeout(Duration::from_secs(1), async {
        loop {
            let changes = follower.next().await.unwrap();
            if !changes.is_empty() {
                return changes;
            }
        }
    });
    assert_eq!(told.await.unwrap()[0].topic, Topic::Token { id, hash });
    let refused = other.ledger().hold(bed.request(id, 1, 1)).await.unwrap();
    assert!(refused.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn l9_what_a_dead_node_held_is_closed_by_one_that_lives() {
    let bed = fresh_store(10_000).await;
    let other = another(&bed).await;
    let token = bed.token(None).await;
    let hold = other.ledger().hold(bed.request(token, 1_000, 1_000)).await.unwrap().unwrap();
    let id = hold.request_id();
    // It dies: nobody settles, nobody says that it lives.
    std::mem::forget(hold);
    let die = "update node set heartbeat_at = 1 where id = (select max(id) from node)";
    for _ in 0..150 {
        bed.place.run(die).await.unwrap();
        if bed.held().await == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let row = bed.store.usage().by_request(id).await.unwrap().unwrap();
    assert_eq!((row.end_reason, row.charge), (EndReason::Interrupted, nanos(10)));
    assert_eq!((bed.held().await, bed.balance().await), (0, 9_990));
    assert_books(&bed.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn l4_a_settle_after_its_hold_was_closed_posts_the_difference_once() {
    let bed = fresh_store(10_000).await;
    let other = another(&bed).await;
    let token = token_with_limits(&bed).await;
    let hold = other.ledger().hold(bed.request(token, 1_000, 1_000)).await.unwrap().unwrap();
    bed.place.run("update node set heartbeat_at = 1").await.unwrap();
    // A third node finds the second one gone, although that only was slow.
    let third = another(&bed).await;
    assert_eq!(bed.balance().await, 9_990);

    let settlement = Settlement::new(EndReason::Complete, units(100, 200));
    assert_eq!(hold.settle(settlement).await, Ok(NanoUsd::from_nanos(500)));
    assert_eq!((bed.held().await, bed.balance().await), (0, 9_500));
    let corrections = "select count(*) from ledger_entry where kind = 'correction'";
    assert_eq!(bed.number(corrections).await, 1);
    // Quota and budgets count what the account paid.
    assert_eq!(used_by(&bed, token).await, [500, 500, 500]);
    assert_books(&third).await;
    bed.store.derive_usage().await.unwrap();
    assert_books(&third).await;
}

/// A token with a quota, and budgets by day and month.
async fn token_with_limits(bed: &Bed) -> ApiTokenId {
    let mut new = bed.new_token("with limits");
    new.quota = Some(nanos(5_000));
    new.traits.budgets = [Some(nanos(2_000)), None, Some(nanos(4_000))];
    bed.token_of(new).await.0
}

/// What was used of its quota and its two budgets.
async fn used_by(bed: &Bed, token: ApiTokenId) -> [i64; 3] {
    let record = bed.store.tokens().get(token, None).await.unwrap().unwrap();
    let window = async |period: &str| {
        bed.number(&format!("select used from api_token_window where period = '{period}'")).await
    };
    [record.used.nanos(), window("day").await, window("month").await]
}

#[tokio::test(flavor = "multi_thread")]
async fn l4_a_release_after_its_hold_was_closed_gives_the_charge_back() {
    let bed = fresh_store(10_000).await;
    let other = another(&bed).await;
    let token = token_with_limits(&bed).await;
    let hold = other.ledger().hold(bed.request(token, 1_000, 1_000)).await.unwrap().unwrap();
    bed.place.run("update node set heartbeat_at = 1").await.unwrap();
    let third = another(&bed).await;
    assert_eq!(bed.balance().await, 9_990);
    // Its provider had refused, so that nothing is owed.
    drop(hold);
    for _ in 0..100 {
        if bed.balance().await == 10_000 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!((bed.held().await, bed.balance().await), (0, 10_000));
    assert_eq!(used_by(&bed, token).await, [0, 0, 0]);
    assert_books(&third).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_closes_in_time_while_another_one_goes_on_settling() {
    let bed = Arc::new(fresh_store(1_000_000_000).await);
    let other = another(&bed).await;
    let token = bed.token(None).await;
    let busy = Arc::clone(&bed);
    let settling = tokio::spawn(async move {
        loop {
            let request = busy.request(token, 10, 10);
            let hold = other.ledger().hold(request).await.unwrap().unwrap();
            hold.settle(Settlement::new(EndReason::Complete, units(1, 1))).await.unwrap();
        }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    let closed = tokio::time::timeout(Duration::from_secs(10), bed.store.close());
    assert!(closed.await.is_ok());
    assert!(!settling.is_finished());
    settling.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn l9_a_node_that_was_silent_for_as_long_as_the_database_is_not_gone() {
    let bed = fresh_store(10_000).await;
    let other = another(&bed).await;
    let token = bed.token(None).await;
    let mut hold = other.ledger().hold(bed.request(token, 1_000, 1_000)).await.unwrap().unwrap();
    // The server comes back after a minute in which no heartbeat could be written.
    bed.place.run("update node set heartbeat_at = heartbeat_at - 60000").await.unwrap();
    let _third = another(&bed).await;
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!(hold.grow(nanos(10)).await, Ok(Ok(())), "what lives goes on");
    assert_eq!(bed.held().await, 1_010);
}

#[tokio::test(flavor = "multi_thread")]
async fn l8_sums_are_right_though_several_nodes_settle_at_once() {
    let bed = Arc::new(fresh_store(1_000_000_000).await);
    let other = another(&bed).await;
    let token = bed.token(None).await;
    let mut tasks = JoinSet::new();
    for worker in 0..16 {
        let ledger = if worker % 2 == 0 { bed.store.ledger() } else { other.ledger() };
        let bed = Arc::clone(&bed);
        tasks.spawn(async move {
            for number in 0..50 {
                let hold = ledger.hold(bed.request(token, 100, 100)).await.unwrap().unwrap();
                let settlement = Settlement::new(EndReason::Complete, units(number, 1));
                hold.settle(settlement).await.unwrap();
            }
        });
    }
    while !tasks.is_empty() {
        // A row that becomes visible behind the watermark would be missing in the sums for ever.
        let (one, two) = tokio::join!(bed.store.derive_usage(), other.derive_usage());
        assert!(one.is_ok() && two.is_ok());
        while tasks.try_join_next().is_some() {}
    }
    bed.store.derive_usage().await.unwrap();
    assert_eq!(bed.number("select cast(sum(requests) as bigint) from usage_hourly").await, 800);
    assert_books(&bed.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tiers_limit_of_tokens_holds_across_nodes() {
    let bed = Arc::new(fresh_store(0).await);
    let other = another(&bed).await;
    let mut tasks = JoinSet::new();
    for number in 0..40 {
        let store = if number % 2 == 0 { bed.store.clone() } else { other.clone() };
        let new = bed.new_token("one of many");
        tasks.spawn(async move { store.tokens().create(new).await.unwrap().is_ok() });
    }
    let made = tasks.join_all().await.into_iter().filter(|made| *made).count();
    assert_eq!(made, 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_from_sqlite_is_whole_and_goes_on() {
    let bed = fresh_store(0).await;
    let directory = tempfile::tempdir().unwrap();
    let file = Location::Sqlite(directory.path().join("anc.db"));
    let source = open(&file, &bed.clock, MASTER_KEY).await.unwrap();
    let owner = anc_store::NewOwner {
        email: "tab\tand \\backslash@example.com".into(),
        password_hash: anc_domain::Secret::new("$argon2id$stub"),
        metered: true,
        starting_balance: nanos(5_000),
    };
    let account = source.users().create_owner(owner).await.unwrap().unwrap().account_id;
    let from = Bed { store: source, account, ..fresh_store(0).await };
    let token = from.token(Some(4_000)).await;
    for _ in 0..30 {
        from.spend(token, 7, 1).await;
    }
    let code = code_with(&from.store, |new| (new.amount, new.uses) = (nanos(10), 2)).await;
    let user = from.store.users().by_email("tab\tand \\backslash@example.com").await.unwrap();
    let user = user.unwrap();
    let ask = ask_for(code, (user.id, account), "before");
    from.store.redemption_codes().redeem(ask.clone()).await.unwrap().unwrap();
    from.store.close().await;

    let full = Store::copy(&file, &bed.place.location()).await;
    assert!(full.is_err(), "a database with accounts was copied over");
    let target = anc_testkit::PgDatabase::create().await;
    let target_at = Location::Postgres(target.url());
    let copied = Store::copy(&file, &target_at).await.unwrap();
    assert!(copied.contains(&("usage".to_owned(), 30)));
    let store = open(&target_at, &bed.clock, MASTER_KEY).await.unwrap();
    assert_books(&store).await;
    let record = store.tokens().get(token, None).await.unwrap().unwrap();
    assert_eq!((record.used, record.requests), (nanos(270), 30));
    let same = store.users().by_email("tab\tand \\backslash@example.com").await.unwrap();
    assert_eq!(same.unwrap().account_id, account);

    // Redeemed is redeemed, also after the move.
    let codes = store.redemption_codes();
    let again = codes.redeem(ask).await.unwrap().unwrap();
    assert_eq!(again.balance, nanos(5_000 - 270 + 10));
    let twice = codes.redeem(ask_for(code, (user.id, account), "after")).await.unwrap();
    assert_eq!(twice, Err(NotRedeemed::UsedByAccount));

    let requests = std::sync::atomic::AtomicU64::new(1_000);
    let to = Bed { store, account, requests, ..fresh_store(0).await };
    to.spend(token, 7, 1).await;
    to.store.derive_usage().await.unwrap();
    assert_books(&to.store).await;
}
