//! Phase 1: what is called, and by which credential.

use anc_domain::{
    ClientAddress, ModelName, RelayError, RelayErrorCode as Code, RequestId, Secret, UnixMillis,
};
use anc_wire::{Family, Operation, Protocol, RequestFacts, ScanError};
use http::header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL, UPGRADE};
use http::{HeaderMap, Method, Uri, request};

/// A request as it came in, nothing of it believed yet.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) request_id: RequestId,
    pub(crate) received_at: UnixMillis,
    pub(crate) protocol: Protocol,
    pub(crate) operation: Operation,
    pub(crate) method: Method,
    pub(crate) client: ClientAddress,
    pub(crate) headers: HeaderMap,
    /// The model that the path names.
    pub(crate) path_model: Option<ModelName>,
    /// The stored response that the path names, as it stands there.
    pub(crate) path_response: Option<String>,
    /// The query without credentials, to be passed on.
    pub(crate) query: Option<String>,
    /// A stream is to come as Gemini's JSON array and not as events.
    pub(crate) as_array: bool,
    pub(crate) credential: Option<Secret>,
}

/// Where Gemini's API lies beside `/v1`: its usual version, and the one of previews.
const GEMINI_ROOTS: [&str; 2] = ["/v1beta", "/v1alpha"];

/// The protocol of a path, also where nothing answers there: its errors must have the right form.
pub(crate) fn protocol_of(path: &str, headers: &HeaderMap) -> Protocol {
    let method = path.rsplit_once(':').and_then(|(_, method)| Operation::of_gemini(method));
    // Google's newer SDKs ask for lists at `/v1`, as OpenAI's do; they say who they are.
    let names_models = path == "/v1/models" || path.starts_with("/v1/models/");
    let is_googles =
        headers.contains_key("x-goog-api-key") || headers.contains_key("x-goog-api-client");
    let is_gemini = GEMINI_ROOTS.iter().any(|root| path.starts_with(root))
        || (names_models && (method.is_some() || is_googles));
    if is_gemini {
        return match method {
            Some(Operation::EmbedContent | Operation::BatchEmbedContents) => {
                Protocol::GeminiEmbeddings
            }
            _ => Protocol::Gemini,
        };
    }
    match path {
        _ if path == "/v1/responses" || path.starts_with("/v1/responses/") => {
            Protocol::OpenAiResponses
        }
        "/v1/completions" => Protocol::OpenAiCompletions,
        "/v1/embeddings" => Protocol::OpenAiEmbeddings,
        _ if path.starts_with("/v1/messages") || headers.contains_key("anthropic-version") => {
            Protocol::AnthropicMessages
        }
        _ => Protocol::OpenAiChat,
    }
}

/// What a path asks for, by which method, and the model that it names.
struct Route {
    operation: Operation,
    method: Method,
    model: Option<ModelName>,
    response: Option<String>,
}

impl Route {
    const fn of(operation: Operation, method: Method) -> Self {
        Self { operation, method, model: None, response: None }
    }
}

fn route(path: &str, method: &Method) -> Result<Route, RelayError> {
    let post = |operation| Route::of(operation, Method::POST);
    let get = |operation| Route::of(operation, Method::GET);
    let route = match path {
        "/v1/chat/completions" => post(Operation::ChatCompletions),
        "/v1/completions" => post(Operation::Completions),
        "/v1/responses" => post(Operation::Responses),
        "/v1/responses/compact" => post(Operation::CompactResponse),
        "/v1/responses/input_tokens" => post(Operation::CountResponse),
        "/v1/embeddings" => post(Operation::Embeddings),
        "/v1/messages" => post(Operation::Messages),
        "/v1/messages/count_tokens" => post(Operation::CountTokens),
        "/v1/models" | "/v1beta/models" | "/v1alpha/models" => get(Operation::ListModels),
        "/v1/token" => get(Operation::TokenSelf),
        "/v1/dashboard/billing/subscription" | "/dashboard/billing/subscription" => {
            get(Operation::BillingSubscription)
        }
        "/v1/dashboard/billing/usage" | "/dashboard/billing/usage" => get(Operation::BillingUsage),
        _ => {
            let named = route_of_model(path).or_else(|| route_of_response(path, method));
            return named.ok_or_else(|| unknown_path(path));
        }
    };
    Ok(route)
}

