//! What a batch of operations reads, decides and writes: the same for both engines, which only
//! load the books and write the outcome.
//!
//! Operations are decided in the order of their arrival on the books in memory, each by a pure
//! function of `anc-ledger`.

use std::collections::{BTreeSet, HashMap, HashSet};

use anc_domain::{NanoUsd, UnixMillis};
use anc_ledger::{AccountState, BudgetState, Period, TokenState, Zone, window};

use super::attempt::FailedAttemptOp;
use super::op::{CreditOp, Granted, GrowOp, HoldOp, Op, SettleOp, Ticket, Verdict};
use super::redeem::{NewRedemption, Shelf, Wanted};
use super::{EntryKind, Settlement};
use crate::{OwnCost, StoreError, row};

/// A request's id as the database has it.
pub(super) type RequestKey = [u8; 16];

/// For each period the start of a window, where there is one that counts.
pub(super) type WindowStarts = [Option<i64>; Period::ALL.len()];

/// A window's key: token, period, start.
pub(super) type WindowKey = (i64, Period, i64);

/// What a batch has to read.
#[derive(Default)]
pub(super) struct Keys<'a> {
    /// In order, which is the order of locks.
    pub(super) accounts: BTreeSet<i64>,
    /// In order, which is the order of locks.
    pub(super) tokens: BTreeSet<i64>,
    /// Holds that grow.
    pub(super) growing: Vec<RequestKey>,
    /// Holds that end.
    pub(super) ending: Vec<RequestKey>,
    /// Causes of credits.
    pub(super) causes: Vec<&'a str>,
    pub(super) redemptions: Wanted,
}

/// The money side of an account, and whether this batch moved it.
pub(super) struct Account {
    pub(super) state: AccountState,
    /// Whose midnights begin its windows.
    pub(super) zone: Zone,
    pub(super) dirty: bool,
}

/// The money side of a token, and whether this batch moved it.
pub(super) struct Token {
    pub(super) account_id: i64,
    pub(super) state: TokenState,
    pub(super) requests: i64,
    pub(super) last_used_at: Option<i64>,
    /// The periodic budgets that it has now.
    pub(super) budgets: [Option<NanoUsd>; Period::ALL.len()],
    dirty: bool,
}

/// One window of a token's budget, and whether this batch moved it.
#[derive(Clone, Copy, Default)]
pub(super) struct WindowRow {
    pub(super) used: NanoUsd,
    pub(super) held: NanoUsd,
    dirty: bool,
}

/// An open hold.
#[derive(Clone, Copy)]
pub(super) struct HeldRow {
    pub(super) token_id: i64,
    pub(super) amount: NanoUsd,
    pub(super) started_at: i64,
    pub(super) windows: WindowStarts,
}

/// A usage row that stands for a request whose hold is gone.
#[derive(Clone, Copy)]
pub(super) struct Settled {
    pub(super) token_id: i64,
    pub(super) charge: NanoUsd,
    /// Those that its charge landed in.
    pub(super) windows: WindowStarts,
    /// It was closed for a node that seemed gone.
    pub(super) interrupted: bool,
    /// The difference to what was owed after all was posted.
    pub(super) corrected: bool,
}

/// What a batch has read.
#[derive(Default)]
pub(super) struct Books {
    pub(super) accounts: HashMap<i64, Account>,
    pub(super) tokens: HashMap<i64, Token>,
    pub(super) windows: HashMap<WindowKey, WindowRow>,
    pub(super) holds: HashMap<RequestKey, HeldRow>,
    /// Of holds that end and are gone.
    pub(super) settled: HashMap<RequestKey, Settled>,
    /// Account and amount of entries that were posted, by cause.
    pub(super) entries: HashMap<String, (i64, NanoUsd)>,
    pub(super) redemptions: Shelf,
}

/// A hold to insert.
pub(super) struct NewHold<'a> {
    pub(super) ticket: &'a Ticket,
    pub(super) amount: NanoUsd,
    pub(super) input_estimate: i64,
    pub(super) windows: WindowStarts,
}

