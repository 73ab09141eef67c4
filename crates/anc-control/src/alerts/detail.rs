//! The names and figures of an alert, as they were at its moment.

use anc_domain::NanoUsd;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Names and figures of an alert, as they were when it came about. Each kind has its own; the rest is
/// absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct AlertDetail {
    /// What the token was called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) token_name: Option<String>,
    /// What the channel was called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) channel_name: Option<String>,
    /// `low_balance`: the balance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub(crate) balance: Option<NanoUsd>,
    /// `low_balance`: below what it is low. `token_quota`, `token_budget`: the most that may be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub(crate) limit: Option<NanoUsd>,
    /// `token_quota`, `token_budget`: what is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub(crate) used: Option<NanoUsd>,
    /// `token_quota`, `token_budget`: 80 or 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) percent: Option<u8>,
    /// `token_budget`: `day`, `week` or `month`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) period: Option<String>,
    /// `token_budget`: when the budget begins anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub(crate) resets_at: Option<String>,
    /// `token_expiry`: when the token stops working.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub(crate) expires_at: Option<String>,
    /// `token_expiry`: within how many days, 7 or 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) days: Option<u32>,
    /// `unusual_spend`, `suspect_usage`, `channel_failing`: the beginning of the hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub(crate) hour: Option<String>,
    /// `unusual_spend`: what the hour cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub(crate) spent: Option<NanoUsd>,
    /// `unusual_spend`: what such hours usually cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub(crate) usual: Option<NanoUsd>,
    /// `new_network`: an address in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) address: Option<String>,
    /// `new_network`: the network, as a range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) network: Option<String>,
    /// `suspect_usage`, `channel_failing`: of how many requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) requests: Option<u64>,
    /// `channel_failing`: how many of them failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) failed: Option<u64>,
}

impl AlertDetail {
    /// As it is stored.
    pub(crate) fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|_| "{}".to_owned())
    }

    /// As it was stored. What a newer version wrote and this one does not know is left out.
    pub(crate) fn from_text(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }
}
