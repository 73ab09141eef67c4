//! A stolen database tells no secret.

use anc_domain::{OsEntropy, PpmMultiplier, RedemptionCode, Secret, TokenText};
use anc_store::{ChannelRouting, Location, NewChannel, NewCodeBatch};
use futures_util::TryStreamExt as _;
use sqlx::{Connection as _, PgConnection};

use crate::redemptions::{ask_for, owner};
use crate::support::{Bed, EMAIL, NOW, fresh_store, nanos, session_of};

fn contains(haystack: &[u8], needle: &str) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle.as_bytes())
}

/// The bytes of the files, or of every value of every table.
async fn everything_stored(bed: &Bed) -> Vec<u8> {
    match bed.place.location() {
        Location::Sqlite(path) => ["", "-wal"]
            .iter()
            .flat_map(|suffix| std::fs::read(format!("{}{suffix}", path.display())).unwrap())
            .collect(),
        Location::Postgres(url) => {
            let mut raw = PgConnection::connect(&url).await.unwrap();
            let tables: Vec<String> = sqlx::query_scalar(
                "select table_name::text
                 from information_schema.tables
                 where table_schema = 'public'",
            )
            .fetch_all(&mut raw)
            .await
            .unwrap();
            let mut bytes = Vec::new();
            for table in tables {
                let sql = format!("copy {table} to stdout (format binary)");
                let mut rows = raw.copy_out_raw(&sql).await.unwrap();
                while let Some(piece) = rows.try_next().await.unwrap() {
                    bytes.extend_from_slice(&piece);
                }
            }
            bytes
        }
    }
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
        routing: ChannelRouting::default(),
        cost_multiplier: PpmMultiplier::ONE,
    };
    bed.store.channels().create(channel, None).await.unwrap().unwrap();
    let user = bed.store.users().by_email(EMAIL).await.unwrap().unwrap();
    let session = "session-canary-0123456789abcdef";
    bed.store
        .sessions()
        .create(session_of(
            &user,
            Secret::new(session).hash(),
            NOW.plus(std::time::Duration::from_mins(1)),
        ))
        .await
        .unwrap();

    let bytes = everything_stored(&bed).await;
    assert!(contains(&bytes, "named-canary"), "the scan reads what was written");
    let token = text.secret().expose();
    for secret in [token, &token[10..40], key, &key[3..], session] {
        assert!(!contains(&bytes, secret));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_has_no_code_in_it() {
    let bed = fresh_store(0).await;
    let code = RedemptionCode::generate(&OsEntropy);
    let batch = NewCodeBatch {
        note: "noted-canary".into(),
        amount: nanos(5),
        uses: 1,
        once_per_account: true,
        expires_at: None,
        created_by: EMAIL.into(),
        codes: vec![(code.secret().hash(), code.hint())],
    };
    let made = bed.store.redemption_codes().create(batch, None).await.unwrap().unwrap();
    let ask = ask_for(made.codes[0], owner(&bed).await, "a word");
    bed.store.redemption_codes().redeem(ask).await.unwrap().unwrap();

    let bytes = everything_stored(&bed).await;
    assert!(contains(&bytes, "noted-canary"), "the scan reads what was written");
    assert!(contains(&bytes, code.hint().as_str()));
    let groups: Vec<&str> = code.secret().expose().split('-').collect();
    // What lies between the ends is nowhere, in groups or without.
    for secret in [code.secret().expose(), &groups.concat(), &groups[1..5].join("-")] {
        assert!(!contains(&bytes, secret));
    }
    for group in &groups[1..5] {
        assert!(!contains(&bytes, &format!("{group}-")));
    }
}