/// A usage row to insert.
pub(super) struct NewUsage<'a> {
    pub(super) ticket: &'a Ticket,
    /// The price by which the charge can be computed again.
    pub(super) price_text: &'a str,
    pub(super) settlement: &'a Settlement,
    pub(super) charge: NanoUsd,
    pub(super) own_cost: Option<OwnCost>,
    pub(super) held: NanoUsd,
    pub(super) started_at: i64,
    pub(super) windows: WindowStarts,
}

/// A ledger entry to insert.
pub(super) struct NewEntry {
    pub(super) account_id: i64,
    pub(super) kind: EntryKind,
    pub(super) amount: NanoUsd,
    pub(super) reason: String,
    pub(super) cause: String,
    /// The account's, this entry included.
    pub(super) balance_after: NanoUsd,
}

/// What a late end of a request moves beside the balance.
pub(super) struct NewCorrection {
    pub(super) request_id: RequestKey,
    pub(super) account_id: i64,
    pub(super) token_id: i64,
    /// Owed more, or less, than the usage row's charge.
    pub(super) amount: NanoUsd,
    pub(super) windows: WindowStarts,
}

/// What a batch has decided: the verdicts in order, and what is to be written beside the books.
#[derive(Default)]
pub(super) struct Outcome<'a> {
    pub(super) verdicts: Vec<Verdict>,
    pub(super) new_holds: Vec<NewHold<'a>>,
    /// With their new amounts.
    pub(super) grown: Vec<(RequestKey, NanoUsd)>,
    pub(super) ended: Vec<RequestKey>,
    pub(super) usage: Vec<NewUsage<'a>>,
    pub(super) entries: Vec<NewEntry>,
    pub(super) corrections: Vec<NewCorrection>,
    pub(super) redemptions: Vec<NewRedemption>,
    pub(super) failed_attempts: Vec<&'a FailedAttemptOp>,
}

impl<'a> Keys<'a> {
    pub(super) fn of(ops: &'a [Op]) -> Self {
        let mut keys = Self::default();
        for op in ops {
            match op {
                Op::Hold(op) => keys.add_payer(&op.ticket),
                Op::Grow(op) => {
                    keys.add_payer(&op.ticket);
                    keys.growing.push(op.ticket.request_id);
                }
                Op::Settle(op) => {
                    keys.add_payer(&op.ticket);
                    keys.ending.push(op.ticket.request_id);
                }
                Op::Release(ticket) => {
                    keys.add_payer(ticket);
                    keys.ending.push(ticket.request_id);
                }
                Op::Credit(op) => {
                    keys.accounts.insert(op.credit.account_id.as_i64());
                    keys.causes.push(&op.credit.cause);
                }
                Op::Redeem(op) => {
                    keys.accounts.insert(op.ask.account_id.as_i64());
                    keys.redemptions.add(&op.ask);
                }
                Op::FailedAttempt(_) | Op::Prune(_) | Op::Watch(_) | Op::Close(_) => {}
            }
        }
        keys
    }

    fn add_payer(&mut self, ticket: &Ticket) {
        self.accounts.insert(ticket.account_id);
        self.tokens.insert(ticket.token_id);
    }
}

impl Account {
    pub(super) const fn new(state: AccountState, zone: Zone) -> Self {
        Self { state, zone, dirty: false }
    }
}

impl Token {
    pub(super) const fn new(
        account_id: i64,
        state: TokenState,
        requests: i64,
        last_used_at: Option<i64>,
        budgets: [Option<NanoUsd>; Period::ALL.len()],
    ) -> Self {
        Self { account_id, state, requests, last_used_at, budgets, dirty: false }
    }
}

impl WindowRow {
    pub(super) const fn new(used: NanoUsd, held: NanoUsd) -> Self {
        Self { used, held, dirty: false }
    }
}

impl Books {
    /// The windows that the batch touches, once accounts, tokens and holds are read: those that are
    /// current for tokens with budgets, those of the holds, and those of what may be corrected.
    pub(super) fn wanted_windows(&self, now: UnixMillis) -> HashSet<WindowKey> {
        let mut wanted = HashSet::new();
        for (id, token) in &self.tokens {
            for (period, start) in each(&self.current_windows(token, now)) {
                wanted.insert((*id, period, start));
            }
        }
        for hold in self.holds.values() {
            for (period, start) in each(&hold.windows) {
                wanted.insert((hold.token_id, period, start));
            }
        }
        for settled in self.settled.values() {
            for (period, start) in each(&settled.windows) {
                wanted.insert((settled.token_id, period, start));
            }
        }
        wanted
    }

