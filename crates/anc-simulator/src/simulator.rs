//! The honest provider: routes, and answers made from a question.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, request};
use http_body::Body;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::{Value, json};

use crate::body::{BodyEnd, SimBody};
use crate::chat::{self, ChatWire};
use crate::count::{TextCount, cut_to_units};
use crate::frames::{Frames, TimedFrame};
use crate::pace::{LoadShape, Pace};
use crate::question::{Dialect, Question};
use crate::refusal::Refusal;
use crate::{answer, messages};

/// The largest body that is read: twice what the relay itself takes.
const BODY_BYTES_MAX: usize = 64 * 1024 * 1024;
/// The models that are listed. Any other name is answered, too.
const MODELS: [(&str, &str); 4] = [
    ("sim-gpt", "Simulated GPT"),
    ("sim-claude", "Simulated Claude"),
    ("sim-gemini", "Simulated Gemini"),
    ("sim-embedding", "Simulated Embedding"),
];
/// When the listed models were "made", and the time of every answer without a clock: 2026-01-01.
const MODELS_CREATED: u64 = 1_767_225_600;
const LOAD_TEXT: &str = " tick";

/// Tells the seconds since 1970.
type UnixSeconds = Arc<dyn Fn() -> u64 + Send + Sync>;

/// A provider of two protocols that answers without a model. Cheap to clone.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use anc_simulator::{Pace, Simulator};
/// use http_body_util::{BodyExt, Full};
///
/// let body = r#"{"model":"sim-gpt","messages":[{"role":"user","content":"Hello"}]}"#;
/// let request = http::Request::post("/v1/chat/completions").body(Full::from(body)).unwrap();
/// let response = Simulator::new(Pace::Instant).handle(request).await;
/// let answer = response.into_body().collect().await.unwrap().to_bytes();
/// assert!(std::str::from_utf8(&answer).unwrap().contains("Simulated provider"));
/// # });
/// ```
#[derive(Clone)]
pub struct Simulator {
    pace: Pace,
    load: Option<LoadShape>,
    clock: UnixSeconds,
    made: Arc<AtomicU64>,
}

impl Simulator {
    /// A provider that answers at this pace.
    pub fn new(pace: Pace) -> Self {
        Self { pace, load: None, clock: Arc::new(|| MODELS_CREATED), made: Arc::default() }
    }

    /// The same with a clock for the `created` of its answers, in seconds since 1970.
    #[must_use]
    pub fn with_clock(mut self, unix_seconds: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(unix_seconds);
        self
    }

    /// The same at another pace.
    #[must_use]
    pub const fn with_pace(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }

    /// The same with every stream of one shape, whatever is asked.
    #[must_use]
    pub fn with_load(mut self, load: LoadShape) -> Self {
        self.load = Some(load);
        self
    }

