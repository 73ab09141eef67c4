use proptest::prelude::*;

use super::*;

const NOW: UnixMillis = UnixMillis::from_millis(1_000);

fn nanos(amount: i64) -> NanoUsd {
    NanoUsd::from_nanos(amount)
}

fn account(balance: i64) -> AccountState {
    AccountState {
        balance: nanos(balance),
        held: nanos(0),
        metered: true,
        suspended: false,
        overdraft: nanos(0),
    }
}

fn token(quota: Option<i64>) -> TokenState {
    TokenState {
        quota: quota.map(nanos),
        used: nanos(0),
        held: nanos(0),
        enabled: true,
        deleted: false,
        expires_at: None,
        budgets: [None; 3],
    }
}

fn ask(full: i64, least: i64) -> HoldAsk {
    HoldAsk { full: nanos(full), least: nanos(least), otherwise: Otherwise::Least }
}

#[test]
fn a_hold_takes_the_full_amount_where_it_fits() {
    let (mut account, mut token) = (account(100), token(Some(50)));
    assert_eq!(hold(&mut account, &mut token, ask(50, 10), NOW), Ok(nanos(50)));
    assert_eq!((account.held, token.held), (nanos(50), nanos(50)));
}

#[test]
fn a_hold_takes_the_least_where_the_full_amount_does_not_fit() {
    let (mut account, mut token) = (account(100), token(Some(40)));
    assert_eq!(hold(&mut account, &mut token, ask(50, 10), NOW), Ok(nanos(10)));
}

#[test]
fn a_buffered_answer_takes_all_that_is_free() {
    let (mut account, mut token) = (account(100), token(Some(40)));
    let wanting = HoldAsk { otherwise: Otherwise::AllThatIsFree, ..ask(50, 10) };
    assert_eq!(hold(&mut account, &mut token, wanting, NOW), Ok(nanos(40)));
    assert!(matches!(
        hold(&mut account, &mut token, wanting, NOW),
        Err(Refusal::HeldByRunningRequests { of: Holder::ApiToken, .. })
    ));
}

#[test]
fn a_refusal_tells_no_money_from_money_held() {
    let (mut account, mut token) = (account(100), token(Some(50)));
    hold(&mut account, &mut token, ask(45, 45), NOW).unwrap();
    assert_eq!(
        hold(&mut account, &mut token, ask(10, 10), NOW),
        Err(Refusal::HeldByRunningRequests { of: Holder::ApiToken, held: nanos(45) })
    );
    settle(&mut account, &mut token, nanos(45), nanos(45)).unwrap();
    assert_eq!(
        hold(&mut account, &mut token, ask(10, 10), NOW),
        Err(Refusal::TokenQuotaExhausted { quota: nanos(50), used: nanos(45), least: nanos(10) })
    );
}

#[test]
fn the_balance_stops_a_metered_account_only() {
    let (mut account, mut token) = (account(5), token(None));
    assert_eq!(
        hold(&mut account, &mut token, ask(10, 10), NOW),
        Err(Refusal::BalanceExhausted { balance: nanos(5), overdraft: nanos(0), least: nanos(10) })
    );
    account.metered = false;
    assert!(hold(&mut account, &mut token, ask(10, 10), NOW).is_ok());
}

#[test]
fn an_overdraft_is_held_to_its_last_nano_dollar_and_no_further() {
    let (mut account, mut token) = (account(5), token(None));
    account.overdraft = nanos(10);
    assert_eq!(left(&account, &token), Some(nanos(15)));
    assert!(matches!(
        hold(&mut account, &mut token, ask(16, 16), NOW),
        Err(Refusal::BalanceExhausted { .. })
    ));
    let wanting = HoldAsk { otherwise: Otherwise::AllThatIsFree, ..ask(50, 10) };
    assert_eq!(hold(&mut account, &mut token, wanting, NOW), Ok(nanos(15)));
    settle(&mut account, &mut token, nanos(15), nanos(15)).unwrap();
    assert_eq!(account.balance, nanos(-10));
    assert_eq!(
        hold(&mut account, &mut token, ask(0, 0), NOW),
        Err(Refusal::BalanceExhausted {
            balance: nanos(-10),
            overdraft: nanos(10),
            least: nanos(0)
        })
    );
    // A smaller overdraft takes nothing back and grants nothing more.
    account.overdraft = nanos(3);
    assert_eq!(left(&account, &token), Some(nanos(0)));
    assert!(hold(&mut account, &mut token, ask(1, 1), NOW).is_err());
}

#[test]
fn an_exhausted_token_is_refused_even_what_is_free() {
    let (mut account, mut token) = (account(100), token(Some(0)));
    assert!(matches!(
        hold(&mut account, &mut token, ask(0, 0), NOW),
        Err(Refusal::TokenQuotaExhausted { .. })
    ));
}

