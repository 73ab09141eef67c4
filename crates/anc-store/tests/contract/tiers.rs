//! Tiers and accounts as operators change them.

use std::sync::Arc;
use std::time::Duration;

use anc_domain::{NanoUsd, UnixMillis};
use anc_ledger::{EndReason, Otherwise};
use anc_store::{
    AccountChanges, AccountQuery, AccountSort, NO_TIER, NewInvitation, NewUser, Role, Settlement,
    StoreError, TierNeeded, TierTerms, TokenRates, Topic, VERSION_CONFLICT,
};
use tokio::task::JoinSet;

use crate::support::{Bed, NOW, assert_books, fresh_store, nanos, units};

fn terms(name: &str) -> TierTerms {
    TierTerms {
        name: name.to_owned(),
        token_limit: 3,
        multiplier: anc_domain::PpmMultiplier::from_ppm(1_500_000),
        overdraft: nanos(7),
        models: anc_domain::ModelPatterns::new(vec!["gpt-*".parse().unwrap()]),
        groups: vec!["default".to_owned()],
        rates: TokenRates { requests_per_minute: Some(60), ..TokenRates::default() },
        expiry_days_default: Some(30),
        expiry_days_max: Some(90),
    }
}

/// A person beside the owner, with an account of their own.
async fn person(bed: &Bed, email: &str) -> anc_domain::AccountId {
    let new = NewUser {
        email: email.to_owned(),
        password_hash: anc_domain::Secret::new("$argon2id$stub"),
        role: Role::User,
        metered: true,
    };
    bed.store.users().create(new, None).await.unwrap().unwrap().account_id
}