/// A path with a model's name in it.
fn route_of_model(path: &str) -> Option<Route> {
    let mut roots = GEMINI_ROOTS.into_iter().chain(["/v1"]);
    let rest = roots.find_map(|root| path.strip_prefix(root)?.strip_prefix("/models/"))?;
    let named = rest
        .rsplit_once(':')
        .and_then(|(model, method)| Some((model, Operation::of_gemini(method)?)));
    let (name, operation, method) = match named {
        Some((model, operation)) => (model, operation, Method::POST),
        None => (rest, Operation::GetModel, Method::GET),
    };
    let name = percent_encoding::percent_decode_str(name).decode_utf8().ok()?;
    // A name that no model can have is no model's: that is told where models are looked up.
    let model = name.parse().ok()?;
    Some(Route { model: Some(model), ..Route::of(operation, method) })
}

/// A path with a stored response's name in it. Whether it is a name at all is told where it is
/// looked up.
fn route_of_response(path: &str, method: &Method) -> Option<Route> {
    let rest = path.strip_prefix("/v1/responses/")?;
    let (id, below) = rest.split_once('/').unwrap_or((rest, ""));
    let route = match below {
        "" if *method == Method::DELETE => {
            Route::of(Operation::DeleteStoredResponse, Method::DELETE)
        }
        "" => Route::of(Operation::StoredResponse, Method::GET),
        "cancel" => Route::of(Operation::CancelStoredResponse, Method::POST),
        "input_items" => Route::of(Operation::StoredResponseInput, Method::GET),
        _ => return None,
    };
    (!id.is_empty()).then(|| Route { response: Some(id.to_owned()), ..route })
}

/// Phase 1: the path and method decide the operation, the headers the credential.
pub(crate) fn receive(
    request_id: RequestId,
    received_at: UnixMillis,
    parts: request::Parts,
    client: ClientAddress,
) -> Result<Call, RelayError> {
    let path = parts.uri.path();
    let Route { operation, method, model, response } = route(path, &parts.method)?;
    if parts.method != method {
        let wants_socket = parts.method == Method::GET && parts.headers.contains_key(UPGRADE);
        return Err(match operation {
            Operation::Responses if wants_socket => no_web_socket(),
            // A method of Gemini's that is not known looks like a model with a colon in its name.
            Operation::GetModel if path.contains(':') => unknown_path(path),
            Operation::StoredResponse => wrong_method(path, "GET, DELETE"),
            _ if method == Method::POST => wrong_method(path, "POST"),
            _ => wrong_method(path, "GET"),
        });
    }
    let protocol = protocol_of(path, &parts.headers);
    let query = query_without_credentials(parts.uri.query());
    let streams = operation == Operation::StreamGenerateContent;
    let as_array = wants_array(&parts.uri);
    Ok(Call {
        request_id,
        received_at,
        protocol,
        operation,
        method,
        client,
        path_model: model,
        path_response: response,
        credential: credential(&parts.headers, parts.uri.query(), protocol),
        // The provider is always asked for events: an array could not be read piece by piece.
        query: if streams && as_array { Some(with_events(query.as_deref())) } else { query },
        as_array,
        headers: parts.headers,
    })
}

/// Whether a Gemini stream is asked for as a JSON array: so it comes where no events are asked for,
/// its errors included.
pub(crate) fn wants_array(uri: &Uri) -> bool {
    let events = uri.query().is_some_and(|query| query.split('&').any(|pair| pair == "alt=sse"));
    !events && uri.path().ends_with(":streamGenerateContent")
}

impl Call {
    /// The same for a body that an answer is made for. Some clients send Responses' form to the path
    /// of chats; they are answered as they ask.
    pub(crate) fn read(&mut self, body: &[u8]) -> Result<RequestFacts, RelayError> {
        let facts = self.scan(body)?;
        if !facts.has_responses_form {
            return Ok(facts);
        }
        self.operation = Operation::Responses;
        self.protocol = Protocol::OpenAiResponses;
        self.scan(body)
    }

