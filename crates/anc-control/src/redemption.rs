//! What redemption codes may be, and what guessing at them costs.

use std::net::IpAddr;
use std::time::Duration;

use anc_domain::{AccountId, NanoUsd, RedemptionCode, RedemptionCodeId, UnixMillis};
use anc_store::Store;
use tokio::sync::Mutex;

use crate::error::ApiError;
use crate::throttle::Throttle;

/// The operator's limits on redemption codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RedemptionSettings {
    /// Codes of one batch.
    pub batch_codes_max: u32,
    /// What one use of a code may be worth.
    pub amount_max: NanoUsd,
    /// How often one code may be used.
    pub uses_max: u32,
    /// Wrong codes of an account or an address that cost no time.
    pub wrong_codes_free: u32,
    /// How long a further one may cost at most; after that long without any the count begins anew.
    pub wrong_codes_wait_max: Duration,
}

impl Default for RedemptionSettings {
    fn default() -> Self {
        Self {
            batch_codes_max: 1_000,
            amount_max: NanoUsd::from_dollars(10_000),
            uses_max: 100_000,
            wrong_codes_free: 5,
            wrong_codes_wait_max: Duration::from_mins(15),
        }
    }
}

/// Looks codes up, and makes guessing slow: by account and by address, and no right code takes back
/// what wrong ones cost.
pub(crate) struct RedemptionGuard {
    throttle: Throttle,
    /// Whoever looks a code up: one at a time, so that of many guesses at once each is counted
    /// before the next is looked at.
    turn: Mutex<()>,
}

impl RedemptionGuard {
    pub(crate) fn new(settings: &RedemptionSettings) -> Self {
        let RedemptionSettings { wrong_codes_free, wrong_codes_wait_max, .. } = *settings;
        Self {
            throttle: Throttle::with(wrong_codes_free, wrong_codes_wait_max),
            turn: Mutex::new(()),
        }
    }

    /// The code that was presented, whether or not it may still be redeemed.
    pub(crate) async fn find(
        &self,
        store: &Store,
        code: &RedemptionCode,
        account: AccountId,
        address: IpAddr,
        now: UnixMillis,
    ) -> Result<RedemptionCodeId, ApiError> {
        let account = account.to_string();
        let turn = self.turn.lock().await;
        if let Err(waits) = self.throttle.refuse_while_waiting(&account, address, now) {
            metrics::counter!("anc_limit_hits_total", "limit" => "wrong_codes").increment(1);
            return Err(waits);
        }
        if let Some(id) = store.redemption_codes().find(&code.secret().hash()).await? {
            return Ok(id);
        }
        self.throttle.failed(&account, address, now);
        drop(turn);
        Err(ApiError::code_unknown())
    }
}
