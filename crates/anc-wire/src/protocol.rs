//! What can be called, and each protocol's small fixed words.

use std::borrow::Cow;

use bytes::Bytes;

/// A vendor's way to ask and answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// OpenAI's Chat Completions.
    OpenAiChat,
    /// OpenAI's Completions, the older way.
    OpenAiCompletions,
    /// OpenAI's Responses.
    OpenAiResponses,
    /// OpenAI's Embeddings.
    OpenAiEmbeddings,
    /// Anthropic's Messages.
    AnthropicMessages,
    /// Gemini's content: generated, counted.
    Gemini,
    /// Gemini's embeddings.
    GeminiEmbeddings,
}

/// Whose words the protocols of one vendor share: the form of errors, and where credentials are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    /// OpenAI, and everybody who speaks like it.
    OpenAi,
    /// Anthropic.
    Anthropic,
    /// Google's Gemini.
    Gemini,
}

/// What a path asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// An answer of a model, the OpenAI way.
    ChatCompletions,
    /// A text's continuation.
    Completions,
    /// An answer of a model, OpenAI's later way.
    Responses,
    /// A conversation made shorter, as a model does it.
    CompactResponse,
    /// How many input units a Responses request has.
    CountResponse,
    /// A stored response.
    StoredResponse,
    /// The end of one.
    DeleteStoredResponse,
    /// The end of one that is still being made.
    CancelStoredResponse,
    /// What one answers.
    StoredResponseInput,
    /// Vectors of texts.
    Embeddings,
    /// An answer of a model, the Anthropic way.
    Messages,
    /// How many input units a Messages request has.
    CountTokens,
    /// An answer of a model, the Gemini way.
    GenerateContent,
    /// The same as a stream.
    StreamGenerateContent,
    /// How many input units a Gemini request has.
    GeminiCountTokens,
    /// The vector of one content.
    EmbedContent,
    /// The vectors of several contents.
    BatchEmbedContents,
    /// Which models there are.
    ListModels,
    /// One of them.
    GetModel,
    /// What the API token itself may do, has spent, and has left.
    TokenSelf,
    /// The same as OpenAI's billing page once told it.
    BillingSubscription,
    /// What was spent, as OpenAI's billing page once told it.
    BillingUsage,
}

impl Protocol {
    /// Every protocol.
    pub const ALL: [Self; 7] = [
        Self::OpenAiChat,
        Self::OpenAiCompletions,
        Self::OpenAiResponses,
        Self::OpenAiEmbeddings,
        Self::AnthropicMessages,
        Self::Gemini,
        Self::GeminiEmbeddings,
    ];

    /// Whose protocol it is.
    pub const fn family(self) -> Family {
        match self {
            Self::OpenAiChat
            | Self::OpenAiCompletions
            | Self::OpenAiResponses
            | Self::OpenAiEmbeddings => Family::OpenAi,
            Self::AnthropicMessages => Family::Anthropic,
            Self::Gemini | Self::GeminiEmbeddings => Family::Gemini,
        }
    }

    /// The stable name, in logs and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OpenAiChat => "chat",
            Self::OpenAiCompletions => "completions",
            Self::OpenAiResponses => "responses",
            Self::OpenAiEmbeddings => "embeddings",
            Self::AnthropicMessages => "messages",
            Self::Gemini => "gemini",
            Self::GeminiEmbeddings => "gemini_embeddings",
        }
    }
}

impl Operation {
    /// The path as the vendor documents it. Some have the name of what they are about in it: of a
    /// model, or of a stored response.
    pub fn path(self, name: &str) -> Cow<'static, str> {
        let gemini = |method: &str| Cow::Owned(format!("/v1beta/models/{name}:{method}"));
        match self {
            Self::ChatCompletions => Cow::Borrowed("/v1/chat/completions"),
            Self::Completions => Cow::Borrowed("/v1/completions"),
            Self::Responses => Cow::Borrowed("/v1/responses"),
            Self::CompactResponse => Cow::Borrowed("/v1/responses/compact"),
            Self::CountResponse => Cow::Borrowed("/v1/responses/input_tokens"),
            Self::StoredResponse | Self::DeleteStoredResponse => {
                Cow::Owned(format!("/v1/responses/{name}"))
            }
            Self::CancelStoredResponse => Cow::Owned(format!("/v1/responses/{name}/cancel")),
            Self::StoredResponseInput => Cow::Owned(format!("/v1/responses/{name}/input_items")),
            Self::Embeddings => Cow::Borrowed("/v1/embeddings"),
            Self::Messages => Cow::Borrowed("/v1/messages"),
            Self::CountTokens => Cow::Borrowed("/v1/messages/count_tokens"),
            Self::GenerateContent => gemini("generateContent"),
            Self::StreamGenerateContent => gemini("streamGenerateContent"),
            Self::GeminiCountTokens => gemini("countTokens"),
            Self::EmbedContent => gemini("embedContent"),
            Self::BatchEmbedContents => gemini("batchEmbedContents"),
            Self::ListModels => Cow::Borrowed("/v1/models"),
            Self::GetModel => Cow::Owned(format!("/v1/models/{name}")),
            Self::TokenSelf => Cow::Borrowed("/v1/token"),
            Self::BillingSubscription => Cow::Borrowed("/v1/dashboard/billing/subscription"),
            Self::BillingUsage => Cow::Borrowed("/v1/dashboard/billing/usage"),
        }
    }

    /// Gemini's name of a method on a model.
    pub fn of_gemini(method: &str) -> Option<Self> {
        match method {
            "generateContent" => Some(Self::GenerateContent),
            "streamGenerateContent" => Some(Self::StreamGenerateContent),
            "countTokens" => Some(Self::GeminiCountTokens),
            "embedContent" => Some(Self::EmbedContent),
            "batchEmbedContents" => Some(Self::BatchEmbedContents),
            _ => None,
        }
    }
}

/// A sign of life that every client of the protocol skips.
pub const fn keepalive_frame(protocol: Protocol) -> Bytes {
    match protocol.family() {
        Family::OpenAi => Bytes::from_static(b": keepalive\n\n"),
        Family::Anthropic => Bytes::from_static(b"event: ping\ndata: {\"type\": \"ping\"}\n\n"),
        // Gemini's clients stumble over comments.
        Family::Gemini => Bytes::from_static(b"\n"),
    }
}

/// The last word of a finished stream whose provider left it out; empty where the protocol has
/// none.
pub const fn terminal_frame(protocol: Protocol) -> Bytes {
    match protocol.family() {
        Family::OpenAi => Bytes::from_static(b"data: [DONE]\n\n"),
        Family::Anthropic => {
            Bytes::from_static(b"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n")
        }
        Family::Gemini => Bytes::new(),
    }
}
