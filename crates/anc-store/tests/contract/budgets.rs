//! Budgets by period, rotation, and the log.

use std::time::Duration;

use anc_domain::{Clock as _, OsEntropy, TokenText, UnixMillis};
use anc_ledger::{EndReason, Period, Refusal};
use anc_store::{
    AuditNote, LogQuery, PLAYGROUND_SECRETS_MAX, PlaygroundGrant, SeriesBy, SeriesQuery,
    Settlement, StoreError, TokenChanges, TokenTraits, Topic, VERSION_CONFLICT,
};

use crate::support::{Bed, NOW, assert_books, fresh_store, nanos, units};

const DAY: Duration = Duration::from_hours(24);

async fn with_budgets(bed: &Bed, day: Option<i64>, month: Option<i64>) -> anc_domain::ApiTokenId {
    let mut new = bed.new_token("budgeted");
    let budgets = [day.map(nanos), None, month.map(nanos)];
    new.traits = TokenTraits { budgets, ..TokenTraits::default() };
    bed.token_of(new).await.0
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_begins_anew_with_its_window_and_the_quota_does_not() {
    let bed = fresh_store(1_000_000).await;
    let token = with_budgets(&bed, Some(100), Some(150)).await;
    bed.spend(token, 100, 0).await;
    let refused = bed.store.ledger().hold(bed.request(token, 1, 1)).await.unwrap();
    let Err(Refusal::BudgetExhausted { period: Period::Day, ends_at, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert!(ends_at > NOW && ends_at <= NOW.plus(DAY));
    bed.clock.set(ends_at);
    bed.spend(token, 50, 0).await;
    let refused = bed.store.ledger().hold(bed.request(token, 1, 1)).await.unwrap();
    assert!(matches!(refused, Err(Refusal::BudgetExhausted { period: Period::Month, .. })));
    assert_books(&bed.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_lands_in_the_window_of_its_hold() {
    let bed = fresh_store(1_000_000).await;
    let token = with_budgets(&bed, Some(100), None).await;
    let hold = bed.hold(token, 60).await;
    bed.clock.advance(DAY);
    let next = bed.hold(token, 100).await;
    let settlement = Settlement::new(EndReason::Complete, units(60, 0));
    hold.settle(settlement).await.unwrap();
    drop(next);
    bed.until_nothing_is_held().await;
    // Nothing of the day before counts in this one.
    bed.spend(token, 100, 0).await;
    let used = "select cast(sum(used) as bigint) from api_token_window where period = 'day'";
    assert_eq!(bed.number(used).await, 160);
    assert_books(&bed.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h7_a_clock_that_jumps_back_gives_no_new_budget() {
    let bed = fresh_store(1_000_000).await;
    let token = with_budgets(&bed, Some(100), None).await;
    bed.spend(token, 100, 0).await;
    bed.clock.advance(DAY);
    bed.spend(token, 100, 0).await;
    bed.clock.set(NOW);
    let refused = bed.store.ledger().hold(bed.request(token, 1, 1)).await.unwrap();
    assert!(matches!(refused, Err(Refusal::BudgetExhausted { .. })));
    bed.clock.set(UnixMillis::from_millis(NOW.as_millis() - 10 * 365 * 86_400_000));
    bed.spend(token, 1, 0).await;
    assert_books(&bed.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn l5_a_budget_is_never_exceeded_by_requests_at_once() {
    let bed = std::sync::Arc::new(fresh_store(1_000_000).await);
    let token = with_budgets(&bed, Some(7_999), None).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..500 {
        let request = bed.request(token, 1_000, 1_000);
        let ledger = bed.store.ledger();
        tasks.spawn(async move { ledger.hold(request).await.unwrap() });
    }
    let granted: Vec<_> = tasks.join_all().await.into_iter().filter_map(Result::ok).collect();
    assert_eq!(granted.len(), 7);
    drop(granted);
    bed.until_nothing_is_held().await;
    assert_books(&bed.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_token_keeps_its_history_and_its_old_secret_for_a_while() {
    let bed = fresh_store(1_000).await;
    let (id, old) = bed.token_of(bed.new_token("one")).await;
    bed.spend(id, 10, 0).await;
    let text = TokenText::generate(&OsEntropy);
    let (hash, until) = (text.secret().hash(), NOW.plus(Duration::from_hours(1)));
    let tokens = bed.store.tokens();
    let rotated = tokens.rotate(id, None, (hash, text.hint()), Some(until)).await.unwrap();
    assert_eq!(rotated.unwrap().used, nanos(10));
    let by_new = tokens.credential(&hash).await.unwrap().unwrap();
    let by_old = tokens.credential(&old).await.unwrap().unwrap();
    assert_eq!((by_new.token_id, by_new.secret_valid_until), (id, None));
    assert_eq!((by_old.token_id, by_old.secret_valid_until), (id, Some(until)));
    assert_eq!(tokens.old_secrets(id).await.unwrap().len(), 1);

    let third = TokenText::generate(&OsEntropy);
    let pair = (third.secret().hash(), third.hint());
    tokens.rotate(id, None, pair, None).await.unwrap().unwrap();
    assert!(tokens.credential(&hash).await.unwrap().is_none(), "no overlap was chosen");
    assert!(tokens.credential(&old).await.unwrap().is_none(), "nor for those before");
    assert!(tokens.old_secrets(id).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_playground_secret_is_the_tokens_for_a_while_and_ends_no_other() {
    const MINUTES_10: Duration = Duration::from_mins(10);
    let bed = fresh_store(1_000).await;
    let (id, own) = bed.token_of(bed.new_token("one")).await;
    let tokens = bed.store.tokens();
    let rotated = TokenText::generate(&OsEntropy);
    let pair = (rotated.secret().hash(), rotated.hint());
    let hour = NOW.plus(Duration::from_hours(1));
    tokens.rotate(id, None, pair, Some(hour)).await.unwrap().unwrap();

    let add = async || {
        let text = TokenText::generate(&OsEntropy);
        let (hash, until) = (text.secret().hash(), bed.clock.now().plus(MINUTES_10));
        let pair = (hash, text.hint());
        (hash, tokens.add_playground_secret(id, bed.account, pair, until).await.unwrap().unwrap())
    };
    let (first, given) = add().await;
    assert!(matches!(given, PlaygroundGrant::Given(token) if token.version == 2));
    let until = NOW.plus(MINUTES_10);
    let found = tokens.credential(&first).await.unwrap().unwrap();
    assert_eq!((found.token_id, found.secret_valid_until), (id, Some(until)));
    bed.clock.advance(Duration::from_mins(1));
    let mut last = first;
    for _ in 1..PLAYGROUND_SECRETS_MAX {
        last = add().await.0;
    }
    let (_, refused) = add().await;
    assert!(matches!(refused, PlaygroundGrant::TooMany(first_ends) if first_ends == until));
    bed.clock.advance(Duration::from_mins(9));
    let (_, given) = add().await;
    assert!(matches!(given, PlaygroundGrant::Given(_)), "the first has ended");
    assert!(tokens.credential(&last).await.unwrap().is_some());
    assert!(tokens.credential(&own).await.unwrap().is_some(), "nor did what was rotated away");
    let old = tokens.old_secrets(id).await.unwrap();
    assert_eq!((old.len(), old[0].valid_until), (1, hour), "and only that shows as rotated");

    let stranger = anc_domain::AccountId::from_i64(1);
    let text = TokenText::generate(&OsEntropy);
    let pair = (text.secret().hash(), text.hint());
    let refused = tokens.add_playground_secret(id, stranger, pair, hour).await.unwrap();
    assert!(refused.is_none());

    let leak = TokenText::generate(&OsEntropy);
    let pair = (leak.secret().hash(), leak.hint());
    tokens.rotate(id, None, pair, None).await.unwrap().unwrap();
    assert!(tokens.credential(&last).await.unwrap().is_none(), "a leak ends all of them");
}

/// The feed's followers end the running requests of a token that they are told of by a secret which
/// is none.
#[tokio::test(flavor = "multi_thread")]
async fn a_secret_whose_time_was_over_is_not_told_of_when_it_is_removed() {
    let bed = fresh_store(0).await;
    let (id, own) = bed.token_of(bed.new_token("one")).await;
    let tokens = bed.store.tokens();
    let pair = || {
        let text = TokenText::generate(&OsEntropy);
        (text.secret().hash(), text.hint())
    };
    let ended = pair();
    let until = NOW.plus(Duration::from_mins(10));
    tokens.add_playground_secret(id, bed.account, ended, until).await.unwrap().unwrap();
    bed.clock.advance(Duration::from_mins(11));
    let (before, day) = (bed.store.changes().latest(), NOW.plus(DAY));
    let (new, another) = (pair(), pair());
    let (new_hash, another_hash) = (new.0, another.0);
    tokens.rotate(id, None, new, Some(day)).await.unwrap().unwrap();
    tokens.add_playground_secret(id, bed.account, another, day).await.unwrap().unwrap();
    let told = bed.store.changes().after(before, 9).await.unwrap();
    let topics: Vec<_> = told.iter().map(|change| change.topic).collect();
    let by = |hash| Topic::Token { id, hash };
    assert_eq!(topics, [by(own), by(new_hash), by(another_hash)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_of_another_version_is_refused() {
    let bed = fresh_store(0).await;
    let id = bed.token(None).await;
    let tokens = bed.store.tokens();
    let rename = |version| TokenChanges {
        name: Some("new".into()),
        if_version: Some(version),
        ..TokenChanges::default()
    };
    assert_eq!(tokens.update(id, None, rename(1)).await.unwrap().unwrap().version, 2);
    let refused = tokens.update(id, None, rename(1)).await.unwrap_err();
    assert_eq!(refused, StoreError::Conflict(VERSION_CONFLICT));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_the_same_before_and_after_its_look_ups_are_derived() {
    let bed = fresh_store(1_000_000).await;
    let (one, two) = (bed.token(None).await, bed.token(None).await);
    for number in 0..30 {
        bed.spend(if number % 3 == 0 { two } else { one }, number, 0).await;
        if number == 17 {
            bed.store.derive_usage().await.unwrap();
        }
    }
    let wanted = LogQuery { token: Some(one), limit: 7, ..LogQuery::default() };
    let mut seen = Vec::new();
    let mut page = bed.store.usage().log(&wanted).await.unwrap();
    loop {
        seen.extend(page.items.iter().map(|row| row.seq));
        let Some(before) = page.next else { break };
        let next = LogQuery { before: Some(before), ..wanted.clone() };
        page = bed.store.usage().log(&next).await.unwrap();
    }
    assert_eq!(seen.len(), 20);
    assert!(seen.is_sorted_by(|a, b| a > b), "newest first: {seen:?}");
    let by_account = LogQuery { account: Some(bed.account), limit: 200, ..LogQuery::default() };
    assert_eq!(bed.store.usage().log(&by_account).await.unwrap().items.len(), 30);
    let dear = LogQuery { charge_min: Some(nanos(25)), ..by_account.clone() };
    assert_eq!(bed.store.usage().log(&dear).await.unwrap().items.len(), 5);
    let stranger = anc_domain::AccountId::from_i64(1);
    let foreign = LogQuery { account: Some(stranger), token: Some(one), ..dear };
    assert!(bed.store.usage().log(&foreign).await.unwrap().items.is_empty());

    let by =
        |by| SeriesQuery { account: Some(bed.account), token: None, since: NOW, until: None, by };
    for by in [by(SeriesBy::Hour), by(SeriesBy::Day)] {
        let points = bed.store.usage().series(by).await.unwrap();
        assert_eq!((points.len(), points[0].requests), (1, 30));
        assert_eq!(points[0].charge, nanos((0..30).sum()));
    }
    let earlier = SeriesQuery { until: Some(NOW), ..by(SeriesBy::Hour) };
    assert_eq!(bed.store.usage().series(earlier).await.unwrap(), []);
    bed.store.derive_usage().await.unwrap();
    let clients = bed.store.usage().clients(one, 10).await.unwrap();
    assert_eq!((clients.len(), clients[0].requests), (1, 20));
}

#[tokio::test(flavor = "multi_thread")]
async fn running_requests_are_listed_and_asked_to_end() {
    let bed = fresh_store(1_000).await;
    let token = bed.token(None).await;
    let hold = bed.hold(token, 100).await;
    let listed = bed.store.running().list(Some(bed.account), 10).await.unwrap();
    assert_eq!((listed.len(), listed[0].held), (1, nanos(100)));
    let before = bed.store.changes().latest();
    let stranger = anc_domain::AccountId::from_i64(1);
    assert!(!bed.store.running().end(hold.request_id(), Some(stranger)).await.unwrap());
    assert!(bed.store.running().end(hold.request_id(), Some(bed.account)).await.unwrap());
    let told = bed.store.changes().after(before, 9).await.unwrap();
    assert_eq!(told[0].topic, anc_store::Topic::Request(hold.request_id()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_changed_is_told_newest_first() {
    let bed = fresh_store(0).await;
    for action in ["token.create", "token.update"] {
        let note = AuditNote {
            actor: "owner@example.com",
            action,
            object: Some(7),
            account: Some(bed.account),
            detail: "{}".into(),
            address: None,
        };
        bed.store.audits().note(note).await.unwrap();
    }
    let told = bed.store.audits().of_object(7, 10).await.unwrap();
    let actions: Vec<_> = told.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(actions, ["token.update", "token.create"]);
}
