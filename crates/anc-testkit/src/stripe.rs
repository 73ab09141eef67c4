//! Stripe on loopback: pages where something is paid, and notices signed as Stripe signs them.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use hmac::{Hmac, Mac as _};
use http::{Method, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A server that knows the two questions which the relay asks. Dropping it closes its port.
#[derive(Debug)]
pub struct ScriptedStripe {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    serving: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct State {
    /// By name.
    sessions: BTreeMap<String, Value>,
    /// The page that was made under an `Idempotency-Key`.
    made: HashMap<String, String>,
    /// Answers that come before any honest one.
    refusals: VecDeque<(u16, Value)>,
    /// The forms and credentials that came.
    forms: Vec<HashMap<String, String>>,
    events: u64,
}

impl ScriptedStripe {
    /// The key that it takes.
    pub const SECRET_KEY: &str = "sk_test_testkit";
    /// What its notices are signed with.
    pub const WEBHOOK_SECRET: &str = "whsec_testkit";

    /// Starts on a free port of 127.0.0.1.
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("it listens");
        let state: Arc<Mutex<State>> = Arc::default();
        let shared = Arc::clone(&state);
        let serving = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let state = Arc::clone(&shared);
                let service = service_fn(move |request| {
                    let state = Arc::clone(&state);
                    async move { Ok::<_, std::convert::Infallible>(answer(&state, request).await) }
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(socket), service));
            }
        });
        Self { address, state, serving }
    }

    /// Where it answers.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The next question is answered so, once.
    pub fn refuse(&self, status: u16, body: Value) {
        lock(&self.state).refusals.push_back((status, body));
    }

    /// The forms that were posted, with the credential as `authorization`.
    pub fn forms(&self) -> Vec<HashMap<String, String>> {
        lock(&self.state).forms.clone()
    }

    /// The page where an order is paid, as it stands.
    pub fn session_of(&self, order: &str) -> Value {
        let state = lock(&self.state);
        let found = state.sessions.values().find(|one| one["client_reference_id"] == order);
        found.cloned().unwrap_or_else(|| panic!("there is no page for {order}"))
    }

    /// The payer pays; nobody is told. Gives the page as it stands then.
    pub fn pay(&self, order: &str) -> Value {
        let mut session = self.session_of(order);
        let name = session["id"].as_str().unwrap_or_default().to_owned();
        session["status"] = "complete".into();
        session["payment_status"] = "paid".into();
        session["payment_intent"] = name.replace("cs_", "pi_").into();
        lock(&self.state).sessions.insert(name, session.clone());
        session
    }

    /// The payer goes away, and time runs out.
    pub fn expire(&self, order: &str) -> Value {
        let mut session = self.session_of(order);
        let name = session["id"].as_str().unwrap_or_default().to_owned();
        session["status"] = "expired".into();
        lock(&self.state).sessions.insert(name, session.clone());
        session
    }

    /// A notice with a name of its own.
    pub fn event(&self, kind: &str, object: &Value) -> Value {
        let mut state = lock(&self.state);
        state.events += 1;
        json!({
            "id": format!("evt_{}_{}", self.address.port(), state.events),
            "object": "event",
            "type": kind,
            "api_version": "2025-03-31.basil",
            "livemode": false,
            "data": { "object": object },
        })
    }
}

impl Drop for ScriptedStripe {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// The header `Stripe-Signature` for these bytes at that time in seconds.
pub fn signature(secret: &str, seconds: i64, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length will do");
    mac.update(format!("{seconds}.").as_bytes());
    mac.update(body);
    let digits: Vec<String> =
        mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={seconds},v1={},v0={}", digits.concat(), "0".repeat(64))
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn answer(state: &Mutex<State>, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes().to_vec()).unwrap_or_default();
    let header = |name: &str| {
        let value = head.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let (status, body) = decide(&mut lock(state), &head.method, head.uri.path(), &body, &header);
    let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
    *response.status_mut() = http::StatusCode::from_u16(status).expect("a status");
    response
}

fn decide(
    state: &mut State,
    method: &Method,
    path: &str,
    body: &[u8],
    header: &dyn Fn(&str) -> String,
) -> (u16, Value) {
    if let Some(refusal) = state.refusals.pop_front() {
        return refusal;
    }
    let error = |status: u16, message: &str| {
        (status, json!({ "error": { "message": message, "type": "x" } }))
    };
    if header("authorization") != format!("Bearer {}", ScriptedStripe::SECRET_KEY) {
        return error(401, "Invalid API Key provided");
    }
    match (method, path.strip_prefix("/v1/checkout/sessions")) {
        (&Method::POST, Some("")) => {
            let once = header("idempotency-key");
            let form: HashMap<String, String> =
                url::form_urlencoded::parse(body).into_owned().collect();
            state.forms.push(form.clone());
            if let Some(made) = state.made.get(&once).and_then(|name| state.sessions.get(name)) {
                return (200, made.clone());
            }
            let name = format!("cs_test_{:x}{}", body.len(), state.sessions.len());
            let session = new_session(&name, &form);
            state.made.insert(once, name.clone());
            state.sessions.insert(name, session.clone());
            (200, session)
        }
        (&Method::GET, Some(rest)) => match state.sessions.get(rest.trim_start_matches('/')) {
            Some(session) => (200, session.clone()),
            None => error(404, "No such checkout.session"),
        },
        _ => error(404, "Unrecognized request URL"),
    }
}

fn new_session(name: &str, form: &HashMap<String, String>) -> Value {
    let field = |key: &str| form.get(key).cloned().unwrap_or_default();
    let minor: i64 =
        field("line_items[0][price_data][unit_amount]").parse().expect("whole smallest units");
    json!({
        "id": name,
        "object": "checkout.session",
        "url": format!("https://checkout.stripe.com/c/pay/{name}"),
        "mode": field("mode"),
        "client_reference_id": field("client_reference_id"),
        "metadata": { "order": field("metadata[order]") },
        "amount_total": minor,
        "currency": field("line_items[0][price_data][currency]"),
        "payment_intent": null,
        "payment_status": "unpaid",
        "status": "open",
        "livemode": false,
        "success_url": field("success_url"),
        "cancel_url": field("cancel_url"),
    })
}
