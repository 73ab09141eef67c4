//! A relay that people enter by scripted providers of identities.

use std::sync::Arc;

use anc_control::{
    AlertSettings, ControlSettings, IdentityLimits, IdentityProvider, IdentitySettings,
    ProviderKind, RedemptionSettings, SignUp,
};
use anc_domain::{Clock as _, ManualClock, Secret, UnixMillis};
use anc_testkit::ScriptedIdp;
use anc_upstream::Endpoint;
use http::header::SET_COOKIE;
use serde_json::{Value, json};

use crate::support::{Answer, Browser, OWNER, PASSWORD, World};

pub(crate) const ADA: &str = "ada@example.com";

pub(crate) struct Door {
    pub(crate) world: World,
    pub(crate) owner: Browser,
    /// Called `corp` in the settings.
    pub(crate) corp: ScriptedIdp,
    /// Called `github`.
    pub(crate) github: ScriptedIdp,
}

pub(crate) fn provider(id: &str, kind: ProviderKind) -> IdentityProvider {
    IdentityProvider {
        id: id.to_owned(),
        name: id.to_uppercase(),
        kind,
        client_id: ScriptedIdp::CLIENT_ID.to_owned(),
        client_secret: Secret::new(ScriptedIdp::CLIENT_SECRET),
        scopes: "openid email profile".to_owned(),
        domains: Vec::new(),
        allow_private: true,
    }
}

impl Door {
    pub(crate) async fn new(sign_up: SignUp) -> Self {
        Self::with(sign_up, |_| {}).await
    }

    /// With settings changed before the start.
    pub(crate) async fn with(sign_up: SignUp, change: impl FnOnce(&mut ControlSettings)) -> Self {
        let (corp, github) = (ScriptedIdp::start().await, ScriptedIdp::start().await);
        let clock = Arc::new(ManualClock::new(UnixMillis::from_millis(1_800_000_000_000)));
        corp.set_time(clock.now().as_seconds());
        let at_github = || Endpoint::new(&github.base_url(), true).unwrap();
        let kind =
            ProviderKind::Github { web: at_github(), api: at_github(), issuer: github.base_url() };
        let providers = vec![
            provider("corp", ProviderKind::Oidc { issuer: corp.base_url() }),
            provider("github", kind),
        ];
        let mut settings = ControlSettings {
            public_url: Some("http://relay.example".parse().unwrap()),
            insecure_http: true,
            sign_up,
            version: "0.0.0",
            payments: None,
            redemption: RedemptionSettings::default(),
            alerts: AlertSettings::default(),
            price_list_bytes: 1 << 20,
            identities: IdentitySettings { providers, limits: IdentityLimits::default() },
        };
        change(&mut settings);
        let world = World::on(None, settings, clock, 7).await;
        let owner = world.set_up().await;
        Self { world, owner, corp, github }
    }

    pub(crate) fn browser(&self) -> Browser {
        self.world.browser("192.0.2.7")
    }

    /// A browser that is sent to a provider and back: what it brings.
    pub(crate) async fn sent(&self, browser: &mut Browser, provider: &str) -> Value {
        self.sent_by(browser, "/provider-sign-ins", &json!({ "provider": provider })).await
    }

    /// The same by another way there.
    pub(crate) async fn sent_by(&self, browser: &mut Browser, path: &str, body: &Value) -> Value {
        let begun = browser.post(path, body).await;
        assert_eq!(begun.status, 200, "{}", begun.text);
        keep_cookies(browser, &begun);
        let provider = body["provider"].as_str().unwrap();
        let idp = if provider == "github" { &self.github } else { &self.corp };
        let back = idp.visit(begun.json["url"].as_str().unwrap());
        assert_eq!(
            format!("{}{}", back.origin().ascii_serialization(), back.path()),
            format!("http://relay.example/sign-in/{provider}")
        );
        let brought = |name: &str| {
            let found = back.query_pairs().find(|(key, _)| key == name);
            found.map(|(_, value)| value.into_owned()).unwrap()
        };
        json!({ "provider": provider, "code": brought("code"), "state": brought("state") })
    }

    /// There and back, by whoever the provider takes the browser's person for.
    pub(crate) async fn enter(&self, browser: &mut Browser, provider: &str) -> Answer {
        let brought = self.sent(browser, provider).await;
        finish(browser, &brought).await
    }

    /// Adds a person as an operator does.
    pub(crate) async fn add(&self, email: &str, password: Option<&str>) -> String {
        let body = json!({ "email": email, "password": password });
        let made = self.owner.post("/users", &body).await;
        assert_eq!(made.status, 201, "{}", made.text);
        made.json["id"].as_str().unwrap().to_owned()
    }

    /// A browser that has signed in by a password.
    pub(crate) async fn by_password(&self, email: &str) -> Browser {
        let mut browser = self.browser();
        let body = json!({ "email": email, "password": PASSWORD });
        let answer = browser.post("/session", &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        keep_cookies(&mut browser, &answer);
        browser
    }

    /// How many people there are.
    pub(crate) async fn people(&self) -> u64 {
        self.owner.get("/users").await.json["total"].as_u64().unwrap()
    }

    /// What the audit says of an action, the newest first.
    pub(crate) async fn noted(&self, action: &str) -> Vec<Value> {
        let listed = self.owner.get("/audit").await;
        let items = listed.json["items"].as_array().unwrap();
        items.iter().filter(|one| one["action"] == action).cloned().collect()
    }
}

/// Hands in what a browser brought back, and keeps the cookies.
pub(crate) async fn finish(browser: &mut Browser, brought: &Value) -> Answer {
    let answer = browser.post("/provider-sign-ins/finish", brought).await;
    keep_cookies(browser, &answer);
    answer
}

/// As browsers keep them: each by its name, and none whose time is over.
pub(crate) fn keep_cookies(browser: &mut Browser, answer: &Answer) {
    let mut jar: Vec<(String, String)> = browser
        .cookie
        .split("; ")
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    for cookie in answer.head.headers().get_all(SET_COOKIE) {
        let text = cookie.to_str().unwrap();
        let (name, value) = text.split(';').next().unwrap().split_once('=').unwrap();
        jar.retain(|(known, _)| known != name);
        if !text.contains("Max-Age=0") {
            jar.push((name.to_owned(), value.to_owned()));
        }
    }
    let pairs: Vec<String> = jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
    browser.cookie = pairs.join("; ");
}

/// Whether a browser is signed in, and as whom.
pub(crate) async fn who(browser: &Browser) -> String {
    let session = browser.get("/session").await;
    session.json["user"]["email"].as_str().unwrap_or("nobody").to_owned()
}

/// Nobody but the owner is there, and the browser is nobody.
pub(crate) async fn nothing_came_of_it(door: &Door, browser: &Browser) {
    assert_eq!(who(browser).await, "nobody");
    assert_eq!(door.people().await, 1);
    assert!(door.world.store.users().by_email(OWNER).await.unwrap().is_some());
}
