//! Redemption codes are worth what they say, as often as they say, whatever happens at once.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use anc_domain::{
    AccountId, OsEntropy, RedemptionCode, RedemptionCodeId, Secret, SecretHash, UnixMillis, UserId,
};
use anc_ledger::NotRedeemed;
use anc_store::{
    CodeQuery, CodeStatus, EntryKind, Idempotency, LineKind, NewCodeBatch, NewUser, Redeemed,
    RedemptionAsk, Repeat, Role, StatementQuery, Store, StoreError, TokenStatus, WORD_OF_ANOTHER,
};
use tokio::task::JoinSet;

use crate::support::{Bed, EMAIL, MASTER_KEY, assert_books, fresh_store, nanos, open};

const AMOUNT: i64 = 5_000;

fn batch(codes: &[RedemptionCode]) -> NewCodeBatch {
    NewCodeBatch {
        note: "a test".into(),
        amount: nanos(AMOUNT),
        uses: 1,
        once_per_account: true,
        expires_at: None,
        created_by: EMAIL.into(),
        codes: codes.iter().map(|code| (code.secret().hash(), code.hint())).collect(),
    }
}

/// A code on terms that differ from the usual ones.
pub(crate) async fn code_with(
    store: &Store,
    terms: impl FnOnce(&mut NewCodeBatch),
) -> RedemptionCodeId {
    let mut new = batch(&[RedemptionCode::generate(&OsEntropy)]);
    terms(&mut new);
    store.redemption_codes().create(new, None).await.unwrap().unwrap().codes[0]
}

async fn person(bed: &Bed, number: usize) -> (UserId, AccountId) {
    let email = format!("person{number}@example.com");
    let new = NewUser {
        email: email.clone(),
        password_hash: Secret::new("$argon2id$stub"),
        role: Role::User,
        metered: true,
    };
    bed.store.users().create(new, None).await.unwrap().unwrap();
    let user = bed.store.users().by_email(&email).await.unwrap().unwrap();
    (user.id, user.account_id)
}

pub(crate) async fn owner(bed: &Bed) -> (UserId, AccountId) {
    let user = bed.store.users().by_email(EMAIL).await.unwrap().unwrap();
    (user.id, user.account_id)
}

pub(crate) fn ask_for(
    code_id: RedemptionCodeId,
    (user_id, account_id): (UserId, AccountId),
    word: &str,
) -> RedemptionAsk {
    let word = SecretHash::of(&format!("{account_id} {word}"));
    RedemptionAsk { code_id, account_id, user_id, word }
}

async fn redeem(
    store: &Store,
    ask: RedemptionAsk,
) -> Result<Result<Redeemed, NotRedeemed>, StoreError> {
    store.redemption_codes().redeem(ask).await
}

