//! A command's way to the control API: the running server's socket, or the API in this process.

use std::path::Path;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::{Method, Request, Response};
use http_body_util::BodyExt as _;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::UnixStream;
use tower::ServiceExt as _;

use crate::cli::CliError;
use crate::config::Config;
use crate::data_dir::{DataDir, control_socket};
use crate::wiring::{Base, OpenError};
use anc_control::ControlSettings;

/// The control API with the operator's own rights: whoever may read the data directory has them.
pub(super) enum Api {
    /// A server runs on the directory and answers on its socket.
    Server(std::path::PathBuf),
    /// Nobody has the directory: it is this process's own for a moment.
    Here { base: Box<Base>, router: Router },
}

impl Api {
    /// Finds the running server of a data directory, or takes the directory itself.
    ///
    /// Setting up makes a directory; every other command asks one that is there.
    pub(super) async fn open(
        data: &Path,
        config: &Config,
        makes_one: bool,
    ) -> Result<Self, CliError> {
        let socket = control_socket(data);
        if UnixStream::connect(&socket).await.is_ok() {
            return Ok(Self::Server(socket));
        }
        if !makes_one && config.master_key_file.is_none() {
            drop(DataDir::open_existing(data).map_err(OpenError::from)?);
        }
        Ok(Self::over(Base::open(data, config).await?, config))
    }

    /// The API on pieces that are open already.
    pub(super) fn over(base: Base, config: &Config) -> Self {
        let control = base.control(ControlSettings {
            public_url: config.public_url.clone(),
            insecure_http: config.insecure_http,
            sign_up: config.sign_up,
            version: env!("CARGO_PKG_VERSION"),
            payments: config.payments.clone(),
            redemption: config.redemption,
            alerts: config.alerts.clone(),
            price_list_bytes: config.price_list_bytes,
            identities: config.identities.clone(),
        });
        Self::Here { router: control.local_router(), base: Box::new(base) }
    }

    /// Gives the data directory back, with everything written.
    pub(super) async fn close(self) {
        if let Self::Here { base, .. } = self {
            base.store.close().await;
        }
    }

    pub(super) async fn get(&self, path: &str) -> Result<Value, CliError> {
        self.call(Method::GET, path, None).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Value, CliError> {
        self.call(Method::POST, path, Some(body)).await
    }

    /// Calls the API below `/api/v1`. An answer without a body is `null`.
    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, CliError> {
        let bytes = self.call_raw(method, path, body).await?;
        if bytes.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&bytes).map_err(CliError::unanswered)
    }

    /// The same for any kind of answer: some are tables.
    pub(super) async fn call_raw(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Bytes, CliError> {
        let body = body.map(Value::to_string).unwrap_or_default();
        self.send(method, path, body.into()).await
    }

    /// The same with a body that is sent as it is.
    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<Bytes, CliError> {
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"))
            .header(HOST, "localhost")
            .header(CONTENT_TYPE, "application/json")
            .header("x-anc-console", "1")
            .body(Body::from(body))
            .map_err(CliError::unanswered)?;
        let response = match self {
            Self::Here { router, .. } => match router.clone().oneshot(request).await {
                Ok(response) => response,
            },
            Self::Server(socket) => over_socket(socket, request).await?,
        };
        let (head, body) = response.into_parts();
        let bytes = body.collect().await.map_err(CliError::unanswered)?.to_bytes();
        if head.status.is_success() {
            return Ok(bytes);
        }
        let document = serde_json::from_slice(&bytes).map_err(CliError::unanswered)?;
        Err(CliError::refused(&document))
    }
}

async fn over_socket(socket: &Path, request: Request<Body>) -> Result<Response<Body>, CliError> {
    let stream = UnixStream::connect(socket).await.map_err(CliError::unanswered)?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(CliError::unanswered)?;
    tokio::spawn(connection);
    let response = sender.send_request(request).await.map_err(CliError::unanswered)?;
    Ok(response.map(Body::new))
}