    /// Starts of the windows that count for a new hold of this token.
    fn current_windows(&self, token: &Token, now: UnixMillis) -> WindowStarts {
        let zone = self.accounts.get(&token.account_id).map(|account| &account.zone);
        Period::ALL.map(|period| {
            token.budgets[period.index()]?;
            window(period, now, zone?).map(|window| window.start.as_millis())
        })
    }

    /// Puts the windows of `starts` into the token's state, for the rules to see.
    fn show_windows(&mut self, token_id: i64, starts: &WindowStarts) {
        let Some(token) = self.tokens.get_mut(&token_id) else { return };
        let zone = self.accounts.get(&token.account_id).map(|account| &account.zone);
        token.state.budgets = Period::ALL.map(|period| {
            let start = starts[period.index()]?;
            let row = self.windows.get(&(token_id, period, start)).copied().unwrap_or_default();
            let begun = UnixMillis::from_millis(start);
            let ends_at = window(period, begun, zone?).map_or(begun, |window| window.end);
            let limit = token.budgets[period.index()];
            Some(BudgetState { period, limit, used: row.used, held: row.held, ends_at })
        });
    }

    /// Takes the windows back from the token's state.
    fn keep_windows(&mut self, token_id: i64, starts: &WindowStarts) {
        let Some(token) = self.tokens.get_mut(&token_id) else { return };
        for (period, start) in each(starts) {
            if let Some(budget) = token.state.budgets[period.index()].take() {
                let row = WindowRow { used: budget.used, held: budget.held, dirty: true };
                self.windows.insert((token_id, period, start), row);
            }
        }
    }

    /// The windows that were moved.
    pub(super) fn moved_windows(&self) -> impl Iterator<Item = (WindowKey, &WindowRow)> {
        self.windows.iter().filter(|(_, row)| row.dirty).map(|(key, row)| (*key, row))
    }

