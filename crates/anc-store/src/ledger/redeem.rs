//! The use of a redemption code: its row, the code's counter, the ledger entry and the balance, in
//! one transaction of the writer.
//!
//! A code's row is locked behind those of accounts and tokens, in the order of ids, so that a code
//! is redeemed as often as it may be whatever is asked at once, on however many nodes.

mod postgres;
mod sqlite;

use std::collections::{BTreeSet, HashMap, HashSet};

use anc_domain::{
    AccountId, NanoUsd, RedemptionCodeId, RedemptionId, SecretHash, UnixMillis, UserId,
};
use anc_ledger::{CodeState, NotRedeemed};
use tokio::sync::oneshot;

use super::EntryKind;
use super::batch::{Books, NewEntry, Outcome};
use super::op::Verdict;
use crate::{StoreError, row};

pub(super) use postgres::{load as load_from_postgres, write as write_to_postgres};
pub(super) use sqlite::{load as load_from_sqlite, write as write_to_sqlite};

/// Why a redemption is refused whose word belongs to another.
pub const WORD_OF_ANOTHER: &str = "another redemption under this word";

/// Somebody's wish to redeem a code.
#[derive(Debug, Clone)]
pub struct RedemptionAsk {
    /// Which code; whoever asks has shown its text.
    pub code_id: RedemptionCodeId,
    /// Whose balance grows.
    pub account_id: AccountId,
    /// Who asks.
    pub user_id: UserId,
    /// What makes asking again harmless: under the same word it is redeemed once.
    pub word: SecretHash,
}

/// What a redemption did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Redeemed {
    /// The redemption.
    pub id: RedemptionId,
    /// What it was worth.
    pub amount: NanoUsd,
    /// The account's balance now.
    pub balance: NanoUsd,
}

pub(super) type Redemption = Result<Redeemed, NotRedeemed>;

pub(super) struct RedeemOp {
    /// What the redemption will be called, if it is one.
    pub(super) id: RedemptionId,
    pub(super) ask: RedemptionAsk,
    pub(super) reply: oneshot::Sender<Result<Redemption, StoreError>>,
}

/// What redemptions of a batch have to read.
#[derive(Default)]
pub(super) struct Wanted {
    /// In order, which is the order of locks.
    pub(super) codes: BTreeSet<i64>,
    pub(super) words: Vec<[u8; 32]>,
    /// Codes and the accounts that ask for them.
    pub(super) pairs: Vec<(i64, i64)>,
}

/// What redemptions of a batch have read.
#[derive(Default)]
pub(super) struct Shelf {
    codes: HashMap<i64, Code>,
    /// Codes and the accounts that have used them.
    used_by: HashSet<(i64, i64)>,
    done: HashMap<[u8; 32], Done>,
}

/// A code, and whether this batch used it.
struct Code {
    hint: String,
    /// Of no account in particular.
    state: CodeState,
    dirty: bool,
}

/// A redemption that was made.
#[derive(Clone, Copy)]
struct Done {
    id: i64,
    code_id: i64,
    account_id: i64,
    amount: NanoUsd,
}

/// A redemption to insert.
pub(super) struct NewRedemption {
    id: i64,
    code_id: i64,
    number: u32,
    account_id: i64,
    user_id: i64,
    amount: NanoUsd,
    cause: String,
    word: [u8; 32],
}

/// A code as the database has it.
#[derive(sqlx::FromRow)]
struct CodeRow {
    id: i64,
    hint: String,
    uses: i64,
    used: i64,
    revoked: bool,
    amount: i64,
    once_per_account: bool,
    expires_at: Option<i64>,
}

impl Wanted {
    pub(super) fn add(&mut self, ask: &RedemptionAsk) {
        let code_id = ask.code_id.as_i64();
        self.codes.insert(code_id);
        self.words.push(*ask.word.as_bytes());
        self.pairs.push((code_id, ask.account_id.as_i64()));
    }
}

impl Shelf {
    fn put(&mut self, row: CodeRow) -> Result<(), StoreError> {
        let count = |value| u32::try_from(value).map_err(StoreError::corrupt);
        let state = CodeState {
            amount: NanoUsd::from_nanos(row.amount),
            uses: count(row.uses)?,
            used: count(row.used)?,
            once_per_account: row.once_per_account,
            used_by_account: false,
            expires_at: row::time(row.expires_at),
            revoked: row.revoked,
        };
        self.codes.insert(row.id, Code { hint: row.hint, state, dirty: false });
        Ok(())
    }

    /// Codes that were used, with how often in all.
    fn used_codes(&self) -> impl Iterator<Item = (i64, i64)> {
        let used = self.codes.iter().filter(|(_, code)| code.dirty);
        used.map(|(id, code)| (*id, i64::from(code.state.used)))
    }
}

impl Books {
    pub(super) fn redeem(
        &mut self,
        op: &RedeemOp,
        outcome: &mut Outcome<'_>,
        now: UnixMillis,
    ) -> Verdict {
        Verdict::Redeemed(self.try_redeem(op, outcome, now))
    }

    fn try_redeem(
        &mut self,
        op: &RedeemOp,
        outcome: &mut Outcome<'_>,
        now: UnixMillis,
    ) -> Result<Redemption, StoreError> {
        let code_id = op.ask.code_id.as_i64();
        let account_id = op.ask.account_id.as_i64();
        let word = *op.ask.word.as_bytes();
        let shelf = &mut self.redemptions;
        let (Some(account), Some(code)) =
            (self.accounts.get_mut(&account_id), shelf.codes.get_mut(&code_id))
        else {
            return Err(StoreError::Conflict("no such account and code"));
        };
        if let Some(done) = shelf.done.get(&word) {
            let same = done.code_id == code_id && done.account_id == account_id;
            let again = Redeemed {
                id: RedemptionId::from_i64(done.id),
                amount: done.amount,
                balance: account.state.balance,
            };
            return if same { Ok(Ok(again)) } else { Err(StoreError::Conflict(WORD_OF_ANOTHER)) };
        }
        let mut state = code.state;
        state.used_by_account = shelf.used_by.contains(&(code_id, account_id));
        if let Err(why) = anc_ledger::redeem(&mut account.state, &mut state, now) {
            return Ok(Err(why));
        }
        code.state.used = state.used;
        (account.dirty, code.dirty) = (true, true);
        let (id, amount, balance) = (op.id.as_i64(), state.amount, account.state.balance);
        shelf.used_by.insert((code_id, account_id));
        shelf.done.insert(word, Done { id, code_id, account_id, amount });
        // What people see of the entry is the id in it.
        let cause = format!("redemption:{}", op.id);
        outcome.entries.push(NewEntry {
            account_id,
            kind: EntryKind::Redemption,
            amount,
            reason: code.hint.clone(),
            cause: cause.clone(),
            balance_after: balance,
        });
        outcome.redemptions.push(NewRedemption {
            id,
            code_id,
            number: state.used,
            account_id,
            user_id: op.ask.user_id.as_i64(),
            amount,
            cause,
            word,
        });
        Ok(Ok(Redeemed { id: op.id, amount, balance }))
    }
}