#[tokio::test(flavor = "multi_thread")]
async fn an_overdraft_is_spent_exactly_and_never_exceeded() {
    let bed = Arc::new(fresh_store(1_000).await);
    bed.set_overdraft(500).await;
    let token = bed.token(None).await;
    let mut tasks = JoinSet::new();
    for number in 0..12_i64 {
        let bed = Arc::clone(&bed);
        tasks.spawn(async move {
            let mut spent = 0;
            // Each takes what it is granted, to the last nano-dollar, until there is nothing.
            loop {
                let mut request = bed.request(token, 3 + number, 1);
                request.ask.otherwise = Otherwise::AllThatIsFree;
                let Ok(hold) = bed.store.ledger().hold(request).await.unwrap() else {
                    if bed.held().await == 0 && bed.balance().await == -500 {
                        return spent;
                    }
                    tokio::task::yield_now().await;
                    continue;
                };
                let granted = hold.granted().nanos();
                let settlement =
                    Settlement::new(EndReason::Complete, units(granted.unsigned_abs(), 0));
                assert_eq!(hold.settle(settlement).await, Ok(nanos(granted)));
                assert!(bed.balance().await >= -500);
                spent += granted;
            }
        });
    }
    let spent: i64 = tasks.join_all().await.into_iter().sum();
    assert_eq!((spent, bed.balance().await), (1_500, -500));
    let record = bed.store.tokens().get(token, None).await.unwrap().unwrap();
    assert_eq!(record.stopped_by, Some(anc_store::TokenStop::BalanceExhausted));

    // A larger one lends more at once, a smaller one takes nothing back.
    bed.set_overdraft(501).await;
    assert_eq!(bed.store.tokens().get(token, None).await.unwrap().unwrap().stopped_by, None);
    bed.hold(token, 1).await.settle(Settlement::new(EndReason::Complete, units(1, 0))).await.ok();
    bed.set_overdraft(0).await;
    assert_eq!(bed.balance().await, -501);
    let refused = bed.store.ledger().hold(bed.request(token, 1, 1)).await.unwrap();
    assert!(refused.is_err());
    assert_books(&bed.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tier_is_edited_by_version_and_told_to_who_follows() {
    let bed = fresh_store(0).await;
    let tiers = bed.store.tiers();
    let made = tiers.create(terms("Pro"), None).await.unwrap().unwrap();
    assert_eq!(tiers.get(made.id).await.unwrap(), Some(made.clone()));
    let twice = tiers.create(terms("Pro"), None).await;
    assert!(matches!(twice, Err(StoreError::Conflict(_))), "{twice:?}");

    let seq = bed.store.changes().latest();
    let rename = |name: &'static str| {
        move |terms: &mut TierTerms| -> Result<(), StoreError> {
            terms.name = name.to_owned();
            Ok(())
        }
    };
    let (before, after) = tiers.update(made.id, Some(1), rename("Max")).await.unwrap().unwrap();
    assert_eq!((before, after.version), (made.clone(), 2));
    assert_eq!(tiers.get(made.id).await.unwrap(), Some(after));
    let changes = bed.store.changes().after(seq, 10).await.unwrap();
    assert_eq!(changes.iter().map(|one| one.topic).collect::<Vec<_>>(), [Topic::Tier(made.id)]);
    let late = tiers.update(made.id, Some(1), rename("Late")).await;
    assert_eq!(late, Err(StoreError::Conflict(VERSION_CONFLICT)));
    let taken = tiers.update(made.id, None, rename("Standard")).await;
    assert!(matches!(taken, Err(StoreError::Conflict(_))), "{taken:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tier_that_somebody_needs_stays() {
    let bed = fresh_store(0).await;
    let tiers = bed.store.tiers();
    let made = tiers.create(terms("Pro"), None).await.unwrap().unwrap();
    let standard = tiers.list().await.unwrap().remove(0);
    assert!(standard.standard && standard.accounts == 1);
    let refused = tiers.delete(standard.tier.id).await.unwrap();
    assert_eq!(refused, Some(Err(TierNeeded::Standard)));

    let to = |tier| AccountChanges { tier: Some(tier), ..AccountChanges::default() };
    let accounts = bed.store.accounts();
    accounts.update(bed.account, to(made.id)).await.unwrap().unwrap();
    assert_eq!(tiers.delete(made.id).await.unwrap(), Some(Err(TierNeeded::Accounts(1))));
    accounts.update(bed.account, to(standard.tier.id)).await.unwrap().unwrap();

    let invitation = NewInvitation {
        hash: anc_domain::SecretHash::of("a code"),
        email: None,
        tier_id: Some(made.id),
        created_by: "a test".to_owned(),
        expires_at: NOW.plus(Duration::from_hours(1)),
    };
    bed.store.invitations().create(invitation).await.unwrap();
    assert_eq!(tiers.delete(made.id).await.unwrap(), Some(Err(TierNeeded::Invitations(1))));
    bed.clock.advance(Duration::from_hours(2));
    assert_eq!(tiers.delete(made.id).await.unwrap(), Some(Ok(())));
    assert_eq!(tiers.delete(made.id).await.unwrap(), None);
    let gone = accounts.update(bed.account, to(made.id)).await;
    assert_eq!(gone, Err(StoreError::Conflict(NO_TIER)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_has_what_its_tier_says() {
    let bed = fresh_store(0).await;
    let (_, hash) = bed.token_of(bed.new_token("one")).await;
    let made = bed.store.tiers().create(terms("Pro"), None).await.unwrap().unwrap();
    let changes = AccountChanges { tier: Some(made.id), ..AccountChanges::default() };
    bed.store.accounts().update(bed.account, changes).await.unwrap();
    let credential = bed.store.tokens().credential(&hash).await.unwrap().unwrap();
    assert_eq!(credential.tier.id, made.id);
    assert_eq!(credential.tier.rates.requests_per_minute, Some(60));
    assert_eq!(credential.rates, TokenRates::default(), "the token's own are its own");
    assert_eq!(credential.multiplier.ppm(), 1_500_000);
    assert!(credential.tier.allows_group("default") && !credential.tier.allows_group("fast"));
    assert!(credential.tier.models.allow(&"gpt-5".parse().unwrap()));
    assert!(!credential.tier.models.allow(&"claude-5".parse().unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_found_by_name_and_address_and_walked_page_by_page() {
    let bed = fresh_store(5_000).await;
    for name in ["b@x.example", "a_1@x.example", "c@y.example"] {
        bed.clock.advance(Duration::from_secs(1));
        person(&bed, name).await;
    }
    let suspended = person(&bed, "d@y.example").await;
    let why = AccountChanges::suspended(Some("unpaid"));
    let (_, is) = bed.store.accounts().update(suspended, why).await.unwrap().unwrap();
    assert_eq!((is.suspended_reason.as_deref(), is.version), (Some("unpaid"), 2));
    // Another edit keeps the suspension and its reason.
    let name = Some("D".to_owned());
    let rename = AccountChanges { name, if_version: Some(2), ..AccountChanges::default() };
    let (_, is) = bed.store.accounts().update(suspended, rename.clone()).await.unwrap().unwrap();
    assert!(is.suspended && is.suspended_reason.is_some());
    let late = bed.store.accounts().update(suspended, rename).await;
    assert_eq!(late, Err(StoreError::Conflict(VERSION_CONFLICT)));

    let all = AccountQuery {
        search: None,
        tier: None,
        suspended: None,
        sort: AccountSort::NameAsc,
        limit: 2,
        cursor: None,
        spent_since: UnixMillis::from_millis(0),
    };
    let names = async |query: &AccountQuery| -> Vec<String> {
        let (mut query, mut names) = (query.clone(), Vec::new());
        loop {
            let page = bed.store.accounts().page(query.clone()).await.unwrap();
            names.extend(page.items.into_iter().map(|one| one.account.name));
            query.cursor = page.next_cursor;
            if query.cursor.is_none() {
                return names;
            }
        }
    };
    let sorted = ["a_1@x.example", "b@x.example", "c@y.example", "D", "Owner@Example.com"];
    assert_eq!(names(&all).await, sorted);
    let mut backwards = sorted;
    backwards.reverse();
    let sort = AccountSort::NameDesc;
    assert_eq!(names(&AccountQuery { sort, ..all.clone() }).await, backwards);
    for sort in [
        AccountSort::CreatedAsc,
        AccountSort::CreatedDesc,
        AccountSort::BalanceAsc,
        AccountSort::BalanceDesc,
    ] {
        assert_eq!(names(&AccountQuery { sort, ..all.clone() }).await.len(), 5, "{sort:?}");
    }
    for (search, found) in [("Y.EXAMPLE", 2), ("_", 1), ("owner@", 1), ("%", 0), ("nobody", 0)] {
        let search = Some(search.to_owned());
        assert_eq!(names(&AccountQuery { search, ..all.clone() }).await.len(), found);
    }
    let of_state = AccountQuery { suspended: Some(true), ..all.clone() };
    assert_eq!(names(&of_state).await, ["D"]);
    let of_tier = AccountQuery { tier: Some(anc_domain::TierId::from_i64(9)), ..all.clone() };
    assert!(names(&of_tier).await.is_empty());
    let foreign = AccountQuery { cursor: Some("7b7d".to_owned()), ..all };
    assert!(bed.store.accounts().page(foreign).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_tells_what_it_spent_and_when_it_was_last_used() {
    let bed = fresh_store(5_000).await;
    let token = bed.token(None).await;
    bed.spend(token, 10, 0).await;
    bed.clock.advance(Duration::from_hours(48));
    bed.spend(token, 20, 0).await;
    bed.store.tokens().delete(token, None).await.unwrap();
    bed.token(None).await;
    bed.store.derive_usage().await.unwrap();
    let since = NOW.plus(Duration::from_hours(24));
    let told = bed.store.accounts().usage(bed.account, since).await.unwrap().unwrap();
    assert_eq!((told.spent, told.tokens), (nanos(20), 1));
    assert_eq!(told.last_used_at, Some(NOW.plus(Duration::from_hours(48))));
    assert_eq!(told.people[0].email, "owner@example.com");
    assert_eq!(told.account.available(), nanos(4_970));
    let nobody = anc_domain::AccountId::from_i64(5);
    assert!(bed.store.accounts().usage(nobody, since).await.unwrap().is_none());
    assert_eq!(told.account.spendable(), NanoUsd::from_nanos(4_970));
}
