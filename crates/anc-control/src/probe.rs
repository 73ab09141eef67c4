//! Asking a provider something on an operator's behalf: which models it has, and whether it
//! answers. Nobody is charged for it.

use std::time::Duration;

use anc_domain::{ChannelId, Dialect, Provider, Secret, UnixMillis};
use anc_store::ChannelRecord;
use anc_upstream::{Endpoint, ParkedKeys, Rest, Upstream, UpstreamBody, add_credentials};
use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT_ENCODING, CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};

/// A provider's list of models has some hundred kilobytes at the most.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;
/// A person waits for the answer.
const TIMEOUT: Duration = Duration::from_secs(30);
/// What is shown of a provider's own words.
const WORDS_SHOWN_MAX: usize = 300;
/// Output units that a test asks for: enough for a word.
const OUTPUT_UNITS: u64 = 16;

/// The control plane's way to the providers.
#[derive(Clone)]
pub struct Providers {
    /// The client.
    pub upstream: Upstream,
    /// Which keys their provider turned away; shared with the data plane.
    pub parked: ParkedKeys,
}

/// What a provider answered.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) json: Value,
}

/// A question that can be asked of a channel.
pub(crate) struct Question {
    path: String,
    query: Option<&'static str>,
    /// `None` asks by GET.
    body: Option<Value>,
}

impl Providers {
    /// Asks with the channel's keys that do not rest, one after the other until one is not turned
    /// away; those that are rest from then on. The error is a sentence for operators.
    pub(crate) async fn ask(
        &self,
        channel: &ChannelRecord,
        question: &Question,
        now: UnixMillis,
    ) -> Result<Answer, String> {
        let keys = keys_of(channel);
        let mut order = self.parked.awake(channel.id, keys.len(), now);
        if order.is_empty() {
            order = (0..keys.len()).collect();
        }
        let mut refused = None;
        for index in order {
            let answer = self.ask_with(channel, question, keys.get(index)).await?;
            if !self.parked.note(channel.id, index, (answer.status.as_u16(), None), now) {
                return Ok(answer);
            }
            refused = Some(answer);
        }
        match refused {
            Some(answer) => Ok(answer),
            // Some providers need no key.
            None => self.ask_with(channel, question, None).await,
        }
    }

    async fn ask_with(
        &self,
        channel: &ChannelRecord,
        question: &Question,
        key: Option<&Secret>,
    ) -> Result<Answer, String> {
        let provider = Provider::from_name(&channel.provider).ok_or("The provider is unknown.")?;
        let endpoint = endpoint_of(channel, provider)?;
        let uri = match &endpoint {
            Some(endpoint) => endpoint.uri(provider, &question.path, question.query),
            None => question.path.parse().ok(),
        };
        let uri = uri.ok_or("The channel's base URL makes no address.")?;
        let request = match &question.body {
            Some(body) => Request::post(uri).body(Bytes::from(body.to_string())),
            None => Request::get(uri).body(Bytes::new()),
        };
        let mut request = request.map_err(|error| error.to_string())?;
        dress(request.headers_mut(), provider, key)?;
        let asked = async {
            let answer = match &endpoint {
                Some(endpoint) => self.upstream.dial(request, endpoint.allow_private).await,
                None => Ok(self.upstream.call_in_process(request)),
            };
            let (head, body) = answer.map_err(|failure| sentence(&failure))?.into_parts();
            let body = collect(body).await?;
            let json = serde_json::from_slice(&body).unwrap_or_default();
            Ok(Answer { status: head.status, json })
        };
        tokio::time::timeout(TIMEOUT, asked)
            .await
            .unwrap_or_else(|_| Err(format!("No answer within {} seconds.", TIMEOUT.as_secs())))
    }

    /// Whether each of a channel's keys rests.
    pub(crate) fn rests(&self, channel: &ChannelRecord, now: UnixMillis) -> Vec<Option<Rest>> {
        let rest = |id: ChannelId, key| self.parked.rest_of(id, key, now);
        (0..keys_of(channel).len()).map(|key| rest(channel.id, key)).collect()
    }
}

impl Question {
    /// Which models the provider has.
    pub(crate) fn models(provider: Provider) -> Self {
        let (path, query) = match provider.dialect() {
            Dialect::OpenAi | Dialect::Every => ("/v1/models", None),
            Dialect::Anthropic => ("/v1/models", Some("limit=1000")),
            Dialect::Gemini => ("/v1beta/models", Some("pageSize=1000")),
        };
        Self { path: path.to_owned(), query, body: None }
    }

