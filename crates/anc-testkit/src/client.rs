//! A plain HTTP client that hides nothing: what came, and how it ended.

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

/// Calls the relay.
#[derive(Debug, Clone)]
pub struct Client {
    http: HttpClient<HttpConnector, Full<Bytes>>,
    base_url: String,
}

/// A whole answer.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    async fn read(response: Response<Incoming>) -> Self {
        let (head, body) = response.into_parts();
        let body = body.collect().await.expect("the answer is whole").to_bytes();
        Self { status: head.status, headers: head.headers, body }
    }

    /// The body as JSON; `Null` where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// A header's text; empty where it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

impl Client {
    /// A client of the server at `base_url`, with connections of its own.
    pub fn new(base_url: impl Into<String>) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let http = HttpClient::builder(TokioExecutor::new()).build(connector);
        Self { http, base_url: base_url.into() }
    }

    /// Sends a request with a token and takes the whole answer.
    pub async fn call(&self, method: Method, path: &str, token: &str, body: &Value) -> Answer {
        let response = self.send(method, path, token, body).await.expect("the relay answers");
        Answer::read(response).await
    }

    /// Posts to the relay.
    pub async fn post(&self, path: &str, token: &str, body: &Value) -> Answer {
        self.call(Method::POST, path, token, body).await
    }

    /// Begins a streamed answer; fails where the connection does.
    pub async fn stream(
        &self,
        path: &str,
        token: &str,
        body: &Value,
    ) -> Result<Events, hyper_util::client::legacy::Error> {
        let response = self.send(Method::POST, path, token, body).await?;
        let (head, body) = response.into_parts();
        Ok(Events { status: head.status, headers: head.headers, body, text: BytesMut::new() })
    }

    /// A call with headers of its own and no credential among them.
    pub async fn call_with(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        let response = self.send_with(method, path, headers, body).await;
        Answer::read(response.expect("the relay answers")).await
    }

    /// Posts bytes as they are, which need not be JSON.
    pub async fn post_bytes(
        &self,
        path: &str,
        token: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Answer {
        let mut request = Request::post(format!("{}{path}", self.base_url))
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body.into())).expect("a valid request");
        Answer::read(self.http.request(request).await.expect("the relay answers")).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: &Value,
    ) -> Result<Response<Incoming>, hyper_util::client::legacy::Error> {
        let bearer = format!("Bearer {token}");
        self.send_with(method, path, &[("authorization", &bearer)], body).await
    }

    async fn send_with(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Result<Response<Incoming>, hyper_util::client::legacy::Error> {
        let body = if body.is_null() { Bytes::new() } else { body.to_string().into() };
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base_url))
            .header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.http.request(request.body(Full::new(body)).expect("a valid request")).await
    }
}

/// A streamed answer, read bit by bit. Dropping it hangs up.
#[derive(Debug)]
pub struct Events {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    body: Incoming,
    text: BytesMut,
}

impl Events {
    /// The request's id, by which its usage is found.
    pub fn request_id(&self) -> String {
        let id = self.headers.get("x-request-id").or_else(|| self.headers.get("request-id"));
        id.and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    }

    /// Reads on until something more is there. False at the end, `Err` where it was cut.
    pub async fn more(&mut self) -> Result<bool, hyper::Error> {
        match self.body.frame().await {
            Some(frame) => {
                if let Ok(data) = frame?.into_data() {
                    self.text.extend_from_slice(&data);
                }
                Ok(true)
            }
            None => Ok(false),
        }
    }

    /// Reads to the end; false where the connection was cut before it.
    pub async fn finish(&mut self) -> bool {
        loop {
            match self.more().await {
                Ok(true) => {}
                Ok(false) => return true,
                Err(_) => return false,
            }
        }
    }

    /// All that was read so far.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.text).expect("the stream is UTF-8")
    }

    /// Whether the protocol's last word was read.
    pub fn is_complete(&self) -> bool {
        self.text().contains("data: [DONE]") || self.text().contains("event: message_stop")
    }
}
