//! The proof of the books finds what is wrong, and only that.

use anc_ledger::EndReason;
use anc_store::{Check, Location, Settlement, Store};

use crate::redemptions::{ask_for, code_with, owner};
use crate::support::{Bed, Place, assert_books, fresh_store, run_at, units};

async fn bed_with_history() -> Bed {
    let bed = fresh_store(100_000).await;
    let mut new = bed.new_token("with a budget");
    new.traits.budgets[0] = Some(crate::support::nanos(1_000_000));
    let (token, _) = bed.token_of(new).await;
    for number in 0..10 {
        bed.spend(token, number, number).await;
        if number == 6 {
            bed.store.derive_usage().await.unwrap();
        }
    }
    std::mem::forget(bed.hold(token, 500).await);
    assert_books(&bed.store).await;
    bed
}

/// Damages a copy by `sql` and gives the checks that fail.
async fn found_by(bed: &Bed, sql: &str) -> Vec<Check> {
    let checks = match &bed.place {
        Place::Sqlite(directory) => {
            let copy = directory.path().join("copy.db");
            let _ = std::fs::remove_file(&copy);
            bed.place.run(&format!("vacuum into '{}'", copy.display())).await.unwrap();
            checks_of_damaged(&Location::Sqlite(copy), sql).await
        }
        Place::Postgres(database) => {
            let copy = database.copy().await;
            checks_of_damaged(&Location::Postgres(copy.url()), sql).await
        }
    };
    assert_eq!(checks.len(), 6);
    checks.into_iter().filter(|check| !check.ok).collect()
}

async fn checks_of_damaged(copy: &Location, sql: &str) -> Vec<Check> {
    run_at(copy, sql).await.unwrap();
    Store::verify_at(copy).await.unwrap()
}

async fn bed_with_a_tail() -> Bed {
    let bed = bed_with_history().await;
    // Copies are made of a database that nobody is connected to; closing derives the last sums,
    // of which three rows become the tail again.
    bed.store.close().await;
    let with_a_tail = "delete from usage_lookup where seq > 7;
        update follower_watermark set seq = 7;
        update usage_outcome_hourly set requests = 7;
        update usage_channel_outcome set requests = 7;
        update usage_account_hour
        set requests = 7, charge = (select cast(sum(charge) as bigint) from usage where seq <= 7);
        update usage_channel_hour
        set requests = 7, charge = (select cast(sum(charge) as bigint) from usage where seq <= 7);
        update usage_token_day
        set requests = 7, charge = (select cast(sum(charge) as bigint) from usage where seq <= 7);
        update usage_hourly
        set requests = 7,
            charge = (select cast(sum(charge) as bigint) from usage where seq <= 7),
            input = (select cast(sum(input) as bigint) from usage where seq <= 7),
            output = (select cast(sum(output) as bigint) from usage where seq <= 7);";
    bed.place.run(with_a_tail).await.unwrap();
    for table in ["usage_hourly", "usage_account_hour", "usage_channel_hour"] {
        let costs = format!(
            "update {table}
             set costed_requests = 7, costed_charge = charge,
                 cost = (select cast(sum(cost) as bigint) from usage where seq <= 7)"
        );
        bed.place.run(&costs).await.unwrap();
    }
    assert_eq!(found_by(&bed, "select 1").await, []);
    bed
}

