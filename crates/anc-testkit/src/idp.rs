//! A provider of identities on loopback: OpenID Connect, and what GitHub has of its own. Whoever is sent
//! to its page is at once the person that the test says.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::header::LOCATION;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use url::{Url, form_urlencoded};

use crate::Signer;

type Form = HashMap<String, String>;
type Forge = Box<dyn Fn(&Signer, Value, Value) -> String + Send>;

/// The provider. Dropping it closes its port.
#[derive(Debug)]
pub struct ScriptedIdp {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    serving: JoinHandle<()>,
}

struct State {
    base_url: String,
    signer: Signer,
    /// What its tokens say of the person who signs in.
    person: Value,
    /// GitHub's list of the person's addresses.
    emails: Value,
    /// Changes what it says of itself.
    described: Value,
    /// How it makes ID tokens instead of honestly.
    forge: Option<Forge>,
    /// The time in seconds by which tokens are dated; that of this machine where there is none.
    now: Option<i64>,
    /// What was asked for on its page, by code.
    grants: HashMap<String, Form>,
    /// Paths that answer with a status and nothing else.
    broken: HashMap<String, u16>,
    asked: Vec<String>,
    given: HashSet<String>,
    codes: u64,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

impl ScriptedIdp {
    /// By which it knows the relay.
    pub const CLIENT_ID: &str = "relay-testkit";
    /// What the relay shows it.
    pub const CLIENT_SECRET: &str = "idp secret:testkit";

    /// Starts on a free port of 127.0.0.1.
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("it listens");
        let state = Arc::new(Mutex::new(State {
            base_url: format!("http://{address}"),
            signer: Signer::es256("first"),
            person: json!({ "sub": "ada-at-the-provider", "email": "ada@example.com",
                "email_verified": true, "name": "Ada" }),
            emails: json!([]),
            described: json!({}),
            forge: None,
            now: None,
            grants: HashMap::new(),
            broken: HashMap::new(),
            asked: Vec::new(),
            given: HashSet::new(),
            codes: 0,
        }));
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

    /// Where it answers, which is its issuer too.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Who signs in from now on, as its tokens tell.
    pub fn person(&self, claims: Value) {
        lock(&self.state).person = claims;
    }

    /// The addresses of who signs in, as GitHub lists them.
    pub fn emails(&self, emails: Value) {
        lock(&self.state).emails = emails;
    }

    /// Signs with another key from now on; the one before is in its set no more.
    pub fn sign_with(&self, signer: Signer) {
        lock(&self.state).signer = signer;
    }

    /// Makes ID tokens so from now on: of its key, the honest head and the honest claims.
    pub fn forge(&self, forge: impl Fn(&Signer, Value, Value) -> String + Send + 'static) {
        lock(&self.state).forge = Some(Box::new(forge));
    }

    /// Makes honest ID tokens again.
    pub fn be_honest(&self) {
        lock(&self.state).forge = None;
    }

    /// Adds to what it says of itself, or replaces it.
    pub fn describe(&self, more: Value) {
        lock(&self.state).described = more;
    }

    /// The time in seconds by which its tokens are dated.
    pub fn set_time(&self, seconds: i64) {
        lock(&self.state).now = Some(seconds);
    }

    /// That path answers with a status and nothing else; with 200 it is whole again.
    pub fn break_path(&self, path: &str, status: u16) {
        let mut state = lock(&self.state);
        state.broken.retain(|known, _| known != path);
        if status != 200 {
            state.broken.insert(path.to_owned(), status);
        }
    }

    /// What it was asked, as method and path.
    pub fn asked(&self) -> Vec<String> {
        lock(&self.state).asked.clone()
    }

    /// What a browser does that is sent to `url` and whose person signs in: the address it is sent back
    /// to.
    pub fn visit(&self, url: &str) -> Url {
        let url = Url::parse(url).expect("an address");
        let form: Form = url.query_pairs().into_owned().collect();
        Url::parse(&lock(&self.state).granted(form)).expect("an address")
    }
}

impl Drop for ScriptedIdp {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn answer(state: &Mutex<State>, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes().to_vec()).unwrap_or_default();
    let query = head.uri.query().unwrap_or_default().as_bytes();
    let form: Form = form_urlencoded::parse(query)
        .into_owned()
        .chain(form_urlencoded::parse(&body).into_owned())
        .collect();
    let mut state = lock(state);
    let path = head.uri.path();
    state.asked.push(format!("{} {path}", head.method));
    if let Some(status) = state.broken.get(path) {
        return reply(*status, &Value::Null);
    }
    if matches!(path, "/authorize" | "/login/oauth/authorize") {
        let mut response = reply(302, &Value::Null);
        let back = state.granted(form).parse().expect("a header's value");
        response.headers_mut().insert(LOCATION, back);
        return response;
    }
    let (status, body) = state.decide(&head.method, path, &form, &head.headers);
    reply(status, &body)
}

fn reply(status: u16, body: &Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    response
}

impl State {
    /// The person has signed in: the address that their browser is sent back to, with a code.
    fn granted(&mut self, form: Form) -> String {
        self.codes += 1;
        let code = format!("code-{}", self.codes);
        let mut back = Url::parse(&form["redirect_uri"]).expect("an address to come back to");
        back.query_pairs_mut().append_pair("code", &code).append_pair("state", &form["state"]);
        self.grants.insert(code, form);
        back.into()
    }

