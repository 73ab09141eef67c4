//! Signing in by providers of identities on the relay as it runs.

use std::process::Command;

use anc_testkit::{Client, OWNER_EMAIL, OWNER_PASSWORD, Relay, ScriptedIdp, Signer};
use http::Method;
use http::header::SET_COOKIE;
use serde_json::{Value, json};

/// A browser of few words, with the cookies that it was given.
struct Browser {
    client: Client,
    cookies: Vec<(String, String)>,
}

impl Browser {
    fn new(relay: &Relay) -> Self {
        Self { client: relay.client(), cookies: Vec::new() }
    }

    async fn call(&mut self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        let pairs: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookie = pairs.join("; ");
        let headers = [("x-anc-console", "1"), ("cookie", cookie.as_str())];
        let path = format!("/api/v1{path}");
        let answer = self.client.call_with(method, &path, &headers, body).await;
        for cookie in answer.headers.get_all(SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            self.cookies.push((name.to_owned(), value.to_owned()));
        }
        (answer.status.as_u16(), answer.json())
    }

    async fn post(&mut self, path: &str, body: &Value) -> (u16, Value) {
        self.call(Method::POST, path, body).await
    }

    async fn who(&mut self) -> String {
        let (_, session) = self.call(Method::GET, "/session", &Value::Null).await;
        session["user"]["email"].as_str().unwrap_or("nobody").to_owned()
    }

    /// To a provider's page and back, over the network; what `path` begins is finished.
    async fn visit(&mut self, path: &str, provider: &str) -> (u16, Value) {
        let (status, begun) = self.post(path, &json!({ "provider": provider })).await;
        assert_eq!(status, 200, "{begun}");
        let url: url::Url = begun["url"].as_str().unwrap().parse().unwrap();
        let page = Client::new(url.origin().ascii_serialization());
        let asked = format!("{}?{}", url.path(), url.query().unwrap());
        let sent_back = page.call_with(Method::GET, &asked, &[], &Value::Null).await;
        assert_eq!(sent_back.status, 302);
        let back: url::Url = sent_back.header("location").parse().unwrap();
        assert_eq!(back.path(), format!("/sign-in/{provider}"));
        // The page itself is the console's.
        let shown = format!("{}?{}", back.path(), back.query().unwrap());
        let console = self.client.call_with(Method::GET, &shown, &[], &Value::Null).await;
        assert_eq!(console.status, 200);
        assert_eq!(console.header("referrer-policy"), "no-referrer");
        let brought = |name: &str| {
            let found = back.query_pairs().find(|(key, _)| key == name);
            found.map(|(_, value)| value.into_owned()).unwrap()
        };
        let body =
            json!({ "provider": provider, "code": brought("code"), "state": brought("state") });
        self.post("/provider-sign-ins/finish", &body).await
    }
}

fn settings<'a>(corp: &'a str, github: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("ANC_PUBLIC_URL", "http://relay.example"),
        ("ANC_SIGN_UP", "open"),
        ("ANC_SIGN_IN__OIDC__CORP__NAME", "Example Corp"),
        ("ANC_SIGN_IN__OIDC__CORP__ISSUER", corp),
        ("ANC_SIGN_IN__OIDC__CORP__CLIENT_ID", ScriptedIdp::CLIENT_ID),
        ("ANC_SIGN_IN__OIDC__CORP__CLIENT_SECRET", ScriptedIdp::CLIENT_SECRET),
        ("ANC_SIGN_IN__OIDC__CORP__ALLOW_PRIVATE", "true"),
        ("ANC_SIGN_IN__GITHUB__CLIENT_ID", ScriptedIdp::CLIENT_ID),
        ("ANC_SIGN_IN__GITHUB__CLIENT_SECRET", ScriptedIdp::CLIENT_SECRET),
        ("ANC_SIGN_IN__GITHUB__WEB_URL", github),
        ("ANC_SIGN_IN__GITHUB__API_URL", github),
        ("ANC_SIGN_IN__GITHUB__ALLOW_PRIVATE", "true"),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_come_in_by_either_kind_of_provider_and_leave_no_secret_behind() {
    let (corp, github) = (ScriptedIdp::start().await, ScriptedIdp::start().await);
    corp.sign_with(Signer::rs256("rsa"));
    let (at_corp, at_github) = (corp.base_url(), github.base_url());
    let relay = Relay::start_with(env!("CARGO_BIN_EXE_anc-relay"), &settings(&at_corp, &at_github));
    relay.set_up("0");

    let mut ada = Browser::new(&relay);
    let (status, done) = ada.visit("/provider-sign-ins", "corp").await;
    assert_eq!((status, &done["outcome"]), (200, &json!("signed_in")), "{done}");
    assert_eq!(ada.who().await, "ada@example.com");

    // The owner connects GitHub, and then comes by it.
    let mut owner = Browser::new(&relay);
    let credentials = json!({ "email": OWNER_EMAIL, "password": OWNER_PASSWORD });
    assert_eq!(owner.post("/session", &credentials).await.0, 200);
    github.person(json!({ "id": 7, "login": "the-owner" }));
    let (status, done) = owner.visit("/identities", "github").await;
    assert_eq!((status, &done["outcome"]), (200, &json!("connected")), "{done}");
    let mut elsewhere = Browser::new(&relay);
    assert_eq!(elsewhere.visit("/provider-sign-ins", "github").await.0, 200);
    assert_eq!(elsewhere.who().await, OWNER_EMAIL);

    // A forged token, on the way that real ones take.
    let stranger = Signer::es256("rsa");
    corp.forge(move |_, _, claims| stranger.token(&stranger.head(), &claims));
    let mut eve = Browser::new(&relay);
    let (status, refused) = eve.visit("/provider-sign-ins", "corp").await;
    assert_eq!((status, &refused["error"]["code"]), (401, &json!("identity_refused")));
    assert_eq!(eve.who().await, "nobody");

    let log = relay.log();
    assert!(log.contains("not believed"), "{log}");
    for secret in [ScriptedIdp::CLIENT_SECRET, "idp+secret", "access-", "code-"] {
        assert!(!log.contains(secret), "{secret}: {log}");
    }
    for (_, value) in ada.cookies.iter().chain(&eve.cookies) {
        assert!(value.is_empty() || !log.contains(value.as_str()), "{log}");
    }
}

#[test]
fn a_provider_without_a_public_address_does_not_start_and_says_why() {
    let data = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_anc-relay"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data.path())
        .env("ANC_SIGN_IN__GITHUB__CLIENT_ID", "id")
        .env("ANC_SIGN_IN__GITHUB__CLIENT_SECRET", "canary")
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(error.contains("public_url") && !error.contains("canary"), "{error}");
}
