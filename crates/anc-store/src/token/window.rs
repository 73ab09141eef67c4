//! The current windows of a token's budgets, as people see them.

use anc_domain::{NanoUsd, UnixMillis};
use anc_ledger::Period;

use super::{TokenRecord, Tokens};
use crate::sql::query;
use crate::{AccountRecord, StoreError};

/// What a budget has been used for in its current window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowUse {
    /// How often it begins anew.
    pub period: Period,
    /// The most that may be consumed.
    pub limit: NanoUsd,
    /// Σ charges of the window.
    pub used: NanoUsd,
    /// When the next window begins.
    pub ends_at: UnixMillis,
}

impl WindowUse {
    /// What is left of it, zero if it is overdrawn.
    pub fn remaining(&self) -> NanoUsd {
        self.limit.checked_sub(self.used).unwrap_or_default().max(NanoUsd::ZERO)
    }
}

impl Tokens<'_> {
    /// The current windows of a token's budgets, shortest period first.
    pub async fn windows(
        &self,
        token: &TokenRecord,
        account: &AccountRecord,
    ) -> Result<Vec<WindowUse>, StoreError> {
        let now = self.db.now();
        let mut windows = Vec::new();
        for period in Period::ALL {
            let Some(limit) = token.traits.budgets[period.index()] else { continue };
            let Some(window) = anc_ledger::window(period, now, &account.zone) else { continue };
            let used: Option<(i64,)> = query(
                "select used
                 from api_token_window
                 where token_id = $1
                 and period = $2
                 and start = $3",
            )
            .bind(token.id.as_i64())
            .bind(period.name())
            .bind(window.start.as_millis())
            .fetch_optional(&self.db.readers)
            .await?;
            let used = NanoUsd::from_nanos(used.map_or(0, |(used,)| used));
            windows.push(WindowUse { period, limit, used, ends_at: window.end });
        }
        Ok(windows)
    }
}
