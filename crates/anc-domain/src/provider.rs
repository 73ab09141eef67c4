//! The vendors and protocol families that a channel can connect to.

/// A vendor and its protocol family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Provider {
    /// OpenAI, or any server that speaks its protocol.
    OpenAi,
    /// Anthropic, or any server that speaks its protocol.
    Anthropic,
    /// Google's Gemini, or any server that speaks its protocol.
    Gemini,
    /// The provider inside the binary, for trying everything without a key.
    Simulated,
}

impl Provider {
    /// Every provider, in the order in which people are offered them.
    pub const ALL: [Self; 4] = [Self::OpenAi, Self::Anthropic, Self::Gemini, Self::Simulated];

    /// The stable name in the database, the API and the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
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
            Self::Simulated => "Simulated",
        }
    }

    /// Where its API lives unless a channel says otherwise, version segment included for OpenAI as
    /// in its own SDKs; `None` where nothing is dialled.
    pub const fn default_base_url(self) -> Option<&'static str> {
        match self {
            Self::OpenAi => Some("https://api.openai.com/v1"),
            Self::Anthropic => Some("https://api.anthropic.com"),
            Self::Gemini => Some("https://generativelanguage.googleapis.com"),
            Self::Simulated => None,
        }
    }

    /// Whether a channel needs a key of its vendor.
    pub const fn needs_key(self) -> bool {
        !matches!(self, Self::Simulated)
    }
}
