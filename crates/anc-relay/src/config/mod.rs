//! Configuration in two stages: as written (`raw`), then checked (`checked`). Code sees the second.
//!
//! # To add a setting
//! A key with its meaning in `config.default.toml`, a field in `raw.rs` and in `checked.rs`, a row
//! in `docs/configuration.md`, its Chinese in the console's `i18n/zh-CN-settings-meanings.ts`.

mod checked;
mod described;
mod mail;
mod payments;
mod raw;
mod redemption;
mod sign_in;
mod sources;

pub(crate) use checked::{Config, ListenerLimits, LogFormat};
pub(crate) use raw::{ConfigError, Overrides, load, load_with_sources};
