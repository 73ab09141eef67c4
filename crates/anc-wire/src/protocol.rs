//! What can be called, and each protocol's small fixed words.

use bytes::Bytes;

/// A vendor's way to ask and answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// OpenAI's Chat Completions.
    OpenAiChat,
    /// Anthropic's Messages.
    AnthropicMessages,
}

/// What a path asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// An answer of a model, the OpenAI way.
    ChatCompletions,
    /// An answer of a model, the Anthropic way.
    Messages,
    /// How many input units a Messages request has.
    CountTokens,
    /// Which models there are.
    ListModels,
}

impl Operation {
    /// The path as the vendor documents it.
    pub const fn path(self) -> &'static str {
        match self {
            Self::ChatCompletions => "/v1/chat/completions",
            Self::Messages => "/v1/messages",
            Self::CountTokens => "/v1/messages/count_tokens",
            Self::ListModels => "/v1/models",
        }
    }
}

/// A sign of life that every client of the protocol skips.
pub const fn keepalive_frame(protocol: Protocol) -> Bytes {
    match protocol {
        Protocol::OpenAiChat => Bytes::from_static(b": keepalive\n\n"),
        Protocol::AnthropicMessages => {
            Bytes::from_static(b"event: ping\ndata: {\"type\": \"ping\"}\n\n")
        }
    }
}

/// The last word of a finished stream.
pub const fn terminal_frame(protocol: Protocol) -> Bytes {
    match protocol {
        Protocol::OpenAiChat => Bytes::from_static(b"data: [DONE]\n\n"),
        Protocol::AnthropicMessages => {
            Bytes::from_static(b"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n")
        }
    }
}
