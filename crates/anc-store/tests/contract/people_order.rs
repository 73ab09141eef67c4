//! Who may change whom, and what follows from it; lists of people, sign-ins and notes.

use std::time::Duration;

use anc_domain::{Clock as _, NanoUsd, Secret, UserId};
use anc_ledger::Refusal;
use anc_store::{
    AuditNote, AuditQuery, ChangedUser, Client, NewMailCode, NewSignIn, NewUser, NotChanged,
    PeopleQuery, Role, UserChanges, UserRecord,
};

use crate::support::{Bed, EMAIL, fresh_store, session_of};

const ROLES: [Role; 3] = [Role::User, Role::Admin, Role::Owner];

async fn add(bed: &Bed, email: &str, role: Role) -> UserRecord {
    let new = NewUser {
        email: email.to_owned(),
        password_hash: Secret::new("$argon2id$new"),
        role,
        metered: false,
    };
    bed.store.users().create(new, None).await.unwrap().unwrap()
}

fn to_role(role: Role) -> UserChanges {
    UserChanges { role: Some(role), ..UserChanges::default() }
}

fn to_state(disabled: bool) -> UserChanges {
    UserChanges { disabled: Some(disabled), ..UserChanges::default() }
}

async fn change(
    bed: &Bed,
    by: Option<UserId>,
    id: UserId,
    changes: UserChanges,
) -> Result<ChangedUser, NotChanged> {
    bed.store.users().change(by, id, changes).await.unwrap()
}

