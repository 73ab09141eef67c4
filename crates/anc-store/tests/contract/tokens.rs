//! API tokens: limit, edits, lists.

use std::collections::BTreeSet;
use std::time::Duration;

use anc_domain::{AccountId, AddressRules, ModelPatterns};
use anc_store::{StoreError, TokenChanges, TokenLimitReached, TokenQuery, TokenSort, TokenStatus};
use tokio::task::JoinSet;

use crate::support::{Bed, NOW, fresh_store, nanos};

#[tokio::test(flavor = "multi_thread")]
async fn fifty_creations_at_once_make_as_many_tokens_as_the_tier_allows() {
    let bed = fresh_store(0).await;
    let mut tasks = JoinSet::new();
    for number in 0..50 {
        let (store, new) = (bed.store.clone(), bed.new_token(&format!("t{number}")));
        tasks.spawn(async move { store.tokens().create(new).await.unwrap() });
    }
    let results = tasks.join_all().await;
    let (made, refused): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    assert_eq!((made.len(), refused.len()), (20, 30));
    let reached = TokenLimitReached { tier: "Standard".into(), limit: 20, used: 20 };
    assert!(refused.into_iter().all(|result| result.unwrap_err() == reached));
    assert_eq!(bed.store.tokens().count(bed.account).await.unwrap(), 20);

    // A deleted one makes room, and only one.
    let id = made.into_iter().next().unwrap().unwrap().id;
    assert!(bed.store.tokens().delete(id, Some(bed.account)).await.unwrap());
    assert!(bed.store.tokens().create(bed.new_token("again")).await.unwrap().is_ok());
    assert!(bed.store.tokens().create(bed.new_token("more")).await.unwrap().is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_reads_back_as_it_was_made_and_edited() {
    let bed = fresh_store(5).await;
    let mut new = bed.new_token("Claude-Code-Work-PC");
    new.quota = Some(nanos(7));
    new.expires_at = Some(NOW.plus(Duration::from_mins(1)));
    new.models =
        ModelPatterns::new(vec!["claude-*".parse().unwrap(), "!claude-o*".parse().unwrap()]);
    new.ip_rules = AddressRules::new(vec!["10.0.0.0/8".parse().unwrap()]);
    let made = bed.store.tokens().create(new.clone()).await.unwrap().unwrap();
    assert_eq!((&made.name, &made.hint, made.quota), (&new.name, &new.hint, new.quota));
    assert_eq!((&made.models, &made.ip_rules), (&new.models, &new.ip_rules));
    assert_eq!((made.expires_at, made.version, made.created_at), (new.expires_at, 1, NOW));
    let read = bed.store.tokens().get(made.id, Some(bed.account)).await.unwrap();
    assert_eq!(read.as_ref(), Some(&made));

    let changes = TokenChanges {
        name: Some("Other".into()),
        quota: Some(None),
        expires_at: Some(None),
        models: Some(ModelPatterns::default()),
        ..TokenChanges::default()
    };
    let changed = bed.store.tokens().update(made.id, None, changes).await.unwrap().unwrap();
    assert_eq!((changed.name.as_str(), changed.quota, changed.expires_at), ("Other", None, None));
    assert_eq!((changed.version, &changed.ip_rules), (2, &new.ip_rules));
}

#[tokio::test(flavor = "multi_thread")]
async fn l10_a_token_of_another_account_is_not_found() {
    let bed = fresh_store(0).await;
    let token = bed.token(None).await;
    let stranger = Some(AccountId::from_i64(12));
    let tokens = bed.store.tokens();
    assert!(tokens.get(token, stranger).await.unwrap().is_none());
    assert!(tokens.update(token, stranger, TokenChanges::default()).await.unwrap().is_none());
    assert!(!tokens.delete(token, stranger).await.unwrap());
    let query = TokenQuery { account: stranger, limit: 10, ..TokenQuery::default() };
    assert_eq!(tokens.page(query).await.unwrap().total, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_is_known_already_is_a_conflict() {
    let bed = fresh_store(0).await;
    let new = bed.new_token("one");
    bed.token_of(new.clone()).await;
    let again = bed.store.tokens().create(new).await;
    assert!(matches!(again, Err(StoreError::Conflict(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_tells_the_state_of_token_and_account() {
    let bed = fresh_store(0).await;
    let (id, hash) = bed.token_of(bed.new_token("one")).await;
    let tokens = bed.store.tokens();
    let credential = tokens.credential(&hash).await.unwrap().unwrap();
    assert_eq!((credential.token_id, credential.account_id), (id, bed.account));
    assert!(credential.enabled && credential.metered);
    assert!(!credential.deleted && !credential.account_suspended);
    assert_eq!(credential.multiplier.ppm(), 1_000_000);

    tokens.delete(id, None).await.unwrap();
    assert!(tokens.credential(&hash).await.unwrap().unwrap().deleted);
    let unknown = bed.new_token("never made").hash;
    assert!(tokens.credential(&unknown).await.unwrap().is_none());
}

async fn names(bed: &Bed, query: TokenQuery) -> Vec<String> {
    let page = bed.store.tokens().page(query).await.unwrap();
    assert_eq!(page.total, page.items.len() as u64);
    page.items.into_iter().map(|token| token.name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_searched_and_filtered_by_status() {
    let bed = fresh_store(100).await;
    for name in ["Alpha", "beta 50%", "gamma_1"] {
        bed.token_of(bed.new_token(name)).await;
    }
    let mut off = bed.new_token("off");
    off.enabled = false;
    bed.token_of(off).await;
    let mut old = bed.new_token("old");
    old.expires_at = Some(NOW);
    bed.token_of(old).await;
    let mut spent = bed.new_token("spent");
    spent.quota = Some(nanos(10));
    let (spent, _) = bed.token_of(spent).await;
    bed.spend(spent, 10, 0).await;

    let of = |search: Option<&str>, status| TokenQuery {
        account: Some(bed.account),
        search: search.map(str::to_owned),
        status,
        sort: TokenSort::NameAsc,
        limit: 100,
        ..TokenQuery::default()
    };
    assert_eq!(names(&bed, of(Some("ALPH"), None)).await, ["Alpha"]);
    assert_eq!(names(&bed, of(Some("%"), None)).await, ["beta 50%"]);
    assert_eq!(names(&bed, of(Some("_"), None)).await, ["gamma_1"]);
    assert_eq!(names(&bed, of(Some("' or 1=1 --"), None)).await, [""; 0]);
    let status = |status| of(None, Some(status));
    assert_eq!(names(&bed, status(TokenStatus::Disabled)).await, ["off"]);
    assert_eq!(names(&bed, status(TokenStatus::Expired)).await, ["old"]);
    assert_eq!(names(&bed, status(TokenStatus::Exhausted)).await, ["spent"]);
    let working = ["Alpha", "beta 50%", "gamma_1"];
    assert_eq!(names(&bed, status(TokenStatus::Enabled)).await, working);
    // The empty balance exhausts them all.
    bed.spend(bed.token(None).await, 90, 0).await;
    assert_eq!(names(&bed, status(TokenStatus::Enabled)).await, [""; 0]);
    assert_eq!(names(&bed, status(TokenStatus::Exhausted)).await.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_found_by_when_they_end_when_they_were_used_and_what_they_called() {
    let bed = fresh_store(1_000).await;
    let day = Duration::from_hours(24);
    for (name, days) in [("ended", 1), ("ends soon", 40), ("ends late", 90)] {
        let mut new = bed.new_token(name);
        new.expires_at = Some(NOW.plus(day * days));
        bed.token_of(new).await;
    }
    let (busy, _) = bed.token_of(bed.new_token("busy")).await;
    bed.clock.advance(day * 35);
    bed.token_of(bed.new_token("new")).await;
    bed.spend(busy, 1, 0).await;
    bed.store.derive_usage().await.unwrap();

    let of = || TokenQuery { sort: TokenSort::NameAsc, limit: 100, ..TokenQuery::default() };
    let week = TokenQuery { expires_before: Some(NOW.plus(day * 42)), ..of() };
    assert_eq!(names(&bed, week).await, ["ends soon"]);
    let unused = TokenQuery { unused_since: Some(NOW.plus(day * 5)), ..of() };
    assert_eq!(names(&bed, unused).await, ["ended", "ends late", "ends soon"]);
    let called = |model: &str| TokenQuery { called: Some(model.parse().unwrap()), ..of() };
    assert_eq!(names(&bed, called("sim-gpt")).await, ["busy"]);
    assert_eq!(names(&bed, called("sim-claude")).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_every_order_give_each_token_once() {
    let bed = fresh_store(1_000).await;
    for number in 0..20_u64 {
        bed.clock.advance(Duration::from_millis(number % 3));
        let mut new = bed.new_token(&format!("Name {}", number % 4));
        new.expires_at = (number % 5 == 0).then(|| NOW.plus(Duration::from_secs(number + 9)));
        let (id, _) = bed.token_of(new).await;
        bed.spend(id, number % 3, 0).await;
    }
    for sort in [
        TokenSort::CreatedAsc,
        TokenSort::CreatedDesc,
        TokenSort::NameAsc,
        TokenSort::NameDesc,
        TokenSort::UsedAsc,
        TokenSort::UsedDesc,
        TokenSort::ExpiresAsc,
    ] {
        let mut query = TokenQuery { sort, limit: 3, ..TokenQuery::default() };
        let mut seen = Vec::new();
        loop {
            let page = bed.store.tokens().page(query.clone()).await.unwrap();
            assert_eq!(page.total, 20);
            seen.extend(page.items);
            query.cursor = page.next_cursor;
            if query.cursor.is_none() {
                break;
            }
        }
        let ids: BTreeSet<_> = seen.iter().map(|token| token.id).collect();
        assert_eq!((ids.len(), seen.len()), (20, 20), "{sort:?}");
        match sort {
            TokenSort::NameDesc => assert!(seen.is_sorted_by(|a, b| a.name >= b.name)),
            TokenSort::UsedAsc => assert!(seen.is_sorted_by_key(|token| token.used)),
            TokenSort::ExpiresAsc => assert!(seen[16..].iter().all(|t| t.expires_at.is_none())),
            _ => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_does_not_shift_when_a_token_is_made_meanwhile() {
    let bed = fresh_store(0).await;
    for name in ["a", "b", "c", "d"] {
        bed.token_of(bed.new_token(name)).await;
    }
    let mut query = TokenQuery { sort: TokenSort::NameAsc, limit: 2, ..TokenQuery::default() };
    let first = bed.store.tokens().page(query.clone()).await.unwrap();
    bed.token_of(bed.new_token("aa")).await;
    query.cursor = first.next_cursor;
    let second = bed.store.tokens().page(query.clone()).await.unwrap();
    let names: Vec<_> = second.items.iter().map(|token| token.name.as_str()).collect();
    assert_eq!(names, ["c", "d"]);

    query.sort = TokenSort::UsedAsc;
    let foreign = bed.store.tokens().page(query).await;
    assert!(matches!(foreign, Err(StoreError::Conflict("cursor"))));
    // What was forged is not the database's to refuse.
    for forged in [
        r#"{"sort":"name","key":5,"id":1}"#,
        r#"{"sort":"name","key":"a\u0000","id":1}"#,
        r#"{"sort":"-created","key":"x","id":1}"#,
    ] {
        let text = hex(forged);
        let sort =
            if forged.contains("name") { TokenSort::NameAsc } else { TokenSort::CreatedDesc };
        let query = TokenQuery { sort, limit: 2, cursor: Some(text), ..TokenQuery::default() };
        let refused = bed.store.tokens().page(query).await;
        assert!(matches!(refused, Err(StoreError::Conflict("cursor"))), "{forged}: {refused:?}");
    }
}

fn hex(text: &str) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap();
    text.bytes().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
