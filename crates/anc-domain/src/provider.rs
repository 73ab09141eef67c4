//! The vendors and protocol families that a channel can connect to.

/// A vendor, whose models its channels serve where they name none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Provider {
    /// OpenAI, or any server that speaks its protocol.
    OpenAi,
    /// Anthropic, or any server that speaks its protocol.
    Anthropic,
    /// Google's Gemini, or any server that speaks its protocol.
    Gemini,
    /// `DeepSeek`.
    DeepSeek,
    /// xAI, whose models are called Grok.
    Xai,
    /// Mistral AI.
    Mistral,
    /// Alibaba's Qwen, on its Model Studio.
    Qwen,
    /// Moonshot AI, whose models are called Kimi.
    Moonshot,
    /// Cohere, by its address for OpenAI's protocol.
    Cohere,
    /// Groq, which serves open models.
    Groq,
    /// The provider inside the binary, for trying everything without a key.
    Simulated,
}

/// The protocols that a provider speaks, and how it is addressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// OpenAI's.
    OpenAi,
    /// Anthropic's.
    Anthropic,
    /// Gemini's.
    Gemini,
    /// All of them.
    Every,
}

impl Provider {
    /// Every provider, in the order in which people are offered them.
    pub const ALL: [Self; 11] = [
        Self::OpenAi,
        Self::Anthropic,
        Self::Gemini,
        Self::DeepSeek,
        Self::Xai,
        Self::Mistral,
        Self::Qwen,
        Self::Moonshot,
        Self::Cohere,
        Self::Groq,
        Self::Simulated,
    ];

    /// The stable name in the database, the API, the price book and the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
            Self::DeepSeek => "deepseek",
            Self::Xai => "xai",
            Self::Mistral => "mistral",
            Self::Qwen => "qwen",
            Self::Moonshot => "moonshot",
            Self::Cohere => "cohere",
            Self::Groq => "groq",
            Self::Simulated => "simulated",
        }
    }

    /// The provider of that name, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|provider| provider.name() == name)
    }

    /// What people call it.
    pub const fn display_name(self) -> &'static str {
        match self {
            Self::OpenAi => "OpenAI-compatible",
            Self::Anthropic => "Anthropic",
            Self::Gemini => "Google Gemini",
            Self::DeepSeek => "DeepSeek",
            Self::Xai => "xAI",
            Self::Mistral => "Mistral",
            Self::Qwen => "Alibaba Qwen",
            Self::Moonshot => "Moonshot",
            Self::Cohere => "Cohere",
            Self::Groq => "Groq",
            Self::Simulated => "Simulated",
        }
    }

    /// Which protocols it speaks.
    pub const fn dialect(self) -> Dialect {
        match self {
            Self::OpenAi
            | Self::DeepSeek
            | Self::Xai
            | Self::Mistral
            | Self::Qwen
            | Self::Moonshot
            | Self::Cohere
            | Self::Groq => Dialect::OpenAi,
            Self::Anthropic => Dialect::Anthropic,
            Self::Gemini => Dialect::Gemini,
            Self::Simulated => Dialect::Every,
        }
    }

    /// Where its API lives unless a channel says otherwise, version segment included for those with
    /// OpenAI's protocol as in its SDKs; `None` where nothing is dialled.
    pub const fn default_base_url(self) -> Option<&'static str> {
        match self {
            Self::OpenAi => Some("https://api.openai.com/v1"),
            Self::Anthropic => Some("https://api.anthropic.com"),
            Self::Gemini => Some("https://generativelanguage.googleapis.com"),
            Self::DeepSeek => Some("https://api.deepseek.com/v1"),
            Self::Xai => Some("https://api.x.ai/v1"),
            Self::Mistral => Some("https://api.mistral.ai/v1"),
            Self::Qwen => Some("https://dashscope-intl.aliyuncs.com/compatible-mode/v1"),
            Self::Moonshot => Some("https://api.moonshot.ai/v1"),
            Self::Cohere => Some("https://api.cohere.ai/compatibility/v1"),
            Self::Groq => Some("https://api.groq.com/openai/v1"),
            Self::Simulated => None,
        }
    }

    /// Whether a channel needs a key of its vendor.
    pub const fn needs_key(self) -> bool {
        !matches!(self, Self::Simulated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_provider_is_offered_once_and_has_an_address_of_its_own() {
        let mut addresses = Vec::new();
        for provider in Provider::ALL {
            assert_eq!(Provider::from_name(provider.name()), Some(provider));
            addresses.extend(provider.default_base_url());
        }
        let all = addresses.len();
        addresses.sort_unstable();
        addresses.dedup();
        assert_eq!((addresses.len(), all), (10, 10));
    }
}
