//! A stolen database tells no secret.

use anc_domain::{OsEntropy, Secret, TokenText};
use anc_store::{NewChannel, NewSession};

use crate::support::{EMAIL, NOW, fresh_store};

fn contains(haystack: &[u8], needle: &str) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn i4_l15_no_byte_of_the_files_tells_a_token_a_key_or_a_session() {
    let bed = fresh_store(0).await;
    let text = TokenText::generate(&OsEntropy);
    let mut new = bed.new_token("named-canary");
    (new.hash, new.hint) = (text.secret().hash(), text.hint());
    bed.token_of(new).await;
    let key = "sk-upstream-canary-0123456789abcdef";
    let channel = NewChannel {
        name: "one".into(),
        provider: "openai".into(),
        base_url: None,
        models: Vec::new(),
        enabled: true,
        allow_private: false,
        key: Some(Secret::new(key)),
    };
    bed.store.channels().create(channel).await.unwrap();
    let user = bed.store.users().by_email(EMAIL).await.unwrap().unwrap();
    let session = "session-canary-0123456789abcdef";
    bed.store
        .sessions()
        .create(NewSession {
            hash: Secret::new(session).hash(),
            user_id: user.id,
            expires_at: NOW.plus(std::time::Duration::from_mins(1)),
        })
        .await
        .unwrap();

    let mut bytes = Vec::new();
    for suffix in ["", "-wal"] {
        let path = format!("{}{suffix}", bed.path().display());
        bytes.extend(std::fs::read(path).unwrap());
    }
    assert!(contains(&bytes, "named-canary"), "the scan reads what was written");
    let token = text.secret().expose();
    for secret in [token, &token[10..40], key, &key[3..], session] {
        assert!(!contains(&bytes, secret));
    }
}
