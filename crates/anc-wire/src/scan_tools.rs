//! Tools that the provider itself runs for a request, and bills by the call.

use crate::count::InputSize;
use crate::json::{Malformed, Walker, unescaped};
use crate::scan::{read_text, string, whole_number};

/// By which keys Gemini's list offers searches of the web.
const GEMINI_SEARCHES: [&str; 4] =
    ["googleSearch", "google_search", "googleSearchRetrieval", "google_search_retrieval"];

/// Which of these tools a request offers, and how often each may be called: [`u64::MAX`] where the
/// request does not say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HostedTools {
    /// Searches of the web.
    pub web_searches: u64,
    /// Searches in files.
    pub file_searches: u64,
}

/// Reads a list of tools for the model, as every other value, and tells which of them are hosted.
pub(crate) fn read_tools(
    walker: &mut Walker<'_>,
    body: &[u8],
    input: &mut InputSize,
    tools: &mut HostedTools,
) -> Result<(), Malformed> {
    if !walker.is_at(b'[') {
        return read_text(walker, input);
    }
    walker.array(&mut |walker| {
        if !walker.is_at(b'{') {
            return read_text(walker, input);
        }
        let (mut kind, mut most) = (None, u64::MAX);
        walker.object(&mut |walker, key| {
            input.add_text(key);
            let key = unescaped(key);
            let mut probe = walker.clone();
            read_text(walker, input)?;
            // Tools describe themselves at length; only these short values are looked at again.
            match &*key {
                "type" => kind = string(body, &probe.skip()?),
                "max_uses" => {
                    let bound = whole_number(body, &probe.skip()?, "max_uses");
                    most = bound.ok().flatten().unwrap_or(u64::MAX);
                }
                key if GEMINI_SEARCHES.contains(&key) => kind = Some(key.to_owned()),
                _ => {}
            }
            Ok(())
        })?;
        let kind = kind.as_deref().unwrap_or_default();
        if kind.starts_with("web_search") || GEMINI_SEARCHES.contains(&kind) {
            tools.web_searches = tools.web_searches.saturating_add(most);
        } else if kind == "file_search" {
            tools.file_searches = tools.file_searches.saturating_add(most);
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use crate::{Operation, Protocol, scan_gemini_request, scan_request};

    #[test]
    fn tools_that_the_provider_bills_are_told_and_others_are_not() {
        let of = |protocol, tools: &str| {
            let body = format!(r#"{{"model":"m","tools":{tools}}}"#);
            let found = scan_request(protocol, body.as_bytes()).unwrap().tools;
            (found.web_searches, found.file_searches)
        };
        let (responses, messages) = (Protocol::OpenAiResponses, Protocol::AnthropicMessages);
        assert_eq!(of(responses, r#"[{"type":"function","name":"web_search"}]"#), (0, 0));
        assert_eq!(
            of(responses, r#"[{"type":"web_search"},{"type":"file_search"},7]"#),
            (u64::MAX, u64::MAX)
        );
        let bounded = r#"[{"type":"web_search_20250305","name":"web_search","max_uses":3}]"#;
        assert_eq!(of(messages, bounded), (3, 0));
        assert_eq!(of(messages, "null"), (0, 0));
        let model = "gemini-m".parse().unwrap();
        let body = br#"{"contents":[],"tools":[{"google_search":{}}]}"#;
        let facts = scan_gemini_request(Operation::GenerateContent, &model, body).unwrap();
        assert_eq!(facts.tools.web_searches, u64::MAX);
    }
}
