//! How a request ended, as its usage row tells it.

/// How a relayed request ended; decides what was charged and explains it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EndReason {
    /// The provider finished and the client was given all of it.
    Complete,
    /// The provider's stream broke after it had begun to answer.
    UpstreamCut,
    /// The provider refused the request, or failed before it gave any output.
    UpstreamError,
    /// The provider took longer than the relay waits.
    Timeout,
    /// The client left before the end.
    ClientGone,
    /// The token or its account was disabled while the answer ran.
    Revoked,
    /// The money ran out while the answer ran.
    QuotaExhausted,
    /// The relay itself stopped while the answer ran.
    Interrupted,
}

impl EndReason {
    /// Every reason.
    pub const ALL: [Self; 8] = [
        Self::Complete,
        Self::UpstreamCut,
        Self::UpstreamError,
        Self::Timeout,
        Self::ClientGone,
        Self::Revoked,
        Self::QuotaExhausted,
        Self::Interrupted,
    ];

    /// The stable name in the database and in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::UpstreamCut => "upstream_cut",
            Self::UpstreamError => "upstream_error",
            Self::Timeout => "timeout",
            Self::ClientGone => "client_gone",
            Self::Revoked => "revoked",
            Self::QuotaExhausted => "quota_exhausted",
            Self::Interrupted => "interrupted",
        }
    }

    /// The provider or the relay failed; neither the client nor its money ended the request.
    pub const fn is_failure(self) -> bool {
        match self {
            Self::UpstreamCut | Self::UpstreamError | Self::Timeout | Self::Interrupted => true,
            Self::Complete | Self::ClientGone | Self::Revoked | Self::QuotaExhausted => false,
        }
    }

    /// The reason of that name, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }
}
