//! Set-up, users, accounts, sessions, settings.

use std::sync::Arc;
use std::time::Duration;

use anc_domain::{ManualClock, Secret, UserId};
use anc_store::{NewOwner, NewSession, Role, SetupDone};
use tokio::task::JoinSet;

use crate::support::{
    EMAIL, MASTER_KEY, NOW, Place, assert_books, fresh_store, nanos, open, session_of,
};

fn owner(number: usize) -> NewOwner {
    NewOwner {
        email: format!("Person{number}@example.com"),
        password_hash: Secret::new("$argon2id$stub"),
        metered: number.is_multiple_of(2),
        starting_balance: nanos(1_000),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f11_the_instance_is_set_up_once_however_many_try_at_once() {
    let place = Place::new().await;
    let clock = Arc::new(ManualClock::new(NOW));
    let store = open(&place.location(), &clock, MASTER_KEY).await.unwrap();
    assert!(store.users().needs_setup().await.unwrap());
    let mut tasks = JoinSet::new();
    for number in 0..20 {
        let store = store.clone();
        tasks.spawn(async move { store.users().create_owner(owner(number)).await.unwrap() });
    }
    let results = tasks.join_all().await;
    let made: Vec<_> = results.iter().filter_map(|result| result.as_ref().ok()).collect();
    assert_eq!(made.len(), 1);
    assert!(!store.users().needs_setup().await.unwrap());
    assert_eq!(store.users().create_owner(owner(0)).await.unwrap().unwrap_err(), SetupDone);

    let account = store.accounts().get(made[0].account_id).await.unwrap().unwrap();
    assert_eq!((account.balance, account.held), (nanos(1_000), nanos(0)));
    assert_eq!(
        (account.tier.terms.name.as_str(), account.tier.terms.token_limit),
        ("Standard", 20)
    );
    assert_books(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_starting_balance_that_was_promised_is_posted_at_the_next_start() {
    let bed = fresh_store(1_000).await;
    bed.store.close().await;
    // As if the process had died between the owner and the grant.
    let append_only = match bed.place {
        Place::Sqlite(_) => "drop trigger ledger_entry_is_not_removed",
        Place::Postgres(_) => "drop trigger ledger_entry_is_append_only on ledger_entry",
    };
    let undone = format!(
        "{append_only};
         delete from ledger_entry;
         update account_balance set balance = 0;"
    );
    bed.place.run(&undone).await.unwrap();
    for _ in 0..2 {
        let store = bed.start_again().await;
        let account = store.accounts().get(bed.account).await.unwrap().unwrap();
        assert_eq!(account.balance, nanos(1_000));
        assert_books(&store).await;
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_found_by_address_in_any_case_of_letters() {
    let bed = fresh_store(0).await;
    let user = bed.store.users().by_email("OWNER@example.COM").await.unwrap().unwrap();
    assert_eq!((user.email.as_str(), user.role), ("owner@example.com", Role::Owner));
    assert_eq!(user.password_hash.expose(), "$argon2id$stub");
    assert!(bed.store.users().by_email("nobody@example.com").await.unwrap().is_none());
    let same = bed.store.users().by_id(user.id).await.unwrap().unwrap();
    assert_eq!(same.account_id, bed.account);
    let account = bed.store.accounts().by_owner_email(EMAIL).await.unwrap().unwrap();
    assert_eq!(account.id, bed.account);
    assert!(account.metered && !account.suspended);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_lives_until_it_expires_or_is_ended() {
    let bed = fresh_store(0).await;
    let user = bed.store.users().by_email(EMAIL).await.unwrap().unwrap();
    let sessions = bed.store.sessions();
    let hour = Duration::from_hours(1);
    let new = |text: &str| session_of(&user, Secret::new(text).hash(), NOW.plus(hour));
    let (one, two, three) = (new("1"), new("2"), new("3"));
    for session in [&one, &two, &three] {
        assert!(sessions.create(session.clone()).await.unwrap());
    }
    let found = sessions.find(&one.hash).await.unwrap().unwrap();
    assert_eq!((found.user_id, found.created_at), (user.id, NOW));

    sessions.delete(&one.hash).await.unwrap();
    assert!(sessions.find(&one.hash).await.unwrap().is_none());
    sessions.touch(&two.hash, NOW.plus(hour * 3), &two.client).await.unwrap();
    bed.clock.advance(hour);
    assert!(sessions.find(&three.hash).await.unwrap().is_none());
    assert!(sessions.find(&two.hash).await.unwrap().is_some());
    sessions.delete_for_user(user.id).await.unwrap();
    assert!(sessions.find(&two.hash).await.unwrap().is_none());

    assert!(!sessions.create(new("4")).await.unwrap(), "it was begun before all ended");
    let nobody = NewSession { user_id: UserId::from_i64(1), ..new("5") };
    assert!(!sessions.create(nobody).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setting_is_kept_changed_and_forgotten() {
    let bed = fresh_store(0).await;
    let settings = bed.store.settings();
    assert_eq!(settings.get("code").await, Ok(None));
    settings.set("code", "one").await.unwrap();
    settings.set("code", "two").await.unwrap();
    assert_eq!(settings.get("code").await, Ok(Some("two".into())));
    settings.delete("code").await.unwrap();
    assert_eq!(settings.get("code").await, Ok(None));
}