    /// Reads the request's body and answers.
    pub async fn handle<B>(&self, request: Request<B>) -> Response<SimBody>
    where
        B: Body<Data = Bytes>,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (head, body) = request.into_parts();
        match Limited::new(body, BODY_BYTES_MAX).collect().await {
            Ok(body) => self.answer(&head, &body.to_bytes()),
            Err(error) => {
                let refusal = if error.is::<LengthLimitError>() {
                    Refusal::too_large()
                } else {
                    Refusal::bad_request("the body of the request broke off")
                };
                self.refuse(refusal, dialect_of(&head))
            }
        }
    }

    /// Answers a request whose body is at hand. Returns at once: what takes time is the body.
    pub fn answer(&self, head: &request::Parts, body: &Bytes) -> Response<SimBody> {
        let dialect = dialect_of(head);
        if dialect == Dialect::Gemini {
            return match self.gemini_route(head, body) {
                Ok(response) => self.labelled(response, dialect),
                Err(refusal) => self.refuse(refusal, dialect),
            };
        }
        let path = head.uri.path().strip_prefix("/v1").unwrap_or(head.uri.path());
        let answered = match (path, &head.method) {
            ("/" | "", &Method::HEAD | &Method::GET) => Ok(json_response(&json!({"ok": true}))),
            ("/chat/completions", &Method::POST) => {
                Question::read(dialect, body).map(|question| self.chat(&question))
            }
            ("/messages", &Method::POST) => {
                Question::read(dialect, body).map(|question| self.messages(&question))
            }
            ("/responses", &Method::POST) => {
                Question::read(dialect, body).map(|question| self.responses(&question))
            }
            ("/completions", &Method::POST) => {
                Question::read(dialect, body).map(|question| self.completions(&question))
            }
            ("/embeddings", &Method::POST) => {
                Question::read(dialect, body).map(|question| Self::embeddings(&question))
            }
            ("/messages/count_tokens", &Method::POST) => Question::read_for_count(dialect, body)
                .map(|question| json_response(&json!({"input_tokens": question.input_units}))),
            ("/models", &Method::GET) => Ok(json_response(&models())),
            (
                "/chat/completions"
                | "/messages"
                | "/messages/count_tokens"
                | "/responses"
                | "/completions"
                | "/embeddings",
                _,
            ) => Err(Refusal::method("POST")),
            ("/models", _) => Err(Refusal::method("GET")),
            (path, &Method::GET) => path
                .strip_prefix("/models/")
                .and_then(model_named)
                .map(|model| json_response(&model))
                .ok_or_else(|| Refusal::not_found(head.uri.path())),
            _ => Err(Refusal::not_found(head.uri.path())),
        };
        match answered {
            Ok(response) => self.labelled(response, dialect),
            Err(refusal) => self.refuse(refusal, dialect),
        }
    }

    /// Gemini's methods stand behind the model in the path.
    fn gemini_route(
        &self,
        head: &request::Parts,
        body: &Bytes,
    ) -> Result<Response<SimBody>, Refusal> {
        let path = head.uri.path();
        let (model, method) = path
            .split_once("/models/")
            .and_then(|(_, rest)| rest.rsplit_once(':'))
            .ok_or_else(|| Refusal::not_found(path))?;
        let mut question = Question::read_prompt(Dialect::Gemini, Some(model), body)?;
        match method {
            "generateContent" => Ok(self.gemini(&question)),
            "streamGenerateContent" => {
                question.stream = true;
                Ok(self.gemini(&question))
            }
            "countTokens" => Ok(json_response(&json!({"totalTokens": question.input_units}))),
            "embedContent" => Ok(Self::gemini_embeddings(&question, false)),
            "batchEmbedContents" => Ok(Self::gemini_embeddings(&question, true)),
            _ => Err(Refusal::not_found(path)),
        }
    }

    /// The next answer's id.
    pub(crate) fn next_id(&self, lead: &str) -> String {
        format!("{lead}{:010}", self.made.fetch_add(1, Ordering::Relaxed))
    }

    pub(crate) fn unix_seconds(&self) -> u64 {
        (self.clock)()
    }

    fn refuse(&self, refusal: Refusal, dialect: Dialect) -> Response<SimBody> {
        let request_id = format!("req_sim{:010}", self.made.fetch_add(1, Ordering::Relaxed));
        let allow = refusal.allowed();
        let mut response = refusal.into_response(dialect, &request_id);
        set_json(response.headers_mut());
        if let Some(allow) = allow {
            response.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
        }
        self.labelled(response, dialect)
    }

    /// Gives the response its vendor's header with the request's id.
    fn labelled(&self, mut response: Response<SimBody>, dialect: Dialect) -> Response<SimBody> {
        let name = match dialect {
            Dialect::Messages => HeaderName::from_static("request-id"),
            _ => HeaderName::from_static("x-request-id"),
        };
        let id = format!("req_sim{:010}", self.made.fetch_add(1, Ordering::Relaxed));
        if let Ok(id) = HeaderValue::try_from(id) {
            response.headers_mut().insert(name, id);
        }
        response
    }

    fn chat(&self, question: &Question) -> Response<SimBody> {
        let id = format!("chatcmpl-sim{:010}", self.made.fetch_add(1, Ordering::Relaxed));
        let created = (self.clock)();
        let spoken = self.speak(question);
        let finish = if spoken.cut { "length" } else { "stop" };
        let output = spoken.units * question.choices;
        let usage = chat::usage(question.input_units, 0, output, 0);
        if !question.stream {
            let choices = (spoken.text.as_str(), question.choices, finish);
            let body = chat::completion((&id, &question.model, created), choices, &usage);
            return self.unary(&body, spoken.units);
        }
        let wire = ChatWire::new(&id, &question.model, created, question.include_usage);
        let choices = question.choices;
        let head: Vec<_> = (0..choices).map(|index| TimedFrame::now(wire.role(index))).collect();
        let mut tail: Vec<_> =
            (0..choices).map(|index| TimedFrame::now(wire.finish(index, finish))).collect();
        if question.include_usage {
            tail.push(TimedFrame::now(wire.usage(&usage)));
        }
        tail.push(TimedFrame::now(chat::DONE));
        let text =
            self.text_frames(spoken.text, choices, move |index, text| wire.text(index, text));
        stream_response(Box::new(head.into_iter().chain(text).chain(tail)))
    }

    fn messages(&self, question: &Question) -> Response<SimBody> {
        let id = format!("msg_sim{:010}", self.made.fetch_add(1, Ordering::Relaxed));
        let spoken = self.speak(question);
        let stop_reason = if spoken.cut { "max_tokens" } else { "end_turn" };
        let usage = messages::usage(question.input_units, 0, (0, 0), spoken.units);
        if !question.stream {
            let content = json!([{"type": "text", "text": spoken.text}]);
            let stop_reason = Value::from(stop_reason);
            let body = messages::message((&id, &question.model), &content, &stop_reason, &usage);
            return self.unary(&body, spoken.units);
        }
        let at_start = messages::usage(question.input_units, 0, (0, 0), 1.min(spoken.units));
        let head = [
            messages::start(&id, &question.model, &at_start),
            messages::block_start(),
            messages::ping(),
        ];
        let tail = [messages::block_stop(), messages::delta(stop_reason, &usage), messages::stop()];
        let text = self.text_frames(spoken.text, 1, |_, text| messages::text(text));
        let frames = head.into_iter().map(TimedFrame::now).chain(text);
        stream_response(Box::new(frames.chain(tail.into_iter().map(TimedFrame::now))))
    }

    pub(crate) fn speak(&self, question: &Question) -> Spoken {
        if let Some(load) = self.load.filter(|_| question.stream) {
            let units = (LOAD_TEXT.len() as u64 * u64::from(load.frames)).div_ceil(4);
            return Spoken { text: String::new(), units, cut: false };
        }
        let mut text = answer::compose(&question.last_user_text);
        let limit = question.output_max.unwrap_or(u64::MAX);
        let kept = cut_to_units(&text, limit).len();
        let cut = kept < text.len();
        text.truncate(kept);
        Spoken { units: TextCount::of(&text).units(), text, cut }
    }

    /// The frames of the text at the pace, each piece once for every choice.
    pub(crate) fn text_frames(
        &self,
        text: String,
        choices: u64,
        mut write: impl FnMut(u64, &str) -> Bytes + Send + 'static,
    ) -> Frames {
        if let Some(load) = self.load {
            let frame = TimedFrame { after: load.interval, bytes: write(0, LOAD_TEXT) };
            return Box::new(std::iter::repeat_n(frame, load.frames as usize));
        }
        let pace = self.pace;
        let mut wait = pace.first();
        Box::new(answer::pieces(text).flat_map(move |(piece, units)| {
            let after = std::mem::replace(&mut wait, Duration::ZERO) + pace.units(units);
            let frames: Vec<_> = (0..choices)
                .map(|index| TimedFrame {
                    after: if index == 0 { after } else { Duration::ZERO },
                    bytes: write(index, &piece),
                })
                .collect();
            frames
        }))
    }

    /// A whole answer, sent once the text would have been made.
    pub(crate) fn unary(&self, body: &Value, units: u64) -> Response<SimBody> {
        let after = self.pace.first() + self.pace.units(units);
        let mut response = Response::new(SimBody::whole(after, Bytes::from(body.to_string())));
        set_json(response.headers_mut());
        response
    }
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator")
            .field("pace", &self.pace)
            .field("load", &self.load)
            .finish_non_exhaustive()
    }
}

