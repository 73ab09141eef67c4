//! What a management key may do on the control API.

use std::fmt;
use std::str::FromStr;

/// A part of the control API that a management key can be given. What its person may not do, it may
/// not do either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyScope {
    /// List API tokens and look behind them.
    TokensRead,
    /// Create, change, rotate and delete API tokens; end running requests.
    TokensWrite,
    /// Read usage and running requests.
    UsageRead,
    /// List channels.
    ChannelsRead,
    /// Connect, change, test and end channels; set groups.
    ChannelsWrite,
    /// Set prices.
    PricesWrite,
    /// Add money to accounts; check the books.
    CreditsWrite,
}

/// A text names no scope of a management key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not one of tokens:read, tokens:write, usage:read, channels:read, channels:write, \
     prices:write, credits:write"
)]
pub struct UnknownKeyScope;

impl KeyScope {
    /// Every scope, in the order in which people are offered them.
    pub const ALL: [Self; 7] = [
        Self::TokensRead,
        Self::TokensWrite,
        Self::UsageRead,
        Self::ChannelsRead,
        Self::ChannelsWrite,
        Self::PricesWrite,
        Self::CreditsWrite,
    ];

    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TokensRead => "tokens:read",
            Self::TokensWrite => "tokens:write",
            Self::UsageRead => "usage:read",
            Self::ChannelsRead => "channels:read",
            Self::ChannelsWrite => "channels:write",
            Self::PricesWrite => "prices:write",
            Self::CreditsWrite => "credits:write",
        }
    }

    /// Whether only those who run the instance have any use for it.
    pub const fn is_for_operators(self) -> bool {
        !matches!(self, Self::TokensRead | Self::TokensWrite | Self::UsageRead)
    }
}

impl FromStr for KeyScope {
    type Err = UnknownKeyScope;

    fn from_str(text: &str) -> Result<Self, UnknownKeyScope> {
        Self::ALL.into_iter().find(|scope| scope.name() == text).ok_or(UnknownKeyScope)
    }
}

impl fmt::Display for KeyScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scope_reads_back_and_no_other_word_does() {
        for scope in KeyScope::ALL {
            assert_eq!(scope.name().parse(), Ok(scope));
        }
        assert_eq!("tokens".parse::<KeyScope>(), Err(UnknownKeyScope));
    }
}