#[test]
fn every_budget_binds_and_tells_when_it_begins_anew() {
    let budget = |period, limit| {
        let (used, held, ends_at) = (nanos(0), nanos(0), UnixMillis::from_millis(9_000));
        Some(BudgetState { period, limit: Some(nanos(limit)), used, held, ends_at })
    };
    let (mut account, mut token) = (account(100), token(Some(50)));
    token.budgets = [budget(Period::Day, 20), None, budget(Period::Month, 30)];
    assert_eq!(hold(&mut account, &mut token, ask(20, 20), NOW), Ok(nanos(20)));
    assert_eq!(
        hold(&mut account, &mut token, ask(5, 5), NOW),
        Err(Refusal::HeldByRunningRequests { of: Holder::Budget(Period::Day), held: nanos(20) })
    );
    settle(&mut account, &mut token, nanos(20), nanos(18)).unwrap();
    let refused = hold(&mut account, &mut token, ask(5, 5), NOW);
    let ends_at = UnixMillis::from_millis(9_000);
    let (limit, used) = (nanos(20), nanos(18));
    assert_eq!(
        refused,
        Err(Refusal::BudgetExhausted { period: Period::Day, limit, used, ends_at })
    );
    // The next day's window is empty, the month's is not.
    token.budgets[0] = budget(Period::Day, 20);
    let wanting = HoldAsk { otherwise: Otherwise::AllThatIsFree, ..ask(20, 1) };
    assert_eq!(hold(&mut account, &mut token, wanting, NOW), Ok(nanos(12)));
    release(&mut account, &mut token, nanos(12)).unwrap();
    assert!(token.budgets.iter().flatten().all(|budget| budget.held == nanos(0)));
}

#[test]
fn a_token_that_may_not_gets_no_hold() {
    type Change = fn(&mut AccountState, &mut TokenState);
    let cases: [(Change, Refusal); 4] = [
        (|_, token| token.enabled = false, Refusal::TokenDisabled),
        (|_, token| token.deleted = true, Refusal::TokenDisabled),
        (|account, _| account.suspended = true, Refusal::AccountSuspended),
        (|_, token| token.expires_at = Some(NOW), Refusal::TokenExpired),
    ];
    for (change, refusal) in cases {
        let (mut account, mut token) = (account(100), token(None));
        change(&mut account, &mut token);
        assert_eq!(hold(&mut account, &mut token, ask(1, 1), NOW), Err(refusal));
        assert_eq!((account.held, token.held), (nanos(0), nanos(0)));
    }
}

#[test]
fn an_expired_token_may_finish_but_a_disabled_one_may_not_grow() {
    let (mut account, mut token) = (account(100), token(None));
    token.expires_at = Some(NOW);
    assert_eq!(grow(&mut account, &mut token, nanos(0), nanos(1)), Ok(()));
    token.enabled = false;
    assert_eq!(grow(&mut account, &mut token, nanos(0), nanos(1)), Err(Refusal::TokenDisabled));
}

#[test]
fn what_a_request_holds_itself_is_not_held_by_others() {
    let (mut account, mut token) = (account(1_000), token(Some(100)));
    hold(&mut account, &mut token, ask(60, 60), NOW).unwrap();
    let alone = grow(&mut account, &mut token, nanos(60), nanos(50));
    assert!(matches!(alone, Err(Refusal::TokenQuotaExhausted { .. })), "{alone:?}");
    hold(&mut account, &mut token, ask(30, 30), NOW).unwrap();
    let beside = grow(&mut account, &mut token, nanos(60), nanos(20));
    assert!(matches!(beside, Err(Refusal::HeldByRunningRequests { .. })), "{beside:?}");
    assert_eq!(grow(&mut account, &mut token, nanos(60), nanos(10)), Ok(()));
}

#[test]
fn a_negative_amount_is_refused_everywhere() {
    let (mut account, mut token) = (account(100), token(None));
    assert_eq!(hold(&mut account, &mut token, ask(1, -1), NOW), Err(Refusal::OutOfRange));
    assert_eq!(hold(&mut account, &mut token, ask(1, 2), NOW), Err(Refusal::OutOfRange));
    assert_eq!(grow(&mut account, &mut token, nanos(0), nanos(-1)), Err(Refusal::OutOfRange));
    assert!(settle(&mut account, &mut token, nanos(0), nanos(-1)).is_err());
    assert!(release(&mut account, &mut token, nanos(1)).is_err());
}

#[test]
fn a_charge_above_its_hold_is_owed() {
    let (mut account, mut token) = (account(10), token(Some(10)));
    hold(&mut account, &mut token, ask(10, 10), NOW).unwrap();
    settle(&mut account, &mut token, nanos(10), nanos(12)).unwrap();
    assert_eq!((account.balance, token.used), (nanos(-2), nanos(12)));
    assert_eq!((account.held, token.held), (nanos(0), nanos(0)));
}