#[tokio::test(flavor = "multi_thread")]
async fn h2_two_hundred_at_once_redeem_a_code_exactly_as_often_as_it_may() {
    let bed = Arc::new(fresh_store(0).await);
    // On PostgreSQL half of them come through another node.
    let other = if crate::ON_POSTGRES {
        open(&bed.place.location(), &bed.clock, MASTER_KEY).await.unwrap()
    } else {
        bed.store.clone()
    };
    let mut people = Vec::new();
    for number in 0..200 {
        people.push(person(&bed, number).await);
    }
    for uses in [1, 7] {
        let code = code_with(&bed.store, |new| new.uses = uses).await;
        let mut tasks = JoinSet::new();
        for (number, who) in people.iter().enumerate() {
            let store = if number % 2 == 0 { bed.store.clone() } else { other.clone() };
            let wish = ask_for(code, *who, &format!("{uses}"));
            tasks.spawn(async move { redeem(&store, wish).await.unwrap() });
        }
        let answers = tasks.join_all().await;
        let redeemed: HashSet<_> =
            answers.iter().filter_map(|one| one.as_ref().ok()).map(|one| one.id).collect();
        assert_eq!(redeemed.len(), uses as usize);
        let refused = answers.iter().filter(|one| **one == Err(NotRedeemed::UsedUp)).count();
        assert_eq!(refused, 200 - uses as usize);
    }
    let entries = "select cast(sum(amount) as bigint) from ledger_entry where kind = 'redemption'";
    assert_eq!(bed.number(entries).await, 8 * AMOUNT);
    let balances = "select cast(sum(balance) as bigint) from account_balance";
    assert_eq!(bed.number(balances).await, 8 * AMOUNT);
    assert_books(&bed.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h2_one_account_a_hundred_times_at_once_redeems_a_code_once() {
    let bed = Arc::new(fresh_store(0).await);
    let who = owner(&bed).await;
    let code = code_with(&bed.store, |new| new.uses = 50).await;
    let again = code_with(&bed.store, |new| {
        (new.uses, new.once_per_account) = (50, false);
    })
    .await;
    let mut tasks = JoinSet::new();
    for number in 0..100 {
        for code in [code, again] {
            let (bed, wish) = (Arc::clone(&bed), ask_for(code, who, &format!("{number} {code}")));
            tasks.spawn(async move { (code, redeem(&bed.store, wish).await.unwrap()) });
        }
    }
    let answers = tasks.join_all().await;
    let of = |wanted, ok: bool| {
        answers.iter().filter(|(code, one)| *code == wanted && one.is_ok() == ok).count()
    };
    assert_eq!((of(code, true), of(code, false)), (1, 99));
    assert_eq!((of(again, true), of(again, false)), (50, 50));
    assert_eq!(bed.balance().await, 51 * AMOUNT);
    assert_books(&bed.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn under_one_word_a_code_is_redeemed_once_however_often_it_is_asked_for() {
    let bed = Arc::new(fresh_store(0).await);
    let who = owner(&bed).await;
    let terms = |new: &mut NewCodeBatch| (new.uses, new.once_per_account) = (50, false);
    let code = code_with(&bed.store, terms).await;
    let mut tasks = JoinSet::new();
    for _ in 0..50 {
        let (bed, wish) = (Arc::clone(&bed), ask_for(code, who, "word"));
        tasks.spawn(async move { redeem(&bed.store, wish).await.unwrap().unwrap() });
    }
    let answers: HashSet<_> = tasks.join_all().await.into_iter().map(|one| one.id).collect();
    assert_eq!(answers.len(), 1);
    assert_eq!(bed.balance().await, AMOUNT);
    // Even when the code has ended since.
    bed.store.redemption_codes().revoke(code, EMAIL).await.unwrap();
    let again = redeem(&bed.store, ask_for(code, who, "word")).await.unwrap().unwrap();
    assert!(answers.contains(&again.id));
    assert_eq!((again.amount, again.balance), (nanos(AMOUNT), nanos(AMOUNT)));
    let other = code_with(&bed.store, terms).await;
    let refused = redeem(&bed.store, ask_for(other, who, "word")).await;
    assert_eq!(refused, Err(StoreError::Conflict(WORD_OF_ANOTHER)));
    assert_books(&bed.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redeemed_code_makes_an_exhausted_token_work_at_once() {
    let bed = fresh_store(10).await;
    let token = bed.token(None).await;
    bed.spend(token, 10, 0).await;
    let stopped = bed.store.ledger().hold(bed.request(token, 1, 1)).await.unwrap();
    assert!(stopped.is_err());
    let record = bed.store.tokens().get(token, None).await.unwrap().unwrap();
    assert_eq!(record.status(), TokenStatus::Exhausted);

    let code = code_with(&bed.store, |_| {}).await;
    let done = redeem(&bed.store, ask_for(code, owner(&bed).await, "w")).await.unwrap().unwrap();
    assert_eq!((done.amount, done.balance), (nanos(AMOUNT), nanos(AMOUNT)));
    bed.spend(token, 1, 0).await;
    assert_books(&bed.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_a_revoked_and_a_suspended_ones_code_are_refused_and_move_nothing() {
    let bed = fresh_store(0).await;
    let who = owner(&bed).await;
    let codes = bed.store.redemption_codes();
    let end = UnixMillis::from_millis(bed.store_time() + 60_000);
    let expiring = code_with(&bed.store, |new| new.expires_at = Some(end)).await;
    let revoked = code_with(&bed.store, |new| new.uses = 2).await;
    assert_eq!(codes.revoke(revoked, EMAIL).await, Ok(true));
    assert_eq!(codes.revoke(revoked, EMAIL).await, Ok(false));
    let refused = redeem(&bed.store, ask_for(revoked, who, "1")).await.unwrap();
    assert_eq!(refused, Err(NotRedeemed::Revoked));
    bed.place.run("update account set suspended = true").await.unwrap();
    let refused = redeem(&bed.store, ask_for(expiring, who, "2")).await.unwrap();
    assert_eq!(refused, Err(NotRedeemed::AccountSuspended));
    bed.place.run("update account set suspended = false").await.unwrap();
    bed.clock.advance(Duration::from_mins(1));
    let refused = redeem(&bed.store, ask_for(expiring, who, "3")).await.unwrap();
    assert_eq!(refused, Err(NotRedeemed::Expired));
    assert_eq!(bed.balance().await, 0);
    let nobody = ask_for(RedemptionCodeId::from_i64(5), who, "4");
    assert!(matches!(redeem(&bed.store, nobody).await, Err(StoreError::Conflict(_))));
    assert_books(&bed.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn revoking_while_it_is_redeemed_leaves_what_was_redeemed_and_no_more() {
    let bed = Arc::new(fresh_store(0).await);
    let who = owner(&bed).await;
    let all: Vec<_> = (0..20).map(|_| RedemptionCode::generate(&OsEntropy)).collect();
    let mut new = batch(&all);
    (new.uses, new.once_per_account) = (10, false);
    let made = bed.store.redemption_codes().create(new, None).await.unwrap().unwrap();
    let mut tasks = JoinSet::new();
    for number in 0..200 {
        let code = made.codes[number % 20];
        let (bed, wish) = (Arc::clone(&bed), ask_for(code, who, &number.to_string()));
        tasks.spawn(async move { i64::from(redeem(&bed.store, wish).await.unwrap().is_ok()) });
    }
    let revoked = bed.store.redemption_codes().revoke_batch(made.id, EMAIL).await.unwrap();
    assert!(revoked.is_some());
    let redeemed: i64 = tasks.join_all().await.into_iter().sum();
    assert_eq!(bed.balance().await, redeemed * AMOUNT);
    for code in made.codes {
        let late = redeem(&bed.store, ask_for(code, who, &format!("late {code}"))).await.unwrap();
        assert!(late.is_err());
    }
    assert_books(&bed.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_see_codes_by_batch_and_state_and_who_redeemed_them() {
    let bed = fresh_store(0).await;
    let codes = bed.store.redemption_codes();
    let texts: Vec<_> = (0..1_000).map(|_| RedemptionCode::generate(&OsEntropy)).collect();
    let word = Idempotency {
        principal: "usr".into(),
        key: "w".into(),
        request: SecretHash::of("request"),
    };
    let made = codes.create(batch(&texts), Some(&word)).await.unwrap().unwrap();
    let repeated = codes.create(batch(&texts), Some(&word)).await.unwrap().unwrap_err();
    assert_eq!(repeated, Repeat::Done(vec![made.id.to_string()]));
    let other = code_with(&bed.store, |new| new.uses = 3).await;
    for number in 0..3 {
        let who = person(&bed, number).await;
        redeem(&bed.store, ask_for(other, who, "w")).await.unwrap().unwrap();
    }
    codes.revoke(made.codes[0], "somebody").await.unwrap();

    let mut seen = HashSet::new();
    let mut query = CodeQuery { batch: Some(made.id), limit: 200, ..CodeQuery::default() };
    loop {
        let page = codes.page(&query).await.unwrap();
        seen.extend(page.items.iter().map(|code| code.id));
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, made.codes.iter().copied().collect());
    for (status, count) in
        [(CodeStatus::Open, 200), (CodeStatus::UsedUp, 1), (CodeStatus::Revoked, 1)]
    {
        let query = CodeQuery { status: Some(status), limit: 200, ..CodeQuery::default() };
        let page = codes.page(&query).await.unwrap();
        assert_eq!(page.items.len(), count);
        let now = UnixMillis::from_millis(bed.store_time());
        assert!(page.items.iter().all(|code| code.status(now) == status));
    }
    let found = codes.find(&texts[7].secret().hash()).await.unwrap();
    assert_eq!(found, Some(made.codes[7]));
    let code = codes.get(other).await.unwrap().unwrap();
    assert_eq!((code.used, code.uses, code.batch_id == made.id), (3, 3, false));
    let first = codes.redemptions(other, 2, None).await.unwrap();
    let rest = codes.redemptions(other, 2, first.next_cursor.as_deref()).await.unwrap();
    let numbers: Vec<_> = first.items.iter().chain(&rest.items).map(|one| one.number).collect();
    assert_eq!((numbers, rest.next_cursor), (vec![3, 2, 1], None));
    assert_eq!(rest.items[0].email, "person0@example.com");
    assert_books(&bed.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_statement_tells_of_a_redemption_by_its_name_and_the_codes_ends() {
    let bed = fresh_store(0).await;
    let text = RedemptionCode::generate(&OsEntropy);
    let made = bed.store.redemption_codes().create(batch(std::slice::from_ref(&text)), None).await;
    let code = made.unwrap().unwrap().codes[0];
    let done = redeem(&bed.store, ask_for(code, owner(&bed).await, "w")).await.unwrap().unwrap();
    let query = StatementQuery {
        account: bed.account,
        since: None,
        until: None,
        kind: None,
        before: None,
        limit: 10,
    };
    let page = bed.store.statements().page(&query).await.unwrap();
    let line = &page.lines[0];
    assert_eq!(line.kind, LineKind::Entry(EntryKind::Redemption));
    assert_eq!(line.reference, Some(done.id.to_string()));
    assert_eq!(line.reason.as_deref(), Some(text.hint().as_str()));
}