    /// Decides every operation in order. An error means that one of them cannot be done, and that
    /// nothing of the batch may be written.
    pub(super) fn decide<'a>(
        &mut self,
        ops: &'a [Op],
        now: UnixMillis,
    ) -> Result<Outcome<'a>, StoreError> {
        let mut outcome = Outcome::default();
        outcome.verdicts.reserve(ops.len());
        for op in ops {
            let verdict = match op {
                Op::Hold(op) => self.hold(op, &mut outcome, now)?,
                Op::Grow(op) => self.grow(op, &mut outcome)?,
                Op::Settle(op) => self.settle(op, &mut outcome)?,
                Op::Release(ticket) => self.release(ticket, &mut outcome)?,
                Op::Credit(op) => self.credit(op, &mut outcome),
                Op::Redeem(op) => self.redeem(op, &mut outcome, now),
                Op::FailedAttempt(op) => {
                    outcome.failed_attempts.push(op);
                    Verdict::Done
                }
                Op::Prune(_) | Op::Watch(_) | Op::Close(_) => Verdict::Done,
            };
            outcome.verdicts.push(verdict);
        }
        Ok(outcome)
    }

    /// The accounts that were moved.
    pub(super) fn moved_accounts(&self) -> impl Iterator<Item = (i64, &AccountState)> {
        let moved = self.accounts.iter().filter(|(_, account)| account.dirty);
        moved.map(|(id, account)| (*id, &account.state))
    }

    /// The tokens that were moved.
    pub(super) fn moved_tokens(&self) -> impl Iterator<Item = (i64, &Token)> {
        self.tokens.iter().filter(|(_, token)| token.dirty).map(|(id, token)| (*id, token))
    }

    fn hold<'a>(
        &mut self,
        op: &'a HoldOp,
        outcome: &mut Outcome<'a>,
        now: UnixMillis,
    ) -> Result<Verdict, StoreError> {
        let token_id = op.ticket.token_id;
        let windows = self
            .tokens
            .get(&token_id)
            .map(|token| self.current_windows(token, now))
            .unwrap_or_default();
        self.show_windows(token_id, &windows);
        let (account, token) = self.payer(&op.ticket)?;
        let left = anc_ledger::left(&account.state, &token.state);
        let granted = match anc_ledger::hold(&mut account.state, &mut token.state, op.ask, now) {
            Ok(granted) => granted,
            Err(refusal) => return Ok(Verdict::Held(Err(refusal))),
        };
        token.last_used_at = Some(now.as_millis());
        (account.dirty, token.dirty) = (true, true);
        outcome.new_holds.push(NewHold {
            ticket: &op.ticket,
            amount: granted,
            input_estimate: row::units_column(op.input_estimate),
            windows,
        });
        self.keep_windows(token_id, &windows);
        Ok(Verdict::Held(Ok(Granted { amount: granted, left })))
    }

    fn grow(&mut self, op: &GrowOp, outcome: &mut Outcome<'_>) -> Result<Verdict, StoreError> {
        let key = op.ticket.request_id;
        let before = self.holds.get(&key).copied();
        let before = before.ok_or_else(|| StoreError::corrupt("a hold to grow is gone"))?;
        self.show_windows(op.ticket.token_id, &before.windows);
        let (account, token) = self.payer(&op.ticket)?;
        if let Err(refusal) =
            anc_ledger::grow(&mut account.state, &mut token.state, before.amount, op.by)
        {
            return Ok(Verdict::Grown(Err(refusal)));
        }
        (account.dirty, token.dirty) = (true, true);
        let amount = before.amount.checked_add(op.by).map_err(StoreError::corrupt)?;
        self.holds.insert(key, HeldRow { amount, ..before });
        outcome.grown.push((key, amount));
        self.keep_windows(op.ticket.token_id, &before.windows);
        Ok(Verdict::Grown(Ok(())))
    }

    fn settle<'a>(
        &mut self,
        op: &'a SettleOp,
        outcome: &mut Outcome<'a>,
    ) -> Result<Verdict, StoreError> {
        let key = op.ticket.request_id;
        // That the hold's row goes away is what makes a settle happen once.
        let Some(hold) = self.holds.remove(&key) else {
            // Another node closed it, or its own came back: what an onlooker read of it is stale.
            return if op.for_gone_node {
                Ok(Verdict::Done)
            } else {
                self.correct(&op.ticket, op.charge, outcome)
            };
        };
        self.show_windows(op.ticket.token_id, &hold.windows);
        let (account, token) = self.payer(&op.ticket)?;
        anc_ledger::settle(&mut account.state, &mut token.state, hold.amount, op.charge)
            .map_err(StoreError::corrupt)?;
        token.requests += 1;
        (account.dirty, token.dirty) = (true, true);
        outcome.ended.push(key);
        outcome.usage.push(NewUsage {
            ticket: &op.ticket,
            price_text: op.price_text.as_deref().unwrap_or(&op.ticket.price_text),
            settlement: &op.settlement,
            charge: op.charge,
            own_cost: op.own_cost,
            held: hold.amount,
            started_at: hold.started_at,
            windows: hold.windows,
        });
        self.keep_windows(op.ticket.token_id, &hold.windows);
        Ok(Verdict::Done)
    }

    /// The end of a request whose hold is gone: an earlier try of it was committed though its answer
    /// was lost, or the hold was closed for a node that seemed gone. Then the difference is posted,
    /// once.
    fn correct(
        &mut self,
        ticket: &Ticket,
        charge: NanoUsd,
        outcome: &mut Outcome<'_>,
    ) -> Result<Verdict, StoreError> {
        let settled = self.settled.get(&ticket.request_id).copied();
        let settled = settled.ok_or_else(|| StoreError::corrupt("a hold to settle is gone"))?;
        if !settled.interrupted || settled.corrected || settled.charge == charge {
            return Ok(Verdict::Done);
        }
        let difference = charge.checked_sub(settled.charge).map_err(StoreError::corrupt)?;
        let amount = settled.charge.checked_sub(charge).map_err(StoreError::corrupt)?;
        self.show_windows(ticket.token_id, &settled.windows);
        let (account, token) = self.payer(ticket)?;
        anc_ledger::correct(&mut account.state, &mut token.state, difference)
            .map_err(StoreError::corrupt)?;
        (account.dirty, token.dirty) = (true, true);
        let balance_after = account.state.balance;
        self.keep_windows(ticket.token_id, &settled.windows);
        // Asked again, it finds nothing to correct.
        self.settled.insert(ticket.request_id, Settled { corrected: true, ..settled });
        outcome.entries.push(NewEntry {
            account_id: ticket.account_id,
            kind: EntryKind::Correction,
            amount,
            reason: "the answer ended after its node had seemed gone".to_owned(),
            cause: correction_cause(&ticket.request_id),
            balance_after,
        });
        outcome.corrections.push(NewCorrection {
            request_id: ticket.request_id,
            account_id: ticket.account_id,
            token_id: ticket.token_id,
            amount: difference,
            windows: settled.windows,
        });
        Ok(Verdict::Done)
    }

    fn release(
        &mut self,
        ticket: &Ticket,
        outcome: &mut Outcome<'_>,
    ) -> Result<Verdict, StoreError> {
        let Some(hold) = self.holds.remove(&ticket.request_id) else {
            return match self.settled.get(&ticket.request_id) {
                // Closed for a node that seemed gone, and charged: nothing was owed.
                Some(_) => self.correct(ticket, NanoUsd::ZERO, outcome),
                // Released by an earlier try whose answer was lost, or never committed.
                None => Ok(Verdict::Done),
            };
        };
        self.show_windows(ticket.token_id, &hold.windows);
        let (account, token) = self.payer(ticket)?;
        anc_ledger::release(&mut account.state, &mut token.state, hold.amount)
            .map_err(StoreError::corrupt)?;
        (account.dirty, token.dirty) = (true, true);
        outcome.ended.push(ticket.request_id);
        self.keep_windows(ticket.token_id, &hold.windows);
        Ok(Verdict::Done)
    }

    fn credit(&mut self, op: &CreditOp, outcome: &mut Outcome<'_>) -> Verdict {
        let credit = &op.credit;
        let account_id = credit.account_id.as_i64();
        let Some(account) = self.accounts.get_mut(&account_id) else {
            return conflict("the account does not exist");
        };
        match self.entries.get(&credit.cause) {
            Some(posted) if *posted == (account_id, credit.amount) => {
                return Verdict::Credited(Ok(account.state.balance));
            }
            Some(_) => return conflict("another entry has this cause"),
            None => {}
        }
        if anc_ledger::credit(&mut account.state, credit.amount).is_err() {
            return conflict("the balance would be out of range");
        }
        account.dirty = true;
        self.entries.insert(credit.cause.clone(), (account_id, credit.amount));
        outcome.entries.push(NewEntry {
            account_id,
            kind: credit.kind,
            amount: credit.amount,
            reason: credit.reason.clone(),
            cause: credit.cause.clone(),
            balance_after: account.state.balance,
        });
        Verdict::Credited(Ok(account.state.balance))
    }

    /// The account and the token of a hold.
    fn payer(&mut self, ticket: &Ticket) -> Result<(&mut Account, &mut Token), StoreError> {
        let account = self.accounts.get_mut(&ticket.account_id);
        let token = self.tokens.get_mut(&ticket.token_id);
        match (account, token) {
            (Some(account), Some(token)) if token.account_id == ticket.account_id => {
                Ok((account, token))
            }
            _ => Err(StoreError::corrupt("no such account and token")),
        }
    }
}

/// The windows that there are.
pub(super) fn each(starts: &WindowStarts) -> impl Iterator<Item = (Period, i64)> {
    Period::ALL.into_iter().zip(starts).filter_map(|(period, start)| Some((period, (*start)?)))
}

/// What a correction is posted under.
pub(super) fn correction_cause(request_id: &RequestKey) -> String {
    format!("correction:{}", row::hex(request_id))
}

const fn conflict(what: &'static str) -> Verdict {
    Verdict::Credited(Err(StoreError::Conflict(what)))
}
