//! Management keys, and requests that are carried out once.

use std::time::Duration;

use anc_domain::{KeyScope, OsEntropy, SecretHash, TokenText};
use anc_store::{Idempotency, NewManagementKey, NotCreated, Repeat};

use crate::support::{Bed, EMAIL, fresh_store};

fn asked(principal: &str, key: &str, request: &str) -> Idempotency {
    let request = SecretHash::of(request);
    Idempotency { principal: principal.to_owned(), key: key.to_owned(), request }
}

#[tokio::test]
async fn a_management_key_is_kept_found_touched_and_deleted() {
    let bed = fresh_store(0).await;
    let user = bed.store.users().by_email(EMAIL).await.unwrap().unwrap();
    let text = TokenText::generate_management(&OsEntropy);
    let new = NewManagementKey {
        user_id: user.id,
        name: "ci".to_owned(),
        hash: text.secret().hash(),
        hint: text.hint(),
        scopes: vec![KeyScope::TokensRead, KeyScope::CreditsWrite],
        expires_at: None,
    };
    let keys = bed.store.management_keys();
    let made = keys.create(new.clone(), None).await.unwrap().unwrap();
    assert!(keys.create(new, None).await.is_err(), "a text is one key's");
    assert_eq!(keys.find(&text.secret().hash()).await.unwrap(), Some(made.clone()));
    assert_eq!(keys.list(user.id).await.unwrap(), vec![made.clone()]);
    bed.clock.advance(Duration::from_secs(90));
    keys.touch(made.id).await.unwrap();
    let used = keys.find(&text.secret().hash()).await.unwrap().unwrap();
    assert_eq!(used.last_used_at, Some(made.created_at.plus(Duration::from_secs(90))));
    assert!(keys.delete(made.id, user.id).await.unwrap());
    assert!(!keys.delete(made.id, user.id).await.unwrap());
    assert_eq!(keys.find(&text.secret().hash()).await.unwrap(), None);
    let relayed = bed.store.tokens().credential(&text.secret().hash()).await.unwrap();
    assert!(relayed.is_none(), "a management key is no API token");
}

async fn create(bed: &Bed, asked: &Idempotency) -> Result<Vec<String>, NotCreated> {
    let new = vec![bed.new_token("ci")];
    let made = bed.store.tokens().create_all(new, Some(asked)).await.unwrap();
    made.map(|records| records.iter().map(|record| record.id.to_string()).collect())
}

#[tokio::test]
async fn h9_one_word_of_one_caller_is_one_request() {
    let bed = fresh_store(0).await;
    let first = asked("usr_1", "word", "POST /tokens");
    let made = create(&bed, &first).await.unwrap();
    assert_eq!(create(&bed, &first).await, Err(NotCreated::Repeat(Repeat::Done(made))));
    let other = create(&bed, &asked("usr_1", "word", "POST /other")).await;
    assert_eq!(other, Err(NotCreated::Repeat(Repeat::OtherRequest)));
    assert!(create(&bed, &asked("usr_2", "word", "POST /other")).await.is_ok());
    assert_eq!(bed.store.tokens().count(bed.account).await.unwrap(), 2);
    // A word is remembered for a day.
    bed.clock.advance(Duration::from_hours(25));
    assert!(create(&bed, &first).await.is_ok());
}