    /// Reads the fields of a body that matter, by the rules of the protocol that was called.
    pub(crate) fn scan(&self, body: &[u8]) -> Result<RequestFacts, RelayError> {
        match &self.path_model {
            Some(model) => anc_wire::scan_gemini_request(self.operation, model, body),
            None => anc_wire::scan_request(self.protocol, body),
        }
        .map_err(ScanError::into_error)
    }
}

fn with_events(query: Option<&str>) -> String {
    let rest: Vec<&str> = query
        .into_iter()
        .flat_map(|query| query.split('&'))
        .filter(|pair| !pair.starts_with("alt="))
        .collect();
    [rest.as_slice(), &["alt=sse"]].concat().join("&")
}

fn wrong_method(path: &str, allowed: &'static str) -> RelayError {
    RelayError::new(Code::MethodNotAllowed, format!("{path} takes {allowed} requests only."))
        .allow(allowed)
}

/// Codex tries a WebSocket first; this answer makes it go on over plain requests at once.
fn no_web_socket() -> RelayError {
    RelayError::new(
        Code::UpgradeRequired,
        "The relay serves /v1/responses over HTTP, not over a WebSocket. Send the request as a \
         POST; for Codex, set supports_websockets = false in the provider's table.",
    )
}

fn unknown_path(path: &str) -> RelayError {
    let shown: String = path.chars().take(128).collect();
    RelayError::new(
        Code::NotFound,
        format!(
            "There is nothing at {shown}. The relay serves /v1/chat/completions, /v1/responses, \
             /v1/completions, /v1/embeddings, /v1/messages, /v1/messages/count_tokens, \
             /v1/models, and /v1beta/models with Gemini's methods."
        ),
    )
}

/// The presented credential: where two differ, the one native to the path counts.
fn credential(headers: &HeaderMap, query: Option<&str>, protocol: Protocol) -> Option<Secret> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, credential)| credential.trim());
    let api_key = text("x-api-key");
    let google = text("x-goog-api-key").or_else(|| query.and_then(query_key));
    let native_first = match protocol.family() {
        Family::Anthropic => [api_key, bearer, google],
        Family::OpenAi => [bearer, api_key, google],
        Family::Gemini => [google, bearer, api_key],
    };
    let others = [text("api-key"), text(SEC_WEBSOCKET_PROTOCOL.as_str()).and_then(subprotocol_key)];
    let mut presented =
        native_first.into_iter().chain(others).flatten().filter(|text| !text.is_empty());
    let counts = presented.next()?;
    if presented.any(|other| other != counts) {
        tracing::info!("two different credentials were presented; the path's own counts");
    }
    Some(Secret::new(counts))
}

/// Browsers cannot set headers of a WebSocket, so a key may come among its subprotocols.
fn subprotocol_key(protocols: &str) -> Option<&str> {
    protocols.split(',').find_map(|one| one.trim().strip_prefix("openai-insecure-api-key."))
}

fn query_key(query: &str) -> Option<&str> {
    query.split('&').find_map(|pair| pair.strip_prefix("key="))
}

/// Names under which a query can carry a credential, however they are escaped.
const QUERY_CREDENTIALS: [&str; 5] = ["key", "api_key", "api-key", "access_token", "oauth_token"];

fn is_credential(pair: &str) -> bool {
    let name = pair.split_once('=').map_or(pair, |(name, _)| name);
    let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy();
    QUERY_CREDENTIALS.iter().any(|known| name.eq_ignore_ascii_case(known))
}