/// An answer's text, cut to what was asked for.
pub(crate) struct Spoken {
    pub(crate) text: String,
    pub(crate) units: u64,
    pub(crate) cut: bool,
}

fn dialect_of(head: &request::Parts) -> Dialect {
    let path = head.uri.path();
    let of_messages = path.contains("/messages");
    if path.contains("/models/") && path.rsplit('/').next().is_some_and(|last| last.contains(':')) {
        return Dialect::Gemini;
    }
    match path.strip_prefix("/v1").unwrap_or(path) {
        "/responses" => return Dialect::Responses,
        "/completions" => return Dialect::Completions,
        "/embeddings" => return Dialect::Embeddings,
        _ => {}
    }
    if of_messages || head.headers.contains_key("anthropic-version") {
        Dialect::Messages
    } else {
        Dialect::Chat
    }
}

fn set_json(headers: &mut HeaderMap) {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
}

pub(crate) fn json_response(body: &Value) -> Response<SimBody> {
    let body = SimBody::whole(Duration::ZERO, Bytes::from(body.to_string()));
    let mut response = Response::new(body);
    set_json(response.headers_mut());
    response
}

pub(crate) fn stream_response(frames: Frames) -> Response<SimBody> {
    let mut response = Response::new(SimBody::stream(frames, BodyEnd::Clean));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// The list as both vendors' clients read it.
fn models() -> Value {
    let data: Vec<Value> = MODELS.into_iter().map(model).collect();
    json!({
        "object": "list",
        "data": data,
        "has_more": false,
        "first_id": MODELS.first().map(|(id, _)| id),
        "last_id": MODELS.last().map(|(id, _)| id),
    })
}

fn model_named(id: &str) -> Option<Value> {
    MODELS.into_iter().find(|(listed, _)| *listed == id).map(model)
}

fn model((id, display_name): (&str, &str)) -> Value {
    json!({
        "id": id,
        "object": "model",
        "type": "model",
        "created": MODELS_CREATED,
        "created_at": "2026-01-01T00:00:00Z",
        "owned_by": "simulated",
        "display_name": display_name,
    })
}
