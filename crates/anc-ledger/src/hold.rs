//! What a hold may take, and what becomes of it.
//!
//! Each function is one step of the ledger: it takes the state of an account and a token as the
//! transaction has just read them and changes them in place, or refuses and leaves them alone.

use anc_domain::{MoneyError, NanoUsd, UnixMillis};

use crate::window::Period;

/// The money side of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountState {
    /// Σ entries − Σ charges; may fall below zero where a charge exceeded its hold.
    pub balance: NanoUsd,
    /// Σ open holds.
    pub held: NanoUsd,
    /// Whether the balance stops requests. An unmetered account is charged and never stopped.
    pub metered: bool,
    /// Whether the account is stopped: suspended by an operator, or all its people disabled.
    pub suspended: bool,
    /// How far below zero holds may take the balance: zero or more, by the account's tier.
    pub overdraft: NanoUsd,
}

impl AccountState {
    /// What the account can spend, held or not: its balance and its overdraft. Zero or less where
    /// both are used up.
    fn spendable(&self) -> Result<NanoUsd, MoneyError> {
        self.balance.checked_add(self.overdraft)
    }
}

/// The money side of an API token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenState {
    /// The most that the token may ever consume; `None` is unlimited.
    pub quota: Option<NanoUsd>,
    /// Σ charges.
    pub used: NanoUsd,
    /// Σ open holds.
    pub held: NanoUsd,
    /// Whether it is switched on.
    pub enabled: bool,
    /// Whether it was deleted.
    pub deleted: bool,
    /// When it stops working; `None` is never.
    pub expires_at: Option<UnixMillis>,
    /// Its budgets in the windows that count here, by [`Period::index`]: the current ones for a new
    /// hold, those of the hold for what becomes of it.
    pub budgets: [Option<BudgetState>; Period::ALL.len()],
}

/// One window of a token's periodic budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BudgetState {
    /// How often it begins anew.
    pub period: Period,
    /// The most that may be consumed in the window; `None` where the budget was taken away.
    pub limit: Option<NanoUsd>,
    /// Σ charges of the window.
    pub used: NanoUsd,
    /// Σ open holds of the window.
    pub held: NanoUsd,
    /// When the next window begins.
    pub ends_at: UnixMillis,
}

/// How much a request asks to be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HoldAsk {
    /// What the request can cost at worst.
    pub full: NanoUsd,
    /// What it must have to begin: its input and one step of output. At most `full`.
    pub least: NanoUsd,
    /// What to take where the full amount does not fit.
    pub otherwise: Otherwise,
}

/// What a hold takes where its full amount does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Otherwise {
    /// The least: for a stream, whose hold grows as it goes.
    Least,
    /// All that is free: for a buffered answer, whose bound is lowered to what is affordable.
    AllThatIsFree,
}

/// Which of the two purses a refusal is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// The API token's quota.
    ApiToken,
    /// The account's balance.
    Account,
    /// A periodic budget of the API token.
    Budget(Period),
}

/// Why there is no hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The token was disabled or deleted.
    TokenDisabled,
    /// The token's time is over.
    TokenExpired,
    /// The account is suspended.
    AccountSuspended,
    /// The token's quota does not cover the least, even with nothing held.
    TokenQuotaExhausted {
        /// The token's quota.
        quota: NanoUsd,
        /// What it has consumed of it.
        used: NanoUsd,
        /// The least that the request needs.
        least: NanoUsd,
    },
    /// A periodic budget does not cover the least, even with nothing held.
    BudgetExhausted {
        /// Which of them.
        period: Period,
        /// How much it is.
        limit: NanoUsd,
        /// What was consumed of it in this window.
        used: NanoUsd,
        /// When the next window begins.
        ends_at: UnixMillis,
    },
    /// The account's balance and overdraft do not cover the least, even with nothing held.
    BalanceExhausted {
        /// The account's balance.
        balance: NanoUsd,
        /// How far below zero it may be spent.
        overdraft: NanoUsd,
        /// The least that the request needs.
        least: NanoUsd,
    },
    /// Requests that still run hold what would otherwise be enough.
    HeldByRunningRequests {
        /// Whose money it is.
        of: Holder,
        /// How much they hold.
        held: NanoUsd,
    },
    /// The amount asked for is negative, or the books would leave their range.
    OutOfRange,
}

