//! Whether a redemption code may be redeemed, and what that does.

use anc_domain::{MoneyError, NanoUsd, UnixMillis};

use crate::hold::AccountState;

/// A redemption code as its account meets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeState {
    /// What each use of it is worth; above zero.
    pub amount: NanoUsd,
    /// How often it may be used in all.
    pub uses: u32,
    /// How often it was.
    pub used: u32,
    /// Whether each account may use it no more than once.
    pub once_per_account: bool,
    /// Whether this account has used it.
    pub used_by_account: bool,
    /// When it stops working; `None` is never.
    pub expires_at: Option<UnixMillis>,
    /// Whether an operator has ended it.
    pub revoked: bool,
}

/// Why a code is not redeemed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotRedeemed {
    /// The account may not act.
    #[error("the account is suspended")]
    AccountSuspended,
    /// This account has used it, and may no more than once.
    #[error("the account has redeemed this code")]
    UsedByAccount,
    /// An operator has ended it.
    #[error("the code was revoked")]
    Revoked,
    /// It stopped working.
    #[error("the code has expired")]
    Expired,
    /// It was used as often as it may be.
    #[error("the code is used up")]
    UsedUp,
    /// The balance would be beyond what can be counted.
    #[error(transparent)]
    OutOfRange(#[from] MoneyError),
}

/// Uses a code once for an account, or refuses and leaves both alone.
pub fn redeem(
    account: &mut AccountState,
    code: &mut CodeState,
    now: UnixMillis,
) -> Result<(), NotRedeemed> {
    if account.suspended {
        return Err(NotRedeemed::AccountSuspended);
    }
    // Before what may have happened to the code since: it is what the person wants to know.
    if code.once_per_account && code.used_by_account {
        return Err(NotRedeemed::UsedByAccount);
    }
    if code.revoked {
        return Err(NotRedeemed::Revoked);
    }
    if code.expires_at.is_some_and(|end| end <= now) {
        return Err(NotRedeemed::Expired);
    }
    if code.used >= code.uses {
        return Err(NotRedeemed::UsedUp);
    }
    account.balance = account.balance.checked_add(code.amount)?;
    code.used += 1;
    code.used_by_account = true;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis::from_millis(1_000);

    fn account() -> AccountState {
        AccountState {
            balance: NanoUsd::from_nanos(-5),
            held: NanoUsd::ZERO,
            overdraft: NanoUsd::ZERO,
            metered: true,
            suspended: false,
        }
    }

    fn code() -> CodeState {
        CodeState {
            amount: NanoUsd::from_nanos(10),
            uses: 2,
            used: 0,
            once_per_account: true,
            used_by_account: false,
            expires_at: None,
            revoked: false,
        }
    }

    #[test]
    fn a_code_is_worth_its_amount_as_often_as_it_may_be_used() {
        let (mut account, mut code) = (account(), CodeState { once_per_account: false, ..code() });
        assert_eq!(redeem(&mut account, &mut code, NOW), Ok(()));
        assert_eq!(redeem(&mut account, &mut code, NOW), Ok(()));
        assert_eq!(redeem(&mut account, &mut code, NOW), Err(NotRedeemed::UsedUp));
        assert_eq!((account.balance, code.used), (NanoUsd::from_nanos(15), 2));
    }

    #[test]
    fn what_is_refused_changes_nothing() {
        let expired = Some(NOW);
        for (suspended, wrong, why) in [
            (true, code(), NotRedeemed::AccountSuspended),
            (false, CodeState { used_by_account: true, ..code() }, NotRedeemed::UsedByAccount),
            (false, CodeState { revoked: true, ..code() }, NotRedeemed::Revoked),
            (false, CodeState { expires_at: expired, ..code() }, NotRedeemed::Expired),
            (false, CodeState { used: 2, ..code() }, NotRedeemed::UsedUp),
        ] {
            let before = AccountState { suspended, ..account() };
            let (mut account, mut code) = (before, wrong);
            assert_eq!(redeem(&mut account, &mut code, NOW), Err(why));
            assert_eq!((account, code), (before, wrong));
        }
        let mut rich = AccountState { balance: NanoUsd::from_nanos(i64::MAX), ..account() };
        let mut fresh = code();
        let refused = redeem(&mut rich, &mut fresh, NOW);
        assert!(matches!(refused, Err(NotRedeemed::OutOfRange(_))));
        assert_eq!(fresh, code());
    }
}
