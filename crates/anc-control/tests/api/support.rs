//! A control plane on a fresh store, and a browser of few words.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use anc_control::{
    AlertSettings, Control, ControlParts, ControlSettings, IdentitySettings, Language, Mail,
    MailWay, PeerAddress, Providers, RedemptionSettings, SendMail, Sending, SignUp,
};
use anc_domain::{Clock, FixedEntropy, ManualClock, UnixMillis};
use anc_store::{Durability, Location, OpenOptions, Store};
use anc_upstream::{InProcessProvider, ParkedKeys, Upstream, UpstreamBody, UpstreamTimeouts};
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tower::ServiceExt as _;

pub(crate) const OWNER: &str = "owner@example.com";
pub(crate) const PASSWORD: &str = "correct horse battery";

pub(crate) struct World {
    pub(crate) control: Control,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) store: Store,
    mails: Mutex<UnboundedReceiver<Mail>>,
    _data: TempDir,
}

/// Where mail arrives.
struct PostBox(UnboundedSender<Mail>);

impl SendMail for PostBox {
    fn send(&self, mail: Mail) -> Sending<'_> {
        self.0.send(mail).unwrap();
        Box::pin(std::future::ready(Ok(())))
    }
}

/// The provider inside the binary, which none of these tests has.
struct Nobody;

impl InProcessProvider for Nobody {
    fn call(&self, _: Request<Bytes>) -> Response<UpstreamBody> {
        unreachable!("no test calls it")
    }
}

/// An answer, read.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: Response<()>,
    pub(crate) json: Value,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn code(&self) -> &str {
        self.json["error"]["code"].as_str().unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.head.headers().get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }
}

/// A client at one address, with a cookie once it has one.
#[derive(Clone)]
pub(crate) struct Browser {
    router: Router,
    pub(crate) address: IpAddr,
    pub(crate) cookie: String,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::at(None, false).await
    }

    pub(crate) async fn at(public_url: Option<&str>, insecure_http: bool) -> Self {
        Self::with_sign_up(public_url, insecure_http, SignUp::Closed).await
    }

    pub(crate) async fn with_sign_up(
        public_url: Option<&str>,
        insecure_http: bool,
        sign_up: SignUp,
    ) -> Self {
        let settings = ControlSettings {
            public_url: public_url.map(|url| url.parse().unwrap()),
            insecure_http,
            sign_up,
            version: "0.0.0",
            payments: None,
            redemption: RedemptionSettings::default(),
            alerts: AlertSettings::default(),
            price_list_bytes: 1 << 20,
            identities: IdentitySettings::default(),
        };
        let clock = Arc::new(ManualClock::new(UnixMillis::from_millis(1_800_000_000_000)));
        Self::on(None, settings, clock, 7).await
    }

    /// On a database that may be shared, by a clock that may be; each node has dice of its own.
    pub(crate) async fn on(
        location: Option<Location>,
        settings: ControlSettings,
        clock: Arc<ManualClock>,
        dice: u64,
    ) -> Self {
        let (sent, mails) = unbounded_channel();
        let data = tempfile::tempdir().unwrap();
        let location = location.unwrap_or_else(|| Location::Sqlite(data.path().join("relay.db")));
        let entropy = Arc::new(FixedEntropy::new(dice));
        let options = OpenOptions {
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            entropy: Arc::<FixedEntropy>::clone(&entropy),
            master_key: [7; 32],
            durability: Durability::Process,
        };
        let store = Store::open(&location, options).await.unwrap();
        let timeouts =
            UpstreamTimeouts { connect: Duration::from_secs(5), head: Duration::from_secs(5) };
        let upstream = Upstream::new(timeouts, Arc::new(Nobody));
        let control = Control::new(ControlParts {
            store: store.clone(),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            entropy,
            settings,
            changes_timeout: Duration::ZERO,
            providers: Providers { upstream, parked: ParkedKeys::default() },
            mail: Some(MailWay { by: Arc::new(PostBox(sent)), language: Language::English }),
            described: Arc::default(),
        });
        Self { control, clock, store, mails: Mutex::new(mails), _data: data }
    }

    /// A world with its owner, and the owner's browser.
    pub(crate) async fn with_owner() -> (Self, Browser) {
        let world = Self::new().await;
        let browser = world.set_up().await;
        (world, browser)
    }

    /// Makes the owner, and gives their browser.
    pub(crate) async fn set_up(&self) -> Browser {
        let mut browser = self.browser("127.0.0.1");
        let code = self.control.issue_setup_code().await.unwrap().unwrap();
        let answer = browser.post("/setup", &setup_body(code.expose())).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        browser.keep_cookie(&answer);
        browser
    }

    /// The next mail that is sent.
    pub(crate) async fn mail(&self) -> Mail {
        let mut mails = self.mails.lock().await;
        tokio::time::timeout(Duration::from_secs(20), mails.recv()).await.unwrap().unwrap()
    }

    /// Every mail that was sent and not read yet.
    pub(crate) async fn mails(&self) -> Vec<Mail> {
        let mut mails = self.mails.lock().await;
        std::iter::from_fn(|| mails.try_recv().ok()).collect()
    }

    /// Whether mail waits to be read.
    pub(crate) async fn has_mail(&self) -> bool {
        !self.mails.lock().await.is_empty()
    }

    pub(crate) fn browser(&self, address: &str) -> Browser {
        Browser {
            router: self.control.router(),
            address: address.parse().unwrap(),
            cookie: String::new(),
        }
    }
}

pub(crate) fn setup_body(code: &str) -> Value {
    json!({ "code": code, "email": OWNER, "password": PASSWORD, "billing": "metered",
        "starting_balance": "20" })
}

impl Browser {
    pub(crate) fn keep_cookie(&mut self, answer: &Answer) {
        answer.header("set-cookie").split(';').next().unwrap().clone_into(&mut self.cookie);
    }

    pub(crate) fn request(&self, method: Method, path: &str, body: &str) -> Request<Body> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"))
            .header("host", "localhost:8080")
            .header("cookie", &self.cookie)
            .header("x-anc-console", "1")
            .header("content-type", "application/json")
            .body(Body::from(body.to_owned()))
            .unwrap();
        request.extensions_mut().insert(PeerAddress(self.address));
        request
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let (head, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Answer {
            status: head.status.as_u16(),
            head: Response::from_parts(head, ()),
            json: serde_json::from_str(&text).unwrap_or_default(),
            text,
        }
    }

    /// A program without a cookie that presents a credential.
    pub(crate) async fn with_key(
        &self,
        key: &str,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Answer {
        let mut request = self.request(method, path, &body.to_string());
        let headers = request.headers_mut();
        headers.remove("cookie");
        headers.remove("x-anc-console");
        headers.insert("authorization", format!("Bearer {key}").parse().unwrap());
        self.send(request).await
    }

    /// A POST that is to be carried out once.
    pub(crate) async fn post_once(&self, path: &str, key: &str, body: &Value) -> Answer {
        let mut request = self.request(Method::POST, path, &body.to_string());
        request.headers_mut().insert("idempotency-key", key.parse().unwrap());
        self.send(request).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path, "")).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, path, &body.to_string())).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::PUT, path, &body.to_string())).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::PATCH, path, &body.to_string())).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path, "")).await
    }
}
