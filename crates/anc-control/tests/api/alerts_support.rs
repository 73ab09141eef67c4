//! A relay whose requests can be made to cost what a test wants.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anc_control::{AlertSettings, ControlSettings, IdentitySettings, RedemptionSettings, SignUp};
use anc_domain::{
    AccountId, Clock as _, ManualClock, Meter, NanoUsd, PpmMultiplier, RequestId, UnixMillis, Usage,
};
use anc_ledger::{EndReason, HoldAsk, ModelPrice, Otherwise};
use anc_store::{HoldRequest, Location, Settlement};
use anc_testkit::PgDatabase;
use serde_json::{Value, json};

use crate::support::{Browser, OWNER, PASSWORD, World};

pub(crate) const DAY: Duration = Duration::from_hours(24);
pub(crate) const HOUR: Duration = Duration::from_hours(1);

pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) owner: Browser,
    pub(crate) account: AccountId,
    requests: AtomicU64,
    settings: ControlSettings,
    /// Goes when the scene goes; none on SQLite.
    database: Option<PgDatabase>,
}

/// Webhooks may go to this machine.
pub(crate) fn near() -> AlertSettings {
    AlertSettings { private_webhooks: true, ..AlertSettings::default() }
}

impl Scene {
    pub(crate) async fn new() -> Self {
        Self::with(AlertSettings::default()).await
    }

    pub(crate) async fn with(alerts: AlertSettings) -> Self {
        Self::on(None, alerts).await
    }

    pub(crate) async fn on_postgres(alerts: AlertSettings) -> Self {
        Self::on(Some(PgDatabase::create().await), alerts).await
    }

    async fn on(database: Option<PgDatabase>, alerts: AlertSettings) -> Self {
        let settings = ControlSettings {
            public_url: Some("http://relay.example".parse().unwrap()),
            insecure_http: true,
            sign_up: SignUp::Closed,
            version: "0.0.0",
            payments: None,
            redemption: RedemptionSettings::default(),
            alerts,
            price_list_bytes: 1 << 20,
            identities: IdentitySettings::default(),
        };
        // The beginning of a day.
        let clock = Arc::new(ManualClock::new(UnixMillis::from_millis(1_800_057_600_000)));
        let location = database.as_ref().map(|database| Location::Postgres(database.url()));
        let world = World::on(location, settings.clone(), clock, 7).await;
        let owner = world.set_up().await;
        let account = owner.get("/account").await.json["id"].as_str().unwrap().parse().unwrap();
        Self { world, owner, account, requests: AtomicU64::new(1), settings, database }
    }

    /// Another node on the same database.
    pub(crate) async fn other_node(&self, dice: u64) -> World {
        let location = Some(Location::Postgres(self.database.as_ref().unwrap().url()));
        World::on(location, self.settings.clone(), Arc::clone(&self.world.clock), dice).await
    }

    /// The owner, who has just signed in: sessions end while a test moves the clock.
    pub(crate) async fn again(&self) -> Browser {
        let mut browser = self.world.browser("127.0.0.1");
        let credentials = json!({ "email": OWNER, "password": PASSWORD });
        let signed_in = browser.post("/session", &credentials).await;
        assert_eq!(signed_in.status, 200, "{}", signed_in.text);
        browser.keep_cookie(&signed_in);
        browser
    }

    pub(crate) async fn token(&self, body: &Value) -> String {
        let made = self.again().await.post("/tokens", body).await;
        assert_eq!(made.status, 201, "{}", made.text);
        made.json["token"]["id"].as_str().unwrap().to_owned()
    }

    /// A request that costs so many cents.
    pub(crate) async fn spend(&self, token: &str, cents: u64) {
        self.request(token, cents, |_| {}).await;
    }

    /// A request that ended in its own way.
    pub(crate) async fn request(
        &self,
        token: &str,
        cents: u64,
        change: impl FnOnce(&mut Settlement),
    ) {
        // Requests of several scenes on one database do not share their numbers.
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let price = NanoUsd::from_dollars(1);
        let least = NanoUsd::from_nanos(1);
        let ledger = self.world.store.ledger();
        let hold = ledger.hold(HoldRequest {
            request_id: RequestId::from_bytes(u128::from(number).to_be_bytes()),
            account_id: self.account,
            token_id: token.parse().unwrap(),
            model: "sim-gpt".parse().unwrap(),
            ask: HoldAsk { full: least, least, otherwise: Otherwise::Least },
            price: ModelPrice::flat(price, price).snapshot(PpmMultiplier::ONE),
            input_estimate: 10,
            stream: true,
        });
        let usage = Usage::default().with(Meter::Input, cents * 10_000);
        let mut settlement = Settlement::new(EndReason::Complete, usage);
        settlement.client_address = Some("198.51.100.1".to_owned());
        change(&mut settlement);
        hold.await.unwrap().unwrap().settle(settlement).await.unwrap();
    }

    pub(crate) async fn look(&self) {
        self.world.store.derive_usage().await.unwrap();
        self.world.control.look_at_alerts().await.unwrap();
    }

    /// The alerts as their owner sees them, newest first: kind and percent.
    pub(crate) async fn told(&self) -> Vec<(String, Value)> {
        let listed = self.again().await.get("/alerts?limit=200").await;
        assert_eq!(listed.status, 200, "{}", listed.text);
        let items = listed.json["items"].as_array().unwrap().clone();
        items
            .iter()
            .map(|alert| (alert["kind"].as_str().unwrap().to_owned(), alert["detail"].clone()))
            .collect()
    }

    /// Their kinds, oldest first.
    pub(crate) async fn kinds(&self) -> Vec<String> {
        let mut kinds: Vec<String> = self.told().await.into_iter().map(|(kind, _)| kind).collect();
        kinds.reverse();
        kinds
    }

    pub(crate) async fn credit(&self, dollars: &str) {
        let body = json!({ "account": OWNER, "amount": dollars, "reason": "test" });
        let answer = self.again().await.post("/credits", &body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
    }

    pub(crate) fn now(&self) -> UnixMillis {
        self.world.clock.now()
    }
}