fn query_without_credentials(query: Option<&str>) -> Option<String> {
    let kept: Vec<&str> = query?.split('&').filter(|pair| !is_credential(pair)).collect();
    let kept = kept.join("&");
    (!kept.is_empty()).then_some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (http::HeaderName::from_static(name), http::HeaderValue::from_static(value))
            })
            .collect()
    }

    fn presented(
        pairs: &[(&'static str, &'static str)],
        query: Option<&str>,
        protocol: Protocol,
    ) -> Option<String> {
        credential(&headers(pairs), query, protocol).map(|secret| secret.expose().to_owned())
    }

    #[test]
    fn a_credential_is_found_wherever_clients_put_it() {
        for pair in [
            ("authorization", "Bearer sk-a"),
            ("authorization", "bearer sk-a"),
            ("x-api-key", "sk-a"),
            ("api-key", "sk-a"),
            ("x-goog-api-key", "sk-a"),
            ("sec-websocket-protocol", "realtime, openai-insecure-api-key.sk-a"),
        ] {
            assert_eq!(presented(&[pair], None, Protocol::OpenAiChat).as_deref(), Some("sk-a"));
        }
        let by_query = presented(&[], Some("beta=true&key=sk-a"), Protocol::OpenAiChat);
        assert_eq!(by_query.as_deref(), Some("sk-a"));
        assert_eq!(presented(&[("authorization", "Basic x")], None, Protocol::OpenAiChat), None);
    }

    #[test]
    fn of_two_credentials_the_paths_own_counts() {
        let both = [("authorization", "Bearer sk-b"), ("x-api-key", "sk-x")];
        let anthropic = presented(&both, None, Protocol::AnthropicMessages);
        assert_eq!(anthropic.as_deref(), Some("sk-x"));
        assert_eq!(presented(&both, None, Protocol::OpenAiChat).as_deref(), Some("sk-b"));
    }

    #[test]
    fn each_path_is_one_operation_of_one_protocol() {
        for (path, operation, protocol) in [
            ("/v1/responses", Operation::Responses, Protocol::OpenAiResponses),
            ("/v1/responses/compact", Operation::CompactResponse, Protocol::OpenAiResponses),
            ("/v1/responses/resp_1", Operation::StoredResponse, Protocol::OpenAiResponses),
            (
                "/v1/responses/resp_1/input_items",
                Operation::StoredResponseInput,
                Protocol::OpenAiResponses,
            ),
            ("/v1/completions", Operation::Completions, Protocol::OpenAiCompletions),
            ("/v1/embeddings", Operation::Embeddings, Protocol::OpenAiEmbeddings),
            ("/v1/models/org%2Fm", Operation::GetModel, Protocol::OpenAiChat),
            ("/v1beta/models/m:generateContent", Operation::GenerateContent, Protocol::Gemini),
            ("/v1/models/m:countTokens", Operation::GeminiCountTokens, Protocol::Gemini),
            (
                "/v1beta/models/m:batchEmbedContents",
                Operation::BatchEmbedContents,
                Protocol::GeminiEmbeddings,
            ),
            ("/v1alpha/models/m:countTokens", Operation::GeminiCountTokens, Protocol::Gemini),
            ("/v1beta/models/ft:m:1", Operation::GetModel, Protocol::Gemini),
        ] {
            let found = route(path, &Method::POST).map(|route| route.operation);
            assert_eq!(found.ok(), Some(operation), "{path}");
            assert_eq!(protocol_of(path, &HeaderMap::new()), protocol, "{path}");
        }
        for path in ["/v1/models/", "/v1beta/models/a b", "/v1/responses/x/y", "/v1beta/files"] {
            assert!(route(path, &Method::GET).is_err(), "{path}");
        }
    }

    #[test]
    fn googles_clients_get_lists_of_models_in_their_own_shape() {
        for header in ["x-goog-api-key", "x-goog-api-client"] {
            let headers = headers(&[(header, "x")]);
            assert_eq!(protocol_of("/v1/models", &headers), Protocol::Gemini);
            assert_eq!(protocol_of("/v1/models/m", &headers), Protocol::Gemini);
            assert_eq!(protocol_of("/v1/chat/completions", &headers), Protocol::OpenAiChat);
        }
        assert_eq!(protocol_of("/v1/models", &HeaderMap::new()), Protocol::OpenAiChat);
    }

    #[test]
    fn a_provider_is_always_asked_for_events() {
        assert_eq!(with_events(None), "alt=sse");
        assert_eq!(with_events(Some("a=b&alt=json")), "a=b&alt=sse");
    }

    #[test]
    fn a_credential_in_the_query_is_not_passed_on() {
        assert_eq!(
            query_without_credentials(Some("key=sk-a&beta=true")).as_deref(),
            Some("beta=true")
        );
        for query in ["key=sk-a", "%6Bey=sk-a", "KEY=sk-a", "access_token=a", "key"] {
            assert_eq!(query_without_credentials(Some(query)), None, "{query}");
        }
        assert_eq!(query_without_credentials(Some("keys=1")).as_deref(), Some("keys=1"));
    }
}
