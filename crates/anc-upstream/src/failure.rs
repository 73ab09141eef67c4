//! What can go wrong before a provider's answer begins.

use std::error::Error;

/// Why a provider gave no answer. Whether another channel may be tried follows from the kind; the
/// source is for the log only.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamFailure {
    /// The name could not be resolved, or nobody accepted the connection, or TLS failed.
    #[error("could not connect")]
    Connect(#[source] Box<dyn Error + Send + Sync>),
    /// Every address of the name is one that the channel may not dial.
    #[error("the address is private and the channel does not allow that")]
    AddressRefused,
    /// The connection broke before the head of the answer.
    #[error("the connection broke before an answer")]
    Broken(#[source] Box<dyn Error + Send + Sync>),
    /// No head of an answer within the time allowed.
    #[error("no answer in time")]
    TimedOut,
}
