//! People as providers of identities know them, and browsers on their way there.

use std::time::Duration;

use anc_domain::{Clock as _, IdentityId, Secret, SecretHash, UserId};
use anc_store::{
    Connected, Disconnected, NO_PASSWORD, NewIdentity, NewInvitation, NewProviderSignIn, NewUser,
    ProviderPurpose, RegisteredBy, Role,
};

use crate::support::{Bed, EMAIL, fresh_store, session_of};

const ISSUER: &str = "https://id.example.com";
const OTHER: &str = "https://other.example.com";

fn identity(issuer: &str, subject: &str) -> NewIdentity {
    NewIdentity { issuer: issuer.into(), subject: subject.into(), label: subject.to_uppercase() }
}

fn newcomer(email: &str) -> NewUser {
    NewUser {
        email: email.to_owned(),
        password_hash: Secret::new(NO_PASSWORD),
        role: Role::User,
        metered: true,
    }
}

async fn registered(bed: &Bed, subject: &str, email: &str) -> UserId {
    let (new, person) = (identity(ISSUER, subject), newcomer(email));
    let made = bed.store.identities().register(&new, &person, None).await.unwrap();
    let RegisteredBy::Person(id) = made else { panic!("{email} is known") };
    id
}

async fn has_session(bed: &Bed, name: &str) -> bool {
    bed.store.sessions().find(&SecretHash::of(name)).await.unwrap().is_some()
}

async fn begin_session(bed: &Bed, user: UserId, name: &str) {
    let user = bed.store.users().by_id(user).await.unwrap().unwrap();
    let end = bed.clock.now().plus(Duration::from_hours(1));
    let new = session_of(&user, SecretHash::of(name), end);
    assert!(bed.store.sessions().create(new).await.unwrap());
}

#[tokio::test]
async fn an_identity_is_one_persons_and_connecting_ends_their_sessions() {
    let bed = fresh_store(0).await;
    let identities = bed.store.identities();
    let owner = bed.store.users().by_email(EMAIL).await.unwrap().unwrap();
    begin_session(&bed, owner.id, "before").await;
    let new = identity(ISSUER, "one");
    assert_eq!(identities.connect(&owner, &new).await.unwrap(), Connected::Done);
    assert!(!has_session(&bed, "before").await);
    assert_eq!(identities.connect(&owner, &new).await.unwrap(), Connected::Stale);
    let owner = bed.store.users().by_id(owner.id).await.unwrap().unwrap();
    assert_eq!(identities.connect(&owner, &new).await.unwrap(), Connected::Taken);
    let second = identity(ISSUER, "two");
    assert_eq!(identities.connect(&owner, &second).await.unwrap(), Connected::HasAnother);
    // The same words of another provider are another identity.
    let elsewhere = identity(OTHER, "one");
    assert_eq!(identities.find(OTHER, "one").await.unwrap(), None);
    assert_eq!(identities.connect(&owner, &elsewhere).await.unwrap(), Connected::Done);

    let found = identities.find(ISSUER, "one").await.unwrap().unwrap();
    assert_eq!((found.user_id, found.label.as_str()), (owner.id, "ONE"));
    assert_eq!(identities.find(ISSUER, "ONE").await.unwrap(), None, "to the letter");
    bed.clock.advance(Duration::from_secs(5));
    identities.touch(found.id, "Renamed").await.unwrap();
    let found = identities.find(ISSUER, "one").await.unwrap().unwrap();
    assert_eq!((found.label.as_str(), found.last_used_at), ("Renamed", Some(bed.clock.now())));
    let known = identities.register(&new, &newcomer("new@example.com"), None).await.unwrap();
    assert_eq!(known, RegisteredBy::Known);
    let third = identity(ISSUER, "three");
    let known = identities.register(&third, &newcomer(&EMAIL.to_uppercase()), None).await.unwrap();
    assert_eq!(known, RegisteredBy::Known);
}

#[tokio::test]
async fn one_of_many_at_once_registers_or_connects() {
    let bed = fresh_store(0).await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..8 {
        let store = bed.store.clone();
        tasks.spawn(async move {
            let person = newcomer(&format!("p{number}@example.com"));
            store.identities().register(&identity(ISSUER, "same"), &person, None).await.unwrap()
        });
    }
    let made = tasks.join_all().await;
    let people = made.iter().filter(|one| matches!(one, RegisteredBy::Person(_))).count();
    assert_eq!(people, 1, "{made:?}");
    assert_eq!(bed.number("select count(*) from app_user").await, 2);
    assert_eq!(bed.number("select count(*) from identity").await, 1);
}

