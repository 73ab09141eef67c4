//! `Idempotency-Key`: a word of the caller's that makes repeating a request harmless.

use anc_domain::SecretHash;
use anc_store::{Idempotency, Repeat};
use axum::extract::{FromRequest, Request};
use http::HeaderName;
use serde::de::DeserializeOwned;

use crate::error::ApiError;
use crate::json;
use crate::principal::Principal;
use crate::state::ApiState;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const KEY_CHARS_MAX: usize = 200;

/// A body that is acted on once for each word, if its caller gave one.
pub(crate) struct Once<T> {
    pub(crate) body: T,
    key: Option<String>,
    /// The hash of method, path and body.
    request: SecretHash,
}

impl<T: DeserializeOwned> FromRequest<ApiState> for Once<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self, ApiError> {
        let key = match request.headers().get(&IDEMPOTENCY_KEY) {
            None => None,
            Some(value) => Some(read_key(value.to_str().unwrap_or_default())?),
        };
        let asked = format!("{} {}\n", request.method(), request.uri().path());
        let bytes = json::read(request, state).await?;
        let body = json::parse(&bytes)?;
        let request = SecretHash::of_parts(&[asked.as_bytes(), &bytes]);
        Ok(Self { body, key, request })
    }
}

impl<T> Once<T> {
    /// The body, and what the store is asked to remember of the request.
    pub(crate) fn claim(self, principal: &Principal) -> (T, Option<Idempotency>) {
        let (principal, request) = (principal.key(), self.request);
        (self.body, self.key.map(|key| Idempotency { principal, key, request }))
    }
}

fn read_key(text: &str) -> Result<String, ApiError> {
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    if plain && (1..=KEY_CHARS_MAX).contains(&text.len()) {
        return Ok(text.to_owned());
    }
    let message = format!("An Idempotency-Key has 1 to {KEY_CHARS_MAX} plain ASCII characters.");
    Err(ApiError::invalid(message))
}

/// Why a request is not carried out (again).
pub(crate) fn refused(repeat: Repeat) -> ApiError {
    match repeat {
        Repeat::Done(ids) => ApiError::already_created(&ids),
        Repeat::OtherRequest => ApiError::idempotency_key_reused(),
    }
}
