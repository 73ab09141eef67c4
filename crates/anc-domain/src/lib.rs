//! The words that every other crate uses: money, ids, usage, model names, secrets, time, errors.
//!
//! Nothing here does I/O and nothing here is async. Time and randomness enter the program only
//! through [`Clock`] and [`Entropy`], so that a test can move the one and fix the other.
//!
//! # To add …
//! * an id: one line in `id.rs`; its prefix is what people see.
//! * a meter: a variant of [`Meter`] in `usage.rs`; the compiler then names every table to extend.
//! * an error code: a row in `error_code.rs` (code, status and envelope words by protocol) and a
//!   sentence in `docs/errors.md`; a test compares the two.

mod access;
mod client_address;
mod clock;
mod error_code;
mod id;
mod key_scope;
mod model;
mod money;
mod priced_options;
mod provider;
mod redemption_code;
mod scope;
mod secret;
mod token_text;
mod usage;

pub use access::{AddressRule, AddressRuleError, AddressRules};
pub use client_address::{ClientAddress, TrustedProxies};
pub use clock::{Clock, Entropy, FixedEntropy, ManualClock, OsEntropy, SystemClock, UnixMillis};
pub use error_code::{Envelope, RateReached, RelayError, RelayErrorCode};
pub use id::{
    AccountId, AlertId, ApiTokenId, ChannelId, CodeBatchId, IdParseError, IdentityId, InvitationId,
    ManagementKeyId, PaymentId, RedemptionCodeId, RedemptionId, RequestId, SessionId, TierId,
    UserId,
};
pub use key_scope::{KeyScope, UnknownKeyScope};
pub use model::{ModelName, ModelNameError, ModelPattern, ModelPatterns};
pub use money::{MoneyError, NanoUsd, PpmMultiplier};
pub use priced_options::PricedOptions;
pub use provider::{Dialect, Provider};
pub use redemption_code::{RedemptionCode, RedemptionCodeError, RedemptionCodeHint};
pub use scope::{EndpointScope, EndpointScopes, UnknownScope};
pub use secret::{Secret, SecretHash};
pub use token_text::{TokenHint, TokenText, TokenTextError, TokenTextKind};
pub use usage::{Meter, TokenCount, Usage, UsageError};