impl From<MoneyError> for Refusal {
    fn from(_: MoneyError) -> Self {
        Self::OutOfRange
    }
}

/// Takes a hold: the full amount if it fits, else the least if that fits. Gives what was granted.
///
/// The state is asked before the money, so that a disabled token never gets a hold and never learns
/// what is left. The token's own quota is asked before the account's balance.
pub fn hold(
    account: &mut AccountState,
    token: &mut TokenState,
    ask: HoldAsk,
    now: UnixMillis,
) -> Result<NanoUsd, Refusal> {
    if ask.least.is_negative() || ask.full < ask.least {
        return Err(Refusal::OutOfRange);
    }
    check_state(account, token)?;
    if token.expires_at.is_some_and(|end| end <= now) {
        return Err(Refusal::TokenExpired);
    }
    let granted = if fits(account, token, ask.full).is_ok() {
        ask.full
    } else {
        match ask.otherwise {
            Otherwise::Least => ask.least,
            Otherwise::AllThatIsFree => free(account, token)?.clamp(ask.least, ask.full),
        }
    };
    fits(account, token, granted)?;
    take(account, token, granted)?;
    Ok(granted)
}

/// Adds to an open hold of `held`. Expiry does not matter here: a stream that runs may finish. What
/// the request itself holds is not somebody else's: where its whole does not fit, money is exhausted.
pub fn grow(
    account: &mut AccountState,
    token: &mut TokenState,
    held: NanoUsd,
    by: NanoUsd,
) -> Result<(), Refusal> {
    if by.is_negative() {
        return Err(Refusal::OutOfRange);
    }
    check_state(account, token)?;
    let (mut others_account, mut others_token) = (*account, *token);
    release(&mut others_account, &mut others_token, held)?;
    fits(&others_account, &others_token, held.checked_add(by)?)?;
    take(account, token, by)
}

/// Replaces a hold by its charge. Never refused for want of money: what was delivered is owed, also
/// where it exceeds the hold, and also after the token was deleted.
pub fn settle(
    account: &mut AccountState,
    token: &mut TokenState,
    held: NanoUsd,
    charge: NanoUsd,
) -> Result<(), MoneyError> {
    if charge.is_negative() {
        return Err(MoneyError::OutOfRange);
    }
    let (mut next_account, mut next_token) = (*account, *token);
    release(&mut next_account, &mut next_token, held)?;
    next_account.balance = next_account.balance.checked_sub(charge)?;
    next_token.used = next_token.used.checked_add(charge)?;
    for budget in next_token.budgets.iter_mut().flatten() {
        budget.used = budget.used.checked_add(charge)?;
    }
    (*account, *token) = (next_account, next_token);
    Ok(())
}

/// Moves what was charged by `difference`, up or down: a request was closed for a node that seemed
/// gone, and its true end came after all. Token and windows keep counting what the account paid.
pub fn correct(
    account: &mut AccountState,
    token: &mut TokenState,
    difference: NanoUsd,
) -> Result<(), MoneyError> {
    let balance = account.balance.checked_sub(difference)?;
    let used = added(token.used, difference)?;
    let mut budgets = token.budgets;
    for budget in budgets.iter_mut().flatten() {
        budget.used = added(budget.used, difference)?;
    }
    (account.balance, token.used, token.budgets) = (balance, used, budgets);
    Ok(())
}

/// A sum of charges is never below zero.
fn added(used: NanoUsd, difference: NanoUsd) -> Result<NanoUsd, MoneyError> {
    let sum = used.checked_add(difference)?;
    if sum.is_negative() { Err(MoneyError::OutOfRange) } else { Ok(sum) }
}

/// Gives a hold back whole.
pub fn release(
    account: &mut AccountState,
    token: &mut TokenState,
    held: NanoUsd,
) -> Result<(), MoneyError> {
    let (account_held, token_held) =
        (account.held.checked_sub(held)?, token.held.checked_sub(held)?);
    if account_held.is_negative() || token_held.is_negative() {
        return Err(MoneyError::OutOfRange);
    }
    let mut budgets = token.budgets;
    for budget in budgets.iter_mut().flatten() {
        budget.held = budget.held.checked_sub(held)?;
        if budget.held.is_negative() {
            return Err(MoneyError::OutOfRange);
        }
    }
    (account.held, token.held, token.budgets) = (account_held, token_held, budgets);
    Ok(())
}