/// What takes the guard of the entries away.
fn append_only_no_more(bed: &Bed) -> &'static str {
    match bed.place {
        Place::Sqlite(_) => "drop trigger ledger_entry_is_not_changed",
        Place::Postgres(_) => "drop trigger ledger_entry_is_append_only on ledger_entry",
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_names_the_invariant_that_is_broken() {
    let bed = bed_with_a_tail().await;
    let append_only = append_only_no_more(&bed);
    for (sql, found) in [
        ("update account_balance set balance = balance + 1", vec!["L1 books"]),
        ("update account_balance set held = held + 1", vec!["L2 holds"]),
        ("update api_token_spend set held = held - 1", vec!["L2 holds"]),
        ("update hold set amount = amount + 1", vec!["L2 holds"]),
        ("update api_token_spend set used = used + 1", vec!["L8 sums"]),
        ("update api_token_spend set requests = requests + 1", vec!["L8 sums"]),
        ("update usage_hourly set charge = charge + 1", vec!["L8 sums"]),
        ("update usage_outcome_hourly set requests = 8", vec!["L8 sums"]),
        ("update usage_hourly set output = output + 1", vec!["L8 sums"]),
        ("update usage set output = output + 1 where seq = 9", vec!["L7 price"]),
        ("update usage set output = output + 1 where seq = 2", vec!["L7 price", "L8 sums"]),
        (
            "update usage set charge = charge + 1 where seq = 9",
            vec!["L1 books", "L7 price", "L8 sums"],
        ),
        ("update usage set price = '{}' where seq = 9", vec!["L7 price"]),
        ("update usage set cost = cost + 1 where seq = 9", vec!["L7 price"]),
        ("update usage set cost_ppm = 800000 where seq = 9", vec!["L7 price"]),
        ("update usage set cost = null, cost_ppm = null where seq = 2", vec!["L8 sums"]),
        ("update usage_hourly set cost = cost + 1", vec!["L8 sums"]),
        ("update usage_hourly set costed_charge = costed_charge - 1", vec!["L8 sums"]),
        ("update usage_account_hour set cost = cost + 1", vec!["L8 sums"]),
        ("update usage_channel_hour set cost = cost + 1", vec!["L8 sums"]),
        ("update usage_channel_hour set requests = 8", vec!["L8 sums"]),
        (
            "update usage set request_id = (select request_id from usage where seq = 9)
             where seq = 10",
            vec!["L4 exactly once"],
        ),
        (
            "update usage set request_id = (select request_id from hold) where seq = 10",
            vec!["L4 exactly once"],
        ),
        ("delete from usage_lookup where seq = 3", vec!["L4 exactly once"]),
        ("update api_token_window set used = used + 1", vec!["L8 sums"]),
        ("update api_token_window set held = held + 1", vec!["L2 holds"]),
        ("delete from api_token_window", vec!["L2 holds", "L8 sums"]),
        (&format!("{append_only}; update ledger_entry set amount = amount - 1"), vec!["L1 books"]),
        ("create table t (x real)", vec!["L6 sign"]),
    ] {
        let names: Vec<&str> =
            found_by(&bed, sql).await.into_iter().map(|check| check.name).collect();
        assert_eq!(names, found, "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_tells_what_is_wrong_with_what_is_derived() {
    let bed = bed_with_a_tail().await;
    let append_only = append_only_no_more(&bed);
    let correction = "insert into charge_correction
             (request_id, account_id, token_id, amount, created_at)
         select request_id, account_id, token_id, 1, 0 from hold";
    let columns = "requests, charge, input, cached_input, cache_write_5m, cache_write_1h,
         cache_write_other, input_audio, input_image, output, reasoning, output_audio,
         output_image, web_search, file_search, request";
    for (sql, name, words) in [
        ("update usage_lookup set seq = 4 where seq = 3", "L4 exactly once", "usage_lookup"),
        (
            "update usage set request_id = (select request_id from usage where seq = 2)
             where seq = 10",
            "L4 exactly once",
            "settled twice",
        ),
        ("delete from usage_by_token where seq = 3", "L8 sums", "usage_by_token"),
        ("update usage_by_token set token_id = 5 where seq = 3", "L8 sums", "usage_by_token"),
        ("delete from usage_by_account where seq = 3", "L8 sums", "usage_by_account"),
        ("insert into usage_by_account values (5, 3)", "L8 sums", "usage_by_account"),
        ("update usage_hourly set hour = hour + 1", "L8 sums", "hourly sums of tok_"),
        ("update usage_hourly set model = 'other'", "L8 sums", "hourly sums of tok_"),
        ("update usage_hourly set account_id = 5", "L8 sums", "hourly sums of tok_"),
        (
            &format!(
                "insert into usage_hourly (account_id, token_id, hour, model, {columns})
                 select account_id, 5, hour, model, {columns} from usage_hourly"
            ),
            "L8 sums",
            "which is unknown",
        ),
        ("update usage_account_hour set charge = charge + 1", "L8 sums", "by account and hour"),
        (
            "update usage_account_hour set requests = 8 where account_id = 0",
            "L8 sums",
            "or of everybody",
        ),
        ("update usage_token_day set charge = charge + 1", "L8 sums", "by token and day"),
        ("delete from usage_token_day", "L8 sums", "by token and day"),
        ("delete from usage_outcome_hourly where account_id = 0", "L8 sums", "or of everybody"),
        ("update usage_channel_outcome set requests = 8", "L8 sums", "of everybody"),
        ("update usage_channel_outcome set end_reason = 'revoked'", "L8 sums", "of everybody"),
        ("update usage_channel_outcome set model = 'other'", "L8 sums", "of everybody"),
        ("update hold set token_id = 5", "L2 holds", "unknown token"),
        ("update hold set account_id = 5", "L2 holds", "unknown token"),
        ("update hold set window_day = 5", "L2 holds", "window without a row"),
        (correction, "L8 sums", "differs from its entry"),
        (
            &format!(
                "{correction};
                 insert into ledger_entry
                     (account_id, kind, amount, reason, cause, created_at)
                 select account_id, 'correction', -1, '', 'correction:' || {}, 0
                 from hold;
                 update account_balance set balance = balance - 1;
                 update api_token_spend set used = used + 1;",
                match bed.place {
                    Place::Sqlite(_) => "lower(hex(request_id))",
                    Place::Postgres(_) => "encode(request_id, 'hex')",
                }
            ),
            "L8 sums",
            "without a usage row",
        ),
        (
            "insert into ledger_entry (account_id, kind, amount, reason, cause, created_at)
             select account_id, 'correction', -1, '', 'correction:1', 0 from account_balance;
             update account_balance set balance = balance - 1;",
            "L8 sums",
            "has no correction",
        ),
        (
            "insert into ledger_entry (account_id, kind, amount, reason, cause, created_at)
             select account_id, 'usage_summary', -1, '', 'usage_summary:1', 0
             from account_balance;
             update account_balance set balance = balance - 1;",
            "L8 sums",
            "entries for pruned charges",
        ),
        (
            &format!("{append_only}; update ledger_entry set balance_after = balance_after + 1"),
            "L1 books",
            "more than what was left",
        ),
        (
            &format!("{append_only}; update ledger_entry set balance_after = 0"),
            "L1 books",
            "after the last entry",
        ),
    ] {
        let found = found_by(&bed, sql).await;
        let told = found.iter().any(|check| check.name == name && check.detail.contains(words));
        assert!(told, "{sql}: {found:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_holds_at_every_moment_of_a_running_store() {
    let bed = std::sync::Arc::new(fresh_store(100_000_000).await);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let bed = std::sync::Arc::clone(&bed);
        let token = bed.token(None).await;
        tasks.spawn(async move {
            for number in 0..150 {
                let hold = bed.hold(token, 100).await;
                if number % 5 > 0 {
                    let settlement = Settlement::new(EndReason::Complete, units(number, 1));
                    hold.settle(settlement).await.unwrap();
                }
            }
        });
    }
    while !tasks.is_empty() {
        assert_books(&bed.store).await;
        bed.store.derive_usage().await.unwrap();
        while tasks.try_join_next().is_some() {}
    }
    bed.until_nothing_is_held().await;
    assert_books(&bed.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_tells_what_is_wrong_with_what_was_pruned() {
    let bed = bed_with_history().await;
    bed.store.derive_usage().await.unwrap();
    bed.clock.advance(std::time::Duration::from_hours(48));
    let before = anc_domain::UnixMillis::from_millis(bed.store_time() - 24 * 3_600_000);
    let pruned = bed.store.retention().prune_usage(before, 10).await.unwrap();
    assert_eq!(pruned.requests, 9);
    bed.store.close().await;
    assert_eq!(found_by(&bed, "select 1").await, []);
    for (sql, words) in [
        ("update usage_pruned set charge = charge + 1", "used of tok_"),
        ("update usage_pruned set requests = requests - 1", "requests of tok_"),
        ("update usage_pruned set output = output - 1", "hourly sums of tok_"),
        ("update usage_pruned_window set charge = charge + 1", "used in a day"),
        ("delete from usage_pruned", "used of tok_"),
        ("update usage_hourly set charge = charge + 1", "hourly sums of tok_"),
    ] {
        let found = found_by(&bed, sql).await;
        let told = found.iter().any(|check| check.name == "L8 sums");
        assert!(told, "{sql} ({words}): {found:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_tells_what_is_wrong_with_redemptions() {
    let bed = bed_with_history().await;
    let codes = bed.store.redemption_codes();
    let who = owner(&bed).await;
    for (uses, words) in [(1, vec!["a"]), (3, vec!["b", "c"])] {
        let code = code_with(&bed.store, |new| {
            (new.uses, new.once_per_account) = (uses, false);
        })
        .await;
        for word in words {
            codes.redeem(ask_for(code, who, word)).await.unwrap().unwrap();
        }
    }
    bed.store.close().await;
    assert_eq!(found_by(&bed, "select 1").await, []);
    let append_only = append_only_no_more(&bed);
    let once = match bed.place {
        Place::Sqlite(_) => "1",
        Place::Postgres(_) => "true",
    };
    for sql in [
        "update redemption_code set used = used + 1 where uses = 3",
        "update redemption_code set used = 0",
        "delete from redemption where number = 2",
        "update redemption set amount = amount + 1",
        "update redemption set number = 3 where number = 2",
        "update redemption set cause = cause || 'x' where number = 2",
        "update redemption_batch set amount = amount + 1",
        &format!("update redemption_batch set once_per_account = {once}"),
        &format!("{append_only}; update ledger_entry set kind = 'grant' where kind = 'redemption'"),
        "insert into ledger_entry (account_id, kind, amount, reason, cause, created_at)
         select account_id, 'redemption', 1, '', 'redemption:1', 0 from account_balance;
         update account_balance set balance = balance + 1",
    ] {
        let found = found_by(&bed, sql).await;
        let told =
            |check: &Check| check.name == "L4 exactly once" && check.detail.contains("redemptions");
        assert!(found.iter().any(told), "{sql}: {found:?}");
    }
}