#[derive(Debug, Clone)]
enum Step {
    Hold { token: usize, full: i64, least: i64, otherwise: Otherwise },
    Grow { hold: usize, by: i64 },
    Settle { hold: usize, charge: i64 },
    Release { hold: usize },
    Credit(i64),
    Quota { token: usize, quota: Option<i64> },
    Enable { token: usize, enabled: bool },
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => (0..3_usize, 0..60_i64, 0..60_i64, any::<bool>()).prop_map(|(token, a, b, all)| {
            let otherwise = if all { Otherwise::AllThatIsFree } else { Otherwise::Least };
            Step::Hold { token, full: a.max(b), least: a.min(b), otherwise }
        }),
        2 => (any::<usize>(), 0..20_i64).prop_map(|(hold, by)| Step::Grow { hold, by }),
        4 => (any::<usize>(), 0..60_i64).prop_map(|(hold, charge)| Step::Settle { hold, charge }),
        1 => any::<usize>().prop_map(|hold| Step::Release { hold }),
        1 => (1..50_i64).prop_map(Step::Credit),
        1 => (0..3_usize, prop::option::of(0..200_i64))
            .prop_map(|(token, quota)| Step::Quota { token, quota }),
        1 => (0..3_usize, any::<bool>()).prop_map(|(token, enabled)| Step::Enable { token, enabled }),
    ]
}

/// What the books must say, kept the plain way: lists that are summed anew each time.
#[derive(Default)]
struct Model {
    entries: Vec<i64>,
    charges: Vec<(usize, i64)>,
    open: Vec<(usize, i64)>,
}

impl Model {
    fn balance(&self) -> i64 {
        self.entries.iter().sum::<i64>() - self.charges.iter().map(|(_, c)| c).sum::<i64>()
    }

    fn held(&self, token: usize) -> i64 {
        self.open.iter().filter(|(of, _)| *of == token).map(|(_, held)| held).sum()
    }

    fn used(&self, token: usize) -> i64 {
        self.charges.iter().filter(|(of, _)| *of == token).map(|(_, charge)| charge).sum()
    }
}

proptest! {
    #[test]
    fn l1_l2_l5_l8_the_books_hold_through_any_sequence(
        steps in prop::collection::vec(any_step(), 1..200),
    ) {
        let mut account = account(0);
        let mut tokens = [token(None), token(Some(100)), token(Some(30))];
        let mut model = Model::default();
        // A charge within its hold keeps every bound strict; how far charges went beyond is noted.
        let mut overrun = 0;
        for step in steps {
            match step {
                Step::Hold { token, full, least, otherwise } => {
                    let asked = HoldAsk { otherwise, ..ask(full, least) };
                    let granted = hold(&mut account, &mut tokens[token], asked, NOW);
                    if let Ok(taken) = granted {
                        model.open.push((token, taken.nanos()));
                        prop_assert!(account.balance.nanos() - account.held.nanos() >= 0);
                        if let Some(quota) = tokens[token].quota {
                            prop_assert!(model.used(token) + model.held(token) <= quota.nanos());
                        }
                    }
                }
                Step::Grow { hold, by } if !model.open.is_empty() => {
                    let at = hold % model.open.len();
                    let of = model.open[at].0;
                    let held = nanos(model.open[at].1);
                    if grow(&mut account, &mut tokens[of], held, nanos(by)).is_ok() {
                        model.open[at].1 += by;
                    }
                }
                Step::Settle { hold, charge } if !model.open.is_empty() => {
                    let (of, held) = model.open.swap_remove(hold % model.open.len());
                    settle(&mut account, &mut tokens[of], nanos(held), nanos(charge)).unwrap();
                    model.charges.push((of, charge));
                    overrun += (charge - held).max(0);
                }
                Step::Release { hold } if !model.open.is_empty() => {
                    let (of, held) = model.open.swap_remove(hold % model.open.len());
                    release(&mut account, &mut tokens[of], nanos(held)).unwrap();
                }
                Step::Credit(amount) => {
                    credit(&mut account, nanos(amount)).unwrap();
                    model.entries.push(amount);
                }
                Step::Quota { token, quota } => tokens[token].quota = quota.map(nanos),
                Step::Enable { token, enabled } => tokens[token].enabled = enabled,
                Step::Grow { .. } | Step::Settle { .. } | Step::Release { .. } => {}
            }
            prop_assert_eq!(account.balance.nanos(), model.balance());
            prop_assert_eq!(account.held.nanos(), (0..3).map(|t| model.held(t)).sum::<i64>());
            for (number, token) in tokens.iter().enumerate() {
                prop_assert_eq!(token.used.nanos(), model.used(number));
                prop_assert_eq!(token.held.nanos(), model.held(number));
            }
            prop_assert!(account.balance.nanos() >= -overrun);
        }
    }
}