/// Posts money that comes in, or goes out by an operator's adjustment.
pub fn credit(account: &mut AccountState, amount: NanoUsd) -> Result<(), MoneyError> {
    account.balance = account.balance.checked_add(amount)?;
    Ok(())
}

const fn check_state(account: &AccountState, token: &TokenState) -> Result<(), Refusal> {
    if !token.enabled || token.deleted {
        return Err(Refusal::TokenDisabled);
    }
    if account.suspended {
        return Err(Refusal::AccountSuspended);
    }
    Ok(())
}

/// Whether `amount` fits into what both purses have free.
fn fits(account: &AccountState, token: &TokenState, amount: NanoUsd) -> Result<(), Refusal> {
    if let Some(quota) = token.quota {
        let left = quota.checked_sub(token.used)?;
        // Even a request that costs nothing needs something left: an exhausted token is exhausted.
        if amount > left || left <= NanoUsd::ZERO {
            return Err(Refusal::TokenQuotaExhausted { quota, used: token.used, least: amount });
        }
        if amount > left.checked_sub(token.held)? {
            return Err(held_by_running(Holder::ApiToken, token.held));
        }
    }
    for budget in token.budgets.iter().flatten() {
        let Some(limit) = budget.limit else { continue };
        let left = limit.checked_sub(budget.used)?;
        if amount > left || left <= NanoUsd::ZERO {
            let BudgetState { period, used, ends_at, .. } = *budget;
            return Err(Refusal::BudgetExhausted { period, limit, used, ends_at });
        }
        if amount > left.checked_sub(budget.held)? {
            return Err(held_by_running(Holder::Budget(budget.period), budget.held));
        }
    }
    if account.metered {
        let spendable = account.spendable()?;
        if amount > spendable || spendable <= NanoUsd::ZERO {
            let AccountState { balance, overdraft, .. } = *account;
            return Err(Refusal::BalanceExhausted { balance, overdraft, least: amount });
        }
        if amount > spendable.checked_sub(account.held)? {
            return Err(held_by_running(Holder::Account, account.held));
        }
    }
    Ok(())
}

/// What neither purse has promised to anybody yet.
fn free(account: &AccountState, token: &TokenState) -> Result<NanoUsd, Refusal> {
    let mut free = NanoUsd::MAX;
    if let Some(quota) = token.quota {
        free = free.min(quota.checked_sub(token.used)?.checked_sub(token.held)?);
    }
    for budget in token.budgets.iter().flatten() {
        if let Some(limit) = budget.limit {
            free = free.min(limit.checked_sub(budget.used)?.checked_sub(budget.held)?);
        }
    }
    if account.metered {
        free = free.min(account.spendable()?.checked_sub(account.held)?);
    }
    Ok(free)
}

/// What a token can still spend, held or not: the least of its quota, its budgets and its account's
/// balance with its overdraft, zero where one is used up; `None` where nothing bounds it.
pub fn left(account: &AccountState, token: &TokenState) -> Option<NanoUsd> {
    let of = |limit: NanoUsd, used: NanoUsd| limit.checked_sub(used).unwrap_or_default();
    let quota = token.quota.map(|quota| of(quota, token.used));
    // A sum beyond the range is more than anybody has.
    let balance = account.metered.then(|| account.spendable().unwrap_or(NanoUsd::MAX));
    let budgets = token.budgets.iter().flatten().filter_map(|one| Some(of(one.limit?, one.used)));
    let least = budgets.chain(quota).chain(balance).min()?;
    Some(least.max(NanoUsd::ZERO))
}

const fn held_by_running(of: Holder, held: NanoUsd) -> Refusal {
    Refusal::HeldByRunningRequests { of, held }
}

fn take(
    account: &mut AccountState,
    token: &mut TokenState,
    amount: NanoUsd,
) -> Result<(), Refusal> {
    let (account_held, token_held) =
        (account.held.checked_add(amount)?, token.held.checked_add(amount)?);
    let mut budgets = token.budgets;
    for budget in budgets.iter_mut().flatten() {
        budget.held = budget.held.checked_add(amount)?;
    }
    (account.held, token.held, token.budgets) = (account_held, token_held, budgets);
    Ok(())
}

#[cfg(test)]
mod tests;
