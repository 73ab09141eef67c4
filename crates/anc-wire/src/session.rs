//! What a client says of the session that a request belongs to. Nothing is decided by it but which
//! of several equal channels is asked: caches, and reasoning that only its issuer can read, are
//! best kept together.

use http::HeaderMap;

use crate::count::InputSize;
use crate::json::{Malformed, Walker, unescaped};
use crate::scan::{read_text, string};

/// Headers by which clients name their session, the most particular first.
const HEADERS: [&str; 4] = ["session-id", "session_id", "x-session-id", "x-session-affinity"];

/// The session that a request's headers name.
pub fn session_of_headers(headers: &HeaderMap) -> Option<&str> {
    HEADERS
        .iter()
        .find_map(|name| headers.get(*name)?.to_str().ok())
        .filter(|text| !text.is_empty())
}

/// Reads a value for the model, as every other, and gives the text that it is, or that stands in it
/// under `member`.
pub(crate) fn read_session(
    walker: &mut Walker<'_>,
    body: &[u8],
    member: Option<&str>,
    input: &mut InputSize,
) -> Result<Option<String>, Malformed> {
    let mut probe = walker.clone();
    read_text(walker, input)?;
    let Some(member) = member else { return Ok(string(body, &probe.skip()?)) };
    let mut named = None;
    if probe.is_at(b'{') {
        probe.object(&mut |walker, key| {
            let value = walker.skip()?;
            if unescaped(key) == member {
                named = string(body, &value);
            }
            Ok(())
        })?;
    }
    Ok(named)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;
    use crate::{Protocol, scan_request};

    #[test]
    fn a_session_is_found_wherever_clients_name_it() {
        for (protocol, body) in [
            (Protocol::OpenAiResponses, r#"{"model":"m","prompt_cache_key":"s-1"}"#),
            (Protocol::OpenAiChat, r#"{"prompt_cache_key":"s-\u0031","model":"m"}"#),
            (Protocol::AnthropicMessages, r#"{"model":"m","metadata":{"user_id":"s-1"}}"#),
        ] {
            let facts = scan_request(protocol, body.as_bytes()).unwrap();
            assert_eq!(facts.session.as_deref(), Some("s-1"), "{body}");
        }
        for body in [
            r#"{"model":"m","prompt_cache_key":null}"#,
            r#"{"model":"m","metadata":{"user_id":"s-1"}}"#,
        ] {
            let facts = scan_request(Protocol::OpenAiChat, body.as_bytes()).unwrap();
            assert_eq!(facts.session, None, "{body}");
        }
        let mut headers = HeaderMap::new();
        assert_eq!(session_of_headers(&headers), None);
        headers.insert("x-session-affinity", HeaderValue::from_static("b"));
        headers.insert("session-id", HeaderValue::from_static("a"));
        assert_eq!(session_of_headers(&headers), Some("a"));
    }
}