#[tokio::test]
async fn g2_the_order_of_roles_is_strict() {
    let bed = fresh_store(0).await;
    let owner = bed.store.users().by_email(EMAIL).await.unwrap().unwrap().id;
    let (mut number, mut tried) = (0, 0);
    for (own, own_rank) in ROLES.into_iter().zip(0..) {
        for (target, rank) in ROLES.into_iter().zip(0..) {
            for (given, given_rank) in ROLES.into_iter().zip(0..) {
                number += 1;
                let by = add(&bed, &format!("by{number}@example.com"), own).await.id;
                let whom = add(&bed, &format!("whom{number}@example.com"), target).await.id;
                let above = own_rank > 0 && own_rank > rank;
                let may_give = own_rank == 2 || own_rank > given_rank;
                let done = change(&bed, Some(by), whom, to_role(given)).await;
                assert_eq!(done.is_ok(), above && may_give, "{own:?} makes {target:?} {given:?}");
                let now = bed.store.users().by_id(whom).await.unwrap().unwrap().role;
                assert_eq!(now, if done.is_ok() { given } else { target });
                // Back to what it was, by the command line, which is above all.
                change(&bed, None, whom, to_role(target)).await.unwrap();
                let disabled = change(&bed, Some(by), whom, to_state(true)).await;
                assert_eq!(disabled.is_ok(), above, "{own:?} disables {target:?}");
                let oneself = change(&bed, Some(by), by, to_role(given)).await.unwrap_err();
                assert_eq!(oneself, NotChanged::Oneself);
                // Whoever is disabled, by a session that had just been looked up, changes nothing.
                change(&bed, None, by, to_state(true)).await.unwrap();
                assert!(change(&bed, Some(by), whom, to_role(given)).await.is_err());
                tried += 1;
            }
        }
    }
    assert_eq!(tried, 27);
    let nobody = change(&bed, Some(owner), UserId::from_i64(1), to_state(true)).await;
    assert_eq!(nobody.unwrap_err(), NotChanged::Unknown);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_owner_stays() {
    let bed = fresh_store(0).await;
    let owner = bed.store.users().by_email(EMAIL).await.unwrap().unwrap().id;
    for changes in [to_state(true), to_role(Role::Admin), to_role(Role::User)] {
        let refused = change(&bed, None, owner, changes).await.unwrap_err();
        assert_eq!(refused, NotChanged::LastOwner);
    }
    let named = UserChanges { name: Some("Ada".to_owned()), ..UserChanges::default() };
    assert_eq!(change(&bed, None, owner, named).await.unwrap().after.name, "Ada");

    // Of two who are lowered and disabled at the same time one stays.
    let second = add(&bed, "second@example.com", Role::Owner).await.id;
    let (one, other) = tokio::join!(
        change(&bed, None, owner, to_role(Role::Admin)),
        change(&bed, None, second, to_state(true)),
    );
    assert_eq!(usize::from(one.is_ok()) + usize::from(other.is_ok()), 1);
    let owners = "select count(*) from app_user where role = 'owner' and not disabled";
    assert_eq!(bed.number(owners).await, 1);
}

#[tokio::test]
async fn f4_all_that_was_begun_ends_with_another_role_or_state() {
    let bed = fresh_store(0).await;
    let person = add(&bed, "a@example.com", Role::User).await;
    let (sessions, codes) = (bed.store.sessions(), bed.store.mail_codes());
    let end = bed.clock.now().plus(Duration::from_hours(1));
    for (changes, ends) in [
        (to_role(Role::Admin), true),
        (to_role(Role::Admin), false),
        (to_state(true), true),
        (to_state(false), true),
        (UserChanges { name: Some("B".to_owned()), ..UserChanges::default() }, false),
    ] {
        let known = bed.store.users().by_id(person.id).await.unwrap().unwrap();
        let hash = Secret::new(format!("{changes:?}{ends}")).hash();
        let begun = sessions.create(session_of(&known, hash, end)).await.unwrap();
        assert_eq!(begun, !known.disabled);
        let email = known.email.clone();
        let link = NewMailCode { hash, email, expires_at: end };
        codes.create_reset(link, &known.password_hash).await.unwrap();
        change(&bed, None, person.id, changes).await.unwrap();
        assert_eq!(sessions.find(&hash).await.unwrap().is_some(), begun && !ends);
        let link_is_there = "select count(*) from mail_code";
        assert_eq!(bed.number(link_is_there).await, i64::from(!ends));
        let late = session_of(&known, Secret::new("late").hash(), end);
        if ends {
            assert!(!sessions.create(late).await.unwrap(), "it was begun before the change");
        }
    }
}

#[tokio::test]
async fn g3_no_token_of_an_account_whose_every_person_is_disabled_gets_a_hold() {
    let bed = fresh_store(1_000).await;
    let second = add(&bed, "second@example.com", Role::Owner).await;
    let owner = bed.store.users().by_email(EMAIL).await.unwrap().unwrap().id;
    // The second one belongs to the owner's account.
    let account = bed.account.as_i64();
    let moved =
        format!("update app_user set account_id = {account} where id = {}", second.id.as_i64());
    bed.place.run(&moved).await.unwrap();
    let token = bed.token(None).await;
    let refusal = async || {
        let request = bed.request(token, 10, 10);
        bed.store.ledger().hold(request).await.unwrap().err()
    };
    change(&bed, None, owner, to_state(true)).await.unwrap();
    assert_eq!(refusal().await, None, "the second is left");
    // A third owner, so that the second is not the last.
    add(&bed, "third@example.com", Role::Owner).await;
    let before = bed.store.changes().latest();
    change(&bed, None, second.id, to_state(true)).await.unwrap();
    assert!(bed.store.changes().latest() > before, "the data plane is told");
    assert_eq!(refusal().await, Some(Refusal::AccountSuspended));
    let account = bed.store.accounts().get(bed.account).await.unwrap().unwrap();
    assert!(account.is_stopped() && !account.suspended, "it is nobody's suspension");
    change(&bed, None, owner, to_state(false)).await.unwrap();
    assert_eq!(refusal().await, None);
}

#[tokio::test]
async fn a_changed_password_ends_what_the_old_one_opened_and_is_refused_to_the_late() {
    let bed = fresh_store(0).await;
    let known = bed.store.users().by_email(EMAIL).await.unwrap().unwrap();
    let (users, sessions) = (bed.store.users(), bed.store.sessions());
    let end = bed.clock.now().plus(Duration::from_hours(1));
    let hash = Secret::new("session").hash();
    assert!(sessions.create(session_of(&known, hash, end)).await.unwrap());
    let changed = users.change_password(&known, &Secret::new("$new")).await.unwrap().unwrap();
    assert_eq!(changed.password_hash.expose(), "$new");
    assert!(sessions.find(&hash).await.unwrap().is_none());
    assert!(users.change_password(&known, &Secret::new("$late")).await.unwrap().is_none());
    assert!(sessions.create(session_of(&changed, hash, end)).await.unwrap());
}

#[tokio::test]
async fn sessions_are_listed_ended_one_by_one_and_bounded() {
    let bed = fresh_store(0).await;
    let known = bed.store.users().by_email(EMAIL).await.unwrap().unwrap();
    let other = add(&bed, "other@example.com", Role::User).await;
    let sessions = bed.store.sessions();
    let end = bed.clock.now().plus(Duration::from_hours(1));
    for number in 0..60 {
        bed.clock.advance(Duration::from_secs(1));
        let hash = Secret::new(format!("session {number}")).hash();
        assert!(sessions.create(session_of(&known, hash, end)).await.unwrap());
    }
    let newest = Secret::new("session 59").hash();
    let listed = sessions.list(known.id, &newest).await.unwrap();
    assert_eq!(listed.len(), 50, "those that were used longest ago ended");
    assert!(listed[0].current && listed[1..].iter().all(|session| !session.current));
    let agent = listed[0].client.as_ref().map(|client| client.agent.as_str());
    assert_eq!(agent, Some("Firefox"));
    assert!(!sessions.end(other.id, listed[3].id).await.unwrap(), "it is not theirs");
    assert!(sessions.end(known.id, listed[3].id).await.unwrap());
    assert!(!sessions.end(known.id, listed[3].id).await.unwrap());
    assert_eq!(sessions.end_others(known.id, &newest).await.unwrap(), 48);
    assert_eq!(sessions.list(known.id, &newest).await.unwrap().len(), 1);
    let seen = bed.store.users().by_id(known.id).await.unwrap().unwrap().last_seen_at;
    assert_eq!(seen, Some(bed.clock.now()));
}

#[tokio::test]
async fn a_strangers_failures_do_not_push_out_what_the_person_did() {
    let bed = fresh_store(0).await;
    let user_id = bed.store.users().by_email(EMAIL).await.unwrap().unwrap().id;
    let client = Client { address: "192.0.2.7".to_owned(), agent: String::new() };
    let new = |succeeded| NewSignIn {
        user_id,
        succeeded,
        way: "password".to_owned(),
        client: client.clone(),
    };
    bed.store.sign_ins().note(&new(true)).await.unwrap();
    bed.clock.advance(Duration::from_hours(24));
    for _ in 0..60 {
        bed.store.sign_ins().note(&new(false)).await.unwrap();
    }
    let listed = bed.store.sign_ins().list(user_id).await.unwrap();
    assert_eq!(listed.len(), 51);
    assert!(listed[50].succeeded && !listed[0].succeeded);
    let before = bed.clock.now();
    bed.store.retention().prune_rest(None, Some(before)).await.unwrap();
    assert_eq!(bed.store.sign_ins().list(user_id).await.unwrap().len(), 50);
}

#[tokio::test]
async fn people_are_found_and_paged() {
    let bed = fresh_store(1_000).await;
    let token = bed.token(None).await;
    bed.spend(token, 10, 20).await;
    for number in 0..7 {
        bed.clock.advance(Duration::from_secs(1));
        add(&bed, &format!("p{number}_%@example.com"), ROLES[number % 2]).await;
    }
    let users = bed.store.users();
    let mut emails = Vec::new();
    let mut wanted = PeopleQuery { limit: 3, ..PeopleQuery::default() };
    loop {
        let page = users.page(&wanted).await.unwrap();
        assert_eq!(page.total, 8);
        emails.extend(page.items.into_iter().map(|one| one.user.email));
        wanted.cursor = page.next_cursor;
        if wanted.cursor.is_none() {
            break;
        }
    }
    assert_eq!(emails.len(), 8);
    assert_eq!((emails[0].as_str(), emails[7].as_str()), ("owner@example.com", "p6_%@example.com"));
    let found = async |wanted: PeopleQuery| {
        users.page(&PeopleQuery { limit: 50, ..wanted }).await.unwrap().total
    };
    let search = |text: &str| PeopleQuery { search: Some(text.to_owned()), ..Default::default() };
    assert_eq!(found(search("P3_%")).await, 1);
    assert_eq!(found(search("%%")).await, 0, "it stands for itself");
    assert_eq!(found(PeopleQuery { role: Some(Role::Admin), ..Default::default() }).await, 3);
    assert_eq!(found(PeopleQuery { disabled: Some(true), ..Default::default() }).await, 0);
    let forged = PeopleQuery { limit: 3, cursor: Some("7b7d".to_owned()), ..Default::default() };
    assert!(users.page(&forged).await.is_err());
    let owner = users.by_email(EMAIL).await.unwrap().unwrap().id;
    let person = users.person(owner).await.unwrap().unwrap();
    assert_eq!((person.account.balance.nanos(), person.second_factor), (950, false));
    assert!(person.spent <= NanoUsd::from_nanos(50), "the sums are a second behind");
    assert!(users.person(UserId::from_i64(1)).await.unwrap().is_none());
}

#[tokio::test]
async fn notes_are_filtered_and_paged() {
    let bed = fresh_store(0).await;
    let audits = bed.store.audits();
    for (actor, action, object) in [
        ("Ada@example.com", "token.create", Some(1)),
        ("bob@example.com", "token.update", Some(1)),
        ("ada@example.com (key ci)", "user.update", Some(2)),
    ] {
        bed.clock.advance(Duration::from_secs(1));
        let note = AuditNote {
            actor,
            action,
            object,
            account: Some(bed.account),
            detail: "{}".to_owned(),
            address: None,
        };
        audits.note(note).await.unwrap();
    }
    let found = async |wanted: AuditQuery| {
        let page = audits.page(&AuditQuery { limit: 50, ..wanted }).await.unwrap();
        page.items.into_iter().map(|entry| entry.action).collect::<Vec<_>>()
    };
    let all = ["user.update", "token.update", "token.create"];
    assert_eq!(found(AuditQuery::default()).await, all);
    let actor = AuditQuery { actor: Some("ADA@".to_owned()), ..Default::default() };
    assert_eq!(found(actor).await, [all[0], all[2]]);
    let action = AuditQuery { action: Some("token.".to_owned()), ..Default::default() };
    assert_eq!(found(action).await, all[1..]);
    assert_eq!(found(AuditQuery { object: Some(2), ..Default::default() }).await, all[..1]);
    let now = bed.clock.now();
    assert_eq!(found(AuditQuery { since: Some(now), ..Default::default() }).await, all[..1]);
    assert_eq!(found(AuditQuery { until: Some(now), ..Default::default() }).await, all[1..]);
    let first = audits.page(&AuditQuery { limit: 2, ..Default::default() }).await.unwrap();
    let rest = AuditQuery { limit: 2, before: first.next, ..Default::default() };
    let rest = audits.page(&rest).await.unwrap();
    assert_eq!((first.items.len(), rest.items.len(), rest.next), (2, 1, None));
}
