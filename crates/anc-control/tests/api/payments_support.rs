//! A relay that takes payments from a scripted Stripe.

use std::net::IpAddr;
use std::sync::Arc;

use anc_control::{
    AlertSettings, ControlSettings, IdentitySettings, PeerAddress, RedemptionSettings, SignUp,
    StripeSettings,
};
use anc_domain::{Clock as _, ManualClock, NanoUsd, Secret, UnixMillis};
use anc_store::{Location, PaymentMode};
use anc_testkit::{PgDatabase, ScriptedStripe, signature};
use anc_upstream::Endpoint;
use axum::body::Body;
use http::Request;
use serde_json::{Value, json};

use crate::support::{Answer, Browser, World};

/// What the owner begins with.
pub(crate) const BEGINNING: i64 = 20_000_000_000;
pub(crate) const CENT: i64 = 10_000_000;

pub(crate) struct Till {
    pub(crate) world: World,
    pub(crate) owner: Browser,
    pub(crate) stripe: Arc<ScriptedStripe>,
    /// Goes when the till goes; none on SQLite.
    database: Option<Arc<PgDatabase>>,
}

fn settings(stripe: &ScriptedStripe) -> ControlSettings {
    ControlSettings {
        public_url: Some("http://relay.example".parse().unwrap()),
        insecure_http: true,
        sign_up: SignUp::Closed,
        version: "0.0.0",
        payments: Some(StripeSettings {
            secret_key: Secret::new(ScriptedStripe::SECRET_KEY),
            webhook_secrets: vec![
                Secret::new("whsec_older"),
                Secret::new(ScriptedStripe::WEBHOOK_SECRET),
            ],
            mode: PaymentMode::Test,
            currency: "usd".into(),
            amount_min: NanoUsd::from_dollars(5),
            amount_max: NanoUsd::from_dollars(500),
            api: Endpoint::new(&stripe.base_url(), true).unwrap(),
            public_url: "http://relay.example".parse().unwrap(),
        }),
        redemption: RedemptionSettings::default(),
        alerts: AlertSettings::default(),
        price_list_bytes: 1 << 20,
        identities: IdentitySettings::default(),
    }
}

impl Till {
    /// On SQLite.
    pub(crate) async fn new() -> Self {
        Self::on(None).await
    }

    /// On PostgreSQL.
    pub(crate) async fn on_postgres() -> Self {
        Self::on(Some(Arc::new(PgDatabase::create().await))).await
    }

    async fn on(database: Option<Arc<PgDatabase>>) -> Self {
        let stripe = Arc::new(ScriptedStripe::start().await);
        let clock = Arc::new(ManualClock::new(UnixMillis::from_millis(1_800_000_000_000)));
        let location = database.as_ref().map(|database| Location::Postgres(database.url()));
        let world = World::on(location, settings(&stripe), clock, 7).await;
        let owner = world.set_up().await;
        Self { world, owner, stripe, database }
    }

    /// Another node on the same database.
    pub(crate) async fn other_node(&self) -> World {
        let database = self.database.as_ref().unwrap();
        let location = Some(Location::Postgres(database.url()));
        World::on(location, settings(&self.stripe), Arc::clone(&self.world.clock), 8).await
    }

    /// An order of that many dollars: its id.
    pub(crate) async fn order(&self, dollars: &str) -> String {
        let begun = self.owner.post("/payments", &json!({ "amount": dollars })).await;
        assert_eq!(begun.status, 201, "{}", begun.text);
        begun.json["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn seconds(&self) -> i64 {
        self.world.clock.now().as_seconds()
    }

    /// Signs a notice as Stripe does, and delivers it.
    pub(crate) async fn tell(&self, event: &Value) -> u16 {
        let body = event.to_string();
        let header = signature(ScriptedStripe::WEBHOOK_SECRET, self.seconds(), body.as_bytes());
        deliver(&self.owner, "203.0.113.7", body, Some(&header)).await
    }

    /// Pays an order and tells of it.
    pub(crate) async fn pay(&self, order: &str) -> Value {
        let session = self.stripe.pay(order);
        let event = self.stripe.event("checkout.session.completed", &session);
        assert_eq!(self.tell(&event).await, 200);
        event
    }

    pub(crate) async fn balance(&self) -> i64 {
        let text = self.owner.get("/account").await.json["balance"].as_str().unwrap().to_owned();
        text.parse::<NanoUsd>().unwrap().nanos()
    }

    pub(crate) async fn shown(&self, order: &str) -> Value {
        self.owner.get(&format!("/payments/{order}")).await.json
    }

    pub(crate) async fn assert_books(&self) {
        for check in self.world.store.verify().await.unwrap() {
            assert!(check.ok, "{}: {}", check.name, check.detail);
        }
    }
}

/// Posts to where notices arrive, from that address.
pub(crate) async fn deliver(
    browser: &Browser,
    address: &str,
    body: impl Into<Body>,
    signature: Option<&str>,
) -> u16 {
    let mut request = Request::post("/hooks/stripe").header("content-type", "application/json");
    if let Some(signature) = signature {
        request = request.header("stripe-signature", signature);
    }
    let mut request = request.body(body.into()).unwrap();
    let address: IpAddr = address.parse().unwrap();
    request.extensions_mut().insert(PeerAddress(address));
    let answer: Answer = browser.send(request).await;
    assert_eq!(answer.text, "", "strangers are told nothing");
    answer.status
}

/// A refund of a payment that adds up to that many cents.
pub(crate) fn refunded(session: &Value, cents: i64) -> Value {
    json!({ "id": format!("ch_{}", session["id"].as_str().unwrap()), "object": "charge",
        "amount": session["amount_total"], "amount_refunded": cents, "currency": "usd",
        "payment_intent": session["payment_intent"], "livemode": false })
}

/// A dispute about that many cents of a payment.
pub(crate) fn disputed(session: &Value, cents: i64, status: &str) -> Value {
    json!({ "id": format!("dp_{}", session["id"].as_str().unwrap()), "object": "dispute",
        "amount": cents, "currency": "usd", "status": status,
        "payment_intent": session["payment_intent"], "livemode": false })
}