#[tokio::test]
async fn an_invitation_that_is_not_for_the_address_leaves_nothing_behind() {
    let bed = fresh_store(0).await;
    let invited = NewInvitation {
        hash: SecretHash::of("code"),
        email: Some("ada@example.com".to_owned()),
        tier_id: None,
        created_by: "command line".to_owned(),
        expires_at: bed.clock.now().plus(Duration::from_hours(1)),
    };
    let id = bed.store.invitations().create(invited).await.unwrap().id;
    let identities = bed.store.identities();
    let new = identity(ISSUER, "ada");
    for (email, fits) in [("eve@example.com", false), ("Ada@example.com", true)] {
        let made = identities.register(&new, &newcomer(email), Some(id)).await.unwrap();
        assert_eq!(matches!(made, RegisteredBy::Person(_)), fits, "{email}: {made:?}");
    }
    assert_eq!(bed.number("select count(*) from app_user").await, 2);
    let (other, person) = (identity(ISSUER, "x"), newcomer("x@example.com"));
    let again = identities.register(&other, &person, Some(id)).await.unwrap();
    assert_eq!(again, RegisteredBy::NotInvited, "it is used up");
}

#[tokio::test]
async fn the_last_way_in_stays_and_a_provider_that_is_gone_is_none() {
    let bed = fresh_store(0).await;
    let identities = bed.store.identities();
    let user = registered(&bed, "ada", "ada@example.com").await;
    let first = identities.list(user).await.unwrap()[0].id;
    let both = [ISSUER, OTHER];
    let take =
        async |user, id, usable: &[&str]| identities.disconnect(user, id, usable).await.unwrap();
    assert_eq!(take(user, first, &both).await, Disconnected::LastWay);
    let record = bed.store.users().by_id(user).await.unwrap().unwrap();
    assert!(!record.has_password());
    assert_eq!(identities.connect(&record, &identity(OTHER, "a")).await.unwrap(), Connected::Done);
    assert_eq!(take(user, first, &[ISSUER]).await, Disconnected::LastWay, "the other is not there");
    let owner = bed.store.users().by_email(EMAIL).await.unwrap().unwrap();
    assert_eq!(take(owner.id, first, &both).await, Disconnected::Unknown);
    assert_eq!(take(user, IdentityId::from_i64(1), &both).await, Disconnected::Unknown);
    begin_session(&bed, user, "by the first").await;
    assert_eq!(take(user, first, &both).await, Disconnected::Done);
    assert!(!has_session(&bed, "by the first").await);

    let record = bed.store.users().by_id(user).await.unwrap().unwrap();
    let hash = Secret::new("$argon2id$new");
    bed.store.users().change_password(&record, &hash).await.unwrap().unwrap();
    let left = identities.list(user).await.unwrap();
    assert_eq!(take(user, left[0].id, &both).await, Disconnected::Done, "the password is a way in");
    assert!(identities.list(user).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_visit_is_taken_once_by_its_own_browser_and_in_time() {
    let bed = fresh_store(0).await;
    let owner = bed.store.users().by_email(EMAIL).await.unwrap().unwrap().id;
    let visits = bed.store.provider_sign_ins();
    let hash = SecretHash::of;
    let new = |state: &str, purpose| NewProviderSignIn {
        hash: hash(state),
        browser: hash("browser"),
        provider: "corp".to_owned(),
        purpose,
        expires_at: bed.clock.now().plus(Duration::from_mins(10)),
    };
    let purposes = [
        ("a", ProviderPurpose::SignIn(None)),
        ("b", ProviderPurpose::Connect(owner)),
        ("c", ProviderPurpose::StepUp(owner)),
    ];
    for (state, purpose) in purposes {
        assert!(visits.create(&new(state, purpose), 3).await.unwrap());
    }
    assert!(!visits.create(&new("d", ProviderPurpose::SignIn(None)), 3).await.unwrap());
    let take = async |state: &str, browser: &str, provider: &str| {
        visits.take(&hash(state), &hash(browser), provider).await.unwrap()
    };
    for (state, browser, provider) in
        [("a", "another", "corp"), ("a", "browser", "github"), ("x", "browser", "corp")]
    {
        assert_eq!(take(state, browser, provider).await, None);
    }
    for (state, purpose) in &purposes[..2] {
        assert_eq!(take(state, "browser", "corp").await, Some(*purpose));
        assert_eq!(take(state, "browser", "corp").await, None);
    }
    bed.clock.advance(Duration::from_mins(10));
    assert_eq!(take("c", "browser", "corp").await, None);
    assert!(visits.create(&new("e", ProviderPurpose::SignIn(None)), 1).await.unwrap());
}
