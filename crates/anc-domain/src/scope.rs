//! Which endpoints a token may call.

use std::fmt;
use std::str::FromStr;

/// A kind of endpoint that a token can be bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EndpointScope {
    /// Chat Completions.
    Chat,
    /// Completions, the older way.
    Completions,
    /// Responses.
    Responses,
    /// Embeddings, of OpenAI and of Gemini.
    Embeddings,
    /// Messages, and counting for them.
    Messages,
    /// Gemini's content, and counting for it.
    Gemini,
    /// Lists of models.
    Models,
}

/// A text names no kind of endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not one of chat, completions, responses, embeddings, messages, gemini, models")]
pub struct UnknownScope;

impl EndpointScope {
    /// Every scope, in the order in which people are offered them.
    pub const ALL: [Self; 7] = [
        Self::Chat,
        Self::Responses,
        Self::Messages,
        Self::Gemini,
        Self::Embeddings,
        Self::Completions,
        Self::Models,
    ];

    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Completions => "completions",
            Self::Responses => "responses",
            Self::Embeddings => "embeddings",
            Self::Messages => "messages",
            Self::Gemini => "gemini",
            Self::Models => "models",
        }
    }
}

impl FromStr for EndpointScope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        Self::ALL.into_iter().find(|scope| scope.name() == text).ok_or(UnknownScope)
    }
}

impl fmt::Display for EndpointScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The scopes of one token. None at all allows every endpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EndpointScopes(Vec<EndpointScope>);

impl EndpointScopes {
    /// The scopes as given.
    pub const fn new(scopes: Vec<EndpointScope>) -> Self {
        Self(scopes)
    }

    /// Whether an endpoint may be called.
    pub fn allow(&self, scope: EndpointScope) -> bool {
        self.0.is_empty() || self.0.contains(&scope)
    }

    /// The scopes in order.
    pub fn iter(&self) -> impl Iterator<Item = &EndpointScope> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_scope_allows_every_endpoint_and_one_allows_itself() {
        assert!(EndpointScopes::default().allow(EndpointScope::Chat));
        let models: EndpointScope = "models".parse().unwrap();
        let scopes = EndpointScopes::new(vec![models]);
        assert!(scopes.allow(EndpointScope::Models) && !scopes.allow(EndpointScope::Chat));
        assert_eq!("Chat".parse::<EndpointScope>(), Err(UnknownScope));
    }
}