    fn decide(
        &mut self,
        method: &Method,
        path: &str,
        form: &Form,
        headers: &HeaderMap,
    ) -> (u16, Value) {
        match (method, path) {
            (&Method::GET, "/.well-known/openid-configuration") => (200, self.description()),
            (&Method::GET, "/jwks") => (200, json!({ "keys": [self.signer.jwk()] })),
            (&Method::POST, "/token") => match self.exchanged(form, Some(headers)) {
                Ok(grant) => (200, self.tokens(&grant)),
                Err(error) => (400, json!({ "error": error })),
            },
            (&Method::POST, "/login/oauth/access_token") => match self.exchanged(form, None) {
                Ok(_) => (200, json!({ "access_token": self.access(), "token_type": "bearer" })),
                // As GitHub says it.
                Err("invalid_grant") => (200, json!({ "error": "bad_verification_code" })),
                Err(error) => (200, json!({ "error": error })),
            },
            (&Method::GET, "/userinfo" | "/user") if self.is_given(headers) => {
                (200, self.person.clone())
            }
            (&Method::GET, "/user/emails") if self.is_given(headers) => (200, self.emails.clone()),
            _ => (404, json!({ "message": "Not Found" })),
        }
    }

    fn description(&self) -> Value {
        let at = |path: &str| format!("{}{path}", self.base_url);
        let mut all = json!({
            "issuer": self.base_url,
            "authorization_endpoint": at("/authorize"),
            "token_endpoint": at("/token"),
            "jwks_uri": at("/jwks"),
            "userinfo_endpoint": at("/userinfo"),
            "response_types_supported": ["code"],
        });
        let more = self.described.as_object().cloned().unwrap_or_default();
        all.as_object_mut().expect("an object").extend(more);
        all
    }

    /// What was asked for on the page, if the code is good for it: once, with the relay's secret, from
    /// the address that it was asked for, and with what the challenge was made of.
    fn exchanged(
        &mut self,
        form: &Form,
        headers: Option<&HeaderMap>,
    ) -> Result<Form, &'static str> {
        let field = |name: &str| form.get(name).cloned().unwrap_or_default();
        let part =
            |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let pair = format!("{}:{}", part(ScriptedIdp::CLIENT_ID), part(ScriptedIdp::CLIENT_SECRET));
        let basic = format!("Basic {}", STANDARD.encode(pair));
        let shown = headers.and_then(|headers| headers.get("authorization"));
        let by_header = shown.is_some_and(|value| value.as_bytes() == basic.as_bytes());
        let by_form = field("client_id") == ScriptedIdp::CLIENT_ID
            && field("client_secret") == ScriptedIdp::CLIENT_SECRET;
        if !by_header && !by_form {
            return Err("invalid_client");
        }
        let grant = self.grants.remove(&field("code")).ok_or("invalid_grant")?;
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(field("code_verifier").as_bytes()));
        let same = grant.get("redirect_uri") == form.get("redirect_uri")
            && grant.get("code_challenge") == Some(&challenge)
            && grant.get("code_challenge_method").is_some_and(|method| method == "S256");
        if same { Ok(grant) } else { Err("invalid_grant") }
    }

    fn tokens(&mut self, grant: &Form) -> Value {
        let now = self.now.unwrap_or_else(machine_seconds);
        let mut claims = json!({
            "iss": self.base_url,
            "aud": ScriptedIdp::CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": grant["nonce"],
        });
        let person = self.person.as_object().cloned().unwrap_or_default();
        claims.as_object_mut().expect("an object").extend(person);
        let head = self.signer.head();
        let id_token = match &self.forge {
            Some(forge) => forge(&self.signer, head, claims),
            None => self.signer.token(&head, &claims),
        };
        json!({ "access_token": self.access(), "token_type": "Bearer", "id_token": id_token })
    }

    fn access(&mut self) -> String {
        let access = format!("access-{}", self.given.len());
        self.given.insert(format!("Bearer {access}"));
        access
    }

    fn is_given(&self, headers: &HeaderMap) -> bool {
        let shown = headers.get("authorization").and_then(|value| value.to_str().ok());
        shown.is_some_and(|shown| self.given.contains(shown))
    }
}

#[expect(clippy::disallowed_methods, reason = "a provider has a clock of its own")]
fn machine_seconds() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
