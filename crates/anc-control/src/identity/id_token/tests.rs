//! Tokens that are honest, and every way of forging one.

use anc_testkit::{Signer, unsigned};
use serde_json::json;

use super::super::jwk::keys_of;
use super::*;

const ISSUER: &str = "https://id.example.com";
const US: &str = "relay";
const NONCE: &str = "the-nonce";
const NOW: i64 = 1_800_000_000;

fn keys(signers: &[&Signer]) -> Vec<Key> {
    let set: Vec<Value> = signers.iter().map(|signer| signer.jwk()).collect();
    keys_of(&json!({ "keys": set }))
}

fn honest() -> Value {
    json!({ "iss": ISSUER, "sub": "ada", "aud": US, "exp": NOW + 300, "iat": NOW, "nonce": NONCE,
        "email": "ada@example.com" })
}

fn with(more: &Value) -> Value {
    let mut claims = honest();
    for (name, value) in more.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

fn check(token: &str, keys: &[Key]) -> Result<Claims, Untrusted> {
    let now = UnixMillis::from_millis(NOW * 1000);
    verify(token, keys, &Expected { issuer: ISSUER, client_id: US, nonce: NONCE, now })
}

fn why(token: &str, keys: &[Key]) -> String {
    check(token, keys).unwrap_err().to_string()
}

#[test]
fn an_honest_token_of_either_kind_is_believed() {
    for signer in [Signer::es256("one"), Signer::rs256("one")] {
        let keys = keys(&[&signer]);
        let read = check(&signer.token(&signer.head(), &honest()), &keys).unwrap();
        assert_eq!((read.subject.as_str(), read.shown_at), ("ada", None));
        assert_eq!(read.about["email"], "ada@example.com");
        let several = with(&json!({ "aud": ["other", US], "azp": US, "auth_time": NOW - 5 }));
        let read = check(&signer.token(&signer.head(), &several), &keys).unwrap();
        assert_eq!(read.shown_at, Some(UnixMillis::from_millis((NOW - 5) * 1000)));
        let nameless = json!({ "alg": signer.algorithm() });
        check(&signer.token(&nameless, &honest()), &keys).unwrap();
    }
}

#[test]
fn a_token_that_nobody_signed_is_not_believed() {
    let (es, rs) = (Signer::es256("one"), Signer::rs256("two"));
    let keys = keys(&[&es, &rs]);
    for algorithm in ["none", "None", "NONE", "nOnE", "", "HS256"] {
        for name in [json!("one"), json!("two"), Value::Null] {
            let head = json!({ "alg": algorithm, "kid": name });
            let bare = format!("{}.", unsigned(&head, &honest()));
            assert!(why(&bare, &keys).contains("algorithm"), "{algorithm}");
            assert!(why(&es.token(&head, &honest()), &keys).contains("algorithm"), "{algorithm}");
        }
    }
    // The signature of honest claims under others, and none at all.
    let token = es.token(&es.head(), &honest());
    let (_, signature) = token.rsplit_once('.').unwrap();
    let other = unsigned(&es.head(), &with(&json!({ "sub": "eve" })));
    assert!(why(&format!("{other}.{signature}"), &keys).contains("signature"));
    assert!(why(&format!("{other}."), &keys).contains("signature"));
}

#[test]
fn a_public_key_is_no_shared_secret_and_no_key_signs_by_anothers_algorithm() {
    let (es, rs) = (Signer::es256("one"), Signer::rs256("two"));
    let keys = keys(&[&es, &rs]);
    for (signer, algorithm) in [(&es, "RS256"), (&rs, "ES256"), (&rs, "HS256"), (&rs, "RS512")] {
        let mut head = signer.head();
        head["alg"] = algorithm.into();
        assert!(why(&signer.token(&head, &honest()), &keys).contains("algorithm"), "{algorithm}");
    }
}

#[test]
fn a_strangers_key_is_not_the_providers_whatever_it_calls_itself() {
    let (provider, stranger) = (Signer::es256("one"), Signer::es256("one"));
    let keys = keys(&[&provider]);
    let forged = stranger.token(&stranger.head(), &honest());
    assert!(why(&forged, &keys).contains("signature"));
    // A key that a token brings along is not looked at.
    let mut head = stranger.head();
    head["jwk"] = stranger.jwk();
    head["jku"] = "https://evil.example/jwks".into();
    assert!(why(&stranger.token(&head, &honest()), &keys).contains("signature"));
    head["kid"] = "two".into();
    assert_eq!(check(&stranger.token(&head, &honest()), &keys), Err(Untrusted::UnknownKey));
    assert_eq!(check(&forged, &[]), Err(Untrusted::UnknownKey));
}

#[test]
fn a_token_must_be_of_this_issuer_for_us_for_this_visit_and_of_this_time() {
    let signer = Signer::es256("one");
    let keys = keys(&[&signer]);
    let cases = [
        (json!({ "iss": "https://evil.example" }), "another issuer"),
        (json!({ "iss": "https://id.example.com/" }), "another issuer"),
        (json!({ "aud": "somebody" }), "somebody else"),
        (json!({ "aud": [] }), "somebody else"),
        (json!({ "aud": ["somebody"] }), "somebody else"),
        (json!({ "aud": [US, "somebody"] }), "not made for us"),
        (json!({ "aud": [US, "somebody"], "azp": "somebody" }), "not made for us"),
        (json!({ "azp": "somebody" }), "not made for us"),
        (json!({ "nonce": "another" }), "another sign-in"),
        (json!({ "nonce": "" }), "another sign-in"),
        (json!({ "exp": NOW - 60 }), "expired"),
        (json!({ "exp": i64::MIN }), "expired"),
        (json!({ "iat": NOW + 61 }), "future"),
        (json!({ "nbf": NOW + 61 }), "not valid yet"),
        (json!({ "sub": "" }), "names nobody"),
        (json!({ "sub": "x".repeat(256) }), "names nobody"),
        (json!({ "sub": 7 }), "lacks a claim"),
        (json!({ "exp": "1800000300" }), "lacks a claim"),
        (json!({ "nbf": "soon" }), "lacks a claim"),
        (json!({ "nonce": null }), "lacks a claim"),
    ];
    for (more, says) in cases {
        let error = why(&signer.token(&signer.head(), &with(&more)), &keys);
        assert!(error.contains(says), "{more}: {error}");
    }
    for claim in ["iss", "sub", "aud", "exp", "iat", "nonce"] {
        let mut claims = honest();
        claims.as_object_mut().unwrap().remove(claim);
        let error = why(&signer.token(&signer.head(), &claims), &keys);
        assert!(error.contains("lacks a claim"), "{claim}: {error}");
    }
    check(&signer.token(&signer.head(), &with(&json!({ "exp": NOW - 59 }))), &keys).unwrap();
}

#[test]
fn what_is_no_token_is_malformed() {
    let signer = Signer::es256("one");
    let keys = keys(&[&signer]);
    let token = signer.token(&signer.head(), &honest());
    let (message, signature) = token.rsplit_once('.').unwrap();
    let (head, claims) = message.split_once('.').unwrap();
    for text in [
        String::new(),
        "..".to_owned(),
        message.to_owned(),
        format!("{token}.{signature}"),
        format!("{token}="),
        format!(" {token}"),
        format!("{claims}.{head}.{signature}"),
        "a".repeat(100_000),
    ] {
        assert!(check(&text, &keys).is_err(), "{text:.60}");
    }
    let mut head = signer.head();
    head["crit"] = json!(["b64"]);
    assert!(why(&signer.token(&head, &honest()), &keys).contains("extension"));
}
