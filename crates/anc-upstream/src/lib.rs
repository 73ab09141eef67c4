//! The clients to the outside. HTTP: connections, TLS, the check of addresses when they are dialled,
//! and the providers' credentials. SMTP: mail. It knows neither accounts nor money.
//!
//! # To add …
//! * a provider: its way of carrying a key in `credentials.rs`; where its paths differ, `endpoint.rs`.
//! * a class of addresses that must not be dialled: a line in `address.rs`, with its RFC.

mod address;
mod body;
mod client;
mod connect;
mod credentials;
mod endpoint;
mod failure;
mod mail;
mod parked;
mod unpack;

pub use body::UpstreamBody;
pub use client::{InProcessProvider, Upstream, UpstreamTimeouts};
pub use credentials::add_credentials;
pub use endpoint::{BaseUrlError, Endpoint};
pub use failure::UpstreamFailure;
pub use mail::{MailFailure, MailSecurity, MailServer, Mailer, SenderError};
pub use parked::{ParkedKeys, Rest};
pub use unpack::{ContentEncoding, ExpandsTooFar, UnknownEncoding, Unpacked};