    /// The smallest request that the model answers.
    pub(crate) fn smallest(channel: &ChannelRecord, provider: Provider, model: &str) -> Self {
        let says = json!([{ "role": "user", "content": "Say ok." }]);
        // OpenAI's own newer models refuse `max_tokens`; servers like it may not know the new name.
        let is_openai = provider == Provider::OpenAi && channel.base_url.is_none();
        let bound = if is_openai { "max_completion_tokens" } else { "max_tokens" };
        let (path, body) = match provider.dialect() {
            Dialect::OpenAi | Dialect::Every if model.contains("embed") => {
                ("/v1/embeddings".to_owned(), json!({ "model": model, "input": "ok" }))
            }
            Dialect::OpenAi | Dialect::Every => (
                "/v1/chat/completions".to_owned(),
                json!({ "model": model, "messages": says, bound: OUTPUT_UNITS }),
            ),
            Dialect::Anthropic => (
                "/v1/messages".to_owned(),
                json!({ "model": model, "messages": says, "max_tokens": OUTPUT_UNITS }),
            ),
            Dialect::Gemini if model.contains("embed") => (
                format!("/v1beta/models/{model}:embedContent"),
                json!({ "content": { "parts": [{ "text": "ok" }] } }),
            ),
            Dialect::Gemini => (
                format!("/v1beta/models/{model}:generateContent"),
                json!({
                    "contents": [{ "role": "user", "parts": [{ "text": "Say ok." }] }],
                    "generationConfig": { "maxOutputTokens": OUTPUT_UNITS },
                }),
            ),
        };
        Self { path, query: None, body: Some(body) }
    }
}

/// The names in a provider's list of models, in whichever of the vendors' forms it is.
pub(crate) fn model_names(list: &Value) -> Vec<String> {
    let items = list["data"].as_array().or_else(|| list["models"].as_array());
    let name = |item: &Value| {
        let name = item["id"].as_str().or_else(|| item["name"].as_str())?;
        Some(name.strip_prefix("models/").unwrap_or(name).to_owned())
    };
    let mut names: Vec<String> = items.into_iter().flatten().filter_map(name).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// A provider's own words on a refusal, without the channel's keys.
pub(crate) fn words_of(answer: &Answer, channel: &ChannelRecord) -> String {
    let error = &answer.json["error"];
    let words = error["message"].as_str().or_else(|| error.as_str());
    let words = words.or_else(|| answer.json["message"].as_str()).unwrap_or_default();
    let clean = keys_of(channel)
        .iter()
        .fold(words.to_owned(), |words, key| words.replace(key.expose(), "[removed]"));
    clean.chars().filter(|letter| !letter.is_control()).take(WORDS_SHOWN_MAX).collect()
}

/// A channel's keys; some providers need none.
pub(crate) fn keys_of(channel: &ChannelRecord) -> Vec<Secret> {
    let lines = channel.key.iter().flat_map(|key| key.expose().lines());
    lines.filter(|line| !line.is_empty()).map(Secret::new).collect()
}

/// `None` for the provider inside the binary.
fn endpoint_of(channel: &ChannelRecord, provider: Provider) -> Result<Option<Endpoint>, String> {
    if provider == Provider::Simulated {
        return Ok(None);
    }
    let url = channel.base_url.as_deref().or(provider.default_base_url());
    Endpoint::new(url.unwrap_or_default(), channel.allow_private)
        .map(Some)
        .map_err(|error| format!("The base URL cannot be used: {error}."))
}

fn dress(headers: &mut HeaderMap, provider: Provider, key: Option<&Secret>) -> Result<(), String> {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    add_credentials(headers, provider, key).map_err(|_| "The key is no header's value.".to_owned())
}

pub(crate) async fn collect(body: UpstreamBody) -> Result<Bytes, String> {
    collect_at_most(body, ANSWER_BYTES_MAX).await
}

/// A whole answer of at most so many bytes.
pub(crate) async fn collect_at_most(
    mut body: UpstreamBody,
    bytes_max: usize,
) -> Result<Bytes, String> {
    let mut collected = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| "The answer broke off.")?;
        let Ok(data) = frame.into_data() else { continue };
        if collected.len() + data.len() > bytes_max {
            return Err("The answer is too large.".to_owned());
        }
        collected.extend_from_slice(&data);
    }
    Ok(collected.freeze())
}

/// What went wrong, with its cause, for the operator who asked.
pub(crate) fn sentence(failure: &anc_upstream::UpstreamFailure) -> String {
    let mut text = failure.to_string();
    let mut cause = std::error::Error::source(failure);
    while let Some(here) = cause {
        text.push_str(": ");
        text.push_str(&here.to_string());
        cause = here.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_vendors_list_of_models_is_read() {
        let openai = json!({ "data": [{ "id": "b" }, { "id": "a" }, { "id": "a" }] });
        assert_eq!(model_names(&openai), ["a", "b"]);
        let gemini = json!({ "models": [{ "name": "models/gemini-x" }] });
        assert_eq!(model_names(&gemini), ["gemini-x"]);
        assert!(model_names(&json!({ "error": {} })).is_empty());
    }
}
