//! One batch of the ledger as one transaction of SQLite.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::Path;

use anc_domain::{Meter, NanoUsd, UnixMillis, Usage};
use anc_ledger::{AccountState, TokenState};
use rusqlite::{CachedStatement, Connection, OpenFlags, OptionalExtension, params};

use super::op::{CreditOp, GrowOp, HoldOp, Op, SettleOp, Ticket, Verdict};
use crate::database::{BUSY_TIMEOUT, CACHE_SIZE, WAL_AUTOCHECKPOINT_PAGES};
use crate::{Durability, StoreError, row};

/// The writer's own connection.
pub(super) struct LedgerDb {
    connection: Connection,
    node_id: i64,
}

/// The statements that every request costs, prepared once.
struct Statements<'c> {
    account: CachedStatement<'c>,
    token: CachedStatement<'c>,
    insert_hold: CachedStatement<'c>,
    grow_hold: CachedStatement<'c>,
    delete_hold: CachedStatement<'c>,
    insert_usage: CachedStatement<'c>,
    save_account: CachedStatement<'c>,
    save_token: CachedStatement<'c>,
}

struct Account {
    state: AccountState,
    dirty: bool,
}

struct Token {
    account_id: i64,
    state: TokenState,
    requests: i64,
    last_used_at: Option<i64>,
    dirty: bool,
}

/// The accounts and tokens that a batch touches, each read once and written back once.
#[derive(Default)]
struct Books {
    accounts: HashMap<i64, Account>,
    tokens: HashMap<i64, Token>,
}

/// The values of a usage row.
pub(super) struct UsageRow<'a> {
    pub(super) ticket: &'a Ticket,
    pub(super) settlement: &'a super::Settlement,
    pub(super) charge: NanoUsd,
    pub(super) held: i64,
    pub(super) started_at: i64,
}

impl LedgerDb {
    /// Opens the writer's connection to a database whose schema is up to date, and begins a new
    /// life of the node.
    pub(super) fn open(
        path: &Path,
        durability: Durability,
        now: UnixMillis,
    ) -> Result<Self, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.set_prepared_statement_cache_capacity(32);
        let synchronous = match durability {
            Durability::Process => "normal",
            Durability::Power => "full",
        };
        connection.pragma_update(None, "synchronous", synchronous)?;
        connection.pragma_update(None, "cache_size", CACHE_SIZE)?;
        connection.pragma_update(None, "wal_autocheckpoint", WAL_AUTOCHECKPOINT_PAGES)?;
        let node_id = connection.query_row(
            "insert into node (started_at) values (?1) returning id",
            [now.as_millis()],
            |row| row.get(0),
        )?;
        Ok(Self { connection, node_id })
    }

    /// Runs every operation in one transaction: all of them or, where it fails, none.
    ///
    /// `Unavailable` may be tried again as it is. `Corrupt` means that one of the operations
    /// cannot be done.
    pub(super) fn run(&self, ops: &[Op], now: UnixMillis) -> Result<Vec<Verdict>, StoreError> {
        self.transaction(|connection| {
            let mut statements = Statements::prepare(connection)?;
            let mut books = Books::default();
            let mut verdicts = Vec::with_capacity(ops.len());
            for op in ops {
                verdicts.push(self.apply(op, &mut statements, &mut books, now)?);
            }
            books.write_back(&mut statements)?;
            Ok(verdicts)
        })
    }

    pub(super) fn transaction<T>(
        &self,
        body: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let connection = &self.connection;
        if !connection.is_autocommit() {
            // A rollback failed before; nothing can begin until it is done.
            connection.execute_batch("rollback")?;
        }
        connection.prepare_cached("begin immediate")?.execute([])?;
        let result = body(connection).and_then(|value| {
            connection.prepare_cached("commit")?.execute([])?;
            Ok(value)
        });
        if result.is_err() && !connection.is_autocommit() {
            connection.execute_batch("rollback")?;
        }
        result
    }

    /// Writes what was seen of running answers.
    pub(super) fn write_progress(&self, progress: &[([u8; 16], Usage)]) -> Result<(), StoreError> {
        self.transaction(|connection| {
            let mut update =
                connection.prepare_cached("update hold set observed = ?2 where request_id = ?1")?;
            for (request_id, usage) in progress {
                update.execute(params![request_id, row::usage_text(usage)])?;
            }
            Ok(())
        })
    }

    /// For tests of a full disk: from here on only what fits into the file as it is.
    #[cfg(test)]
    pub(super) fn let_the_file_grow_no_more(&self) {
        let pages: i64 =
            self.connection.query_row("pragma page_count", [], |row| row.get(0)).unwrap();
        self.connection
            .query_row(&format!("pragma max_page_count = {pages}"), [], |_| Ok(()))
            .unwrap();
    }

    /// For tests of a locked file.
    #[cfg(test)]
    pub(super) fn wait_for_locks_at_most(&self, span: std::time::Duration) {
        self.connection.busy_timeout(span).unwrap();
    }

    pub(super) const fn node_id(&self) -> i64 {
        self.node_id
    }

    fn apply(
        &self,
        op: &Op,
        statements: &mut Statements<'_>,
        books: &mut Books,
        now: UnixMillis,
    ) -> Result<Verdict, StoreError> {
        match op {
            Op::Hold(op) => self.hold(op, statements, books, now),
            Op::Grow(op) => grow(op, statements, books),
            Op::Settle(op) => settle(op, statements, books, now),
            Op::Release(ticket) => release(ticket, statements, books),
            Op::Credit(op) => credit(&self.connection, op, statements, books, now),
            Op::Watch(_) | Op::Close(_) => Ok(Verdict::Done),
        }
    }

    fn hold(
        &self,
        op: &HoldOp,
        statements: &mut Statements<'_>,
        books: &mut Books,
        now: UnixMillis,
    ) -> Result<Verdict, StoreError> {
        let ticket = op.ticket.as_ref();
        let (account, token) = books.pair(statements, ticket)?;
        let granted = match anc_ledger::hold(&mut account.state, &mut token.state, op.ask, now) {
            Ok(granted) => granted,
            Err(refusal) => return Ok(Verdict::Held(Err(refusal))),
        };
        token.last_used_at = Some(now.as_millis());
        (account.dirty, token.dirty) = (true, true);
        statements.insert_hold.execute(params![
            ticket.request_id,
            ticket.account_id,
            ticket.token_id,
            ticket.model.as_str(),
            granted.nanos(),
            row::units_column(op.input_estimate),
            ticket.price_text,
            ticket.stream,
            self.node_id,
            now.as_millis(),
        ])?;
        Ok(Verdict::Held(Ok(granted)))
    }
}

fn grow(
    op: &GrowOp,
    statements: &mut Statements<'_>,
    books: &mut Books,
) -> Result<Verdict, StoreError> {
    let (account, token) = books.pair(statements, &op.ticket)?;
    if let Err(refusal) = anc_ledger::grow(&mut account.state, &mut token.state, op.by) {
        return Ok(Verdict::Grown(Err(refusal)));
    }
    (account.dirty, token.dirty) = (true, true);
    let grown = statements.grow_hold.execute(params![op.ticket.request_id, op.by.nanos()])?;
    if grown == 0 {
        return Err(StoreError::corrupt("a hold to grow is gone"));
    }
    Ok(Verdict::Grown(Ok(())))
}

fn settle(
    op: &SettleOp,
    statements: &mut Statements<'_>,
    books: &mut Books,
    now: UnixMillis,
) -> Result<Verdict, StoreError> {
    // The row's deletion is what makes a settle happen once.
    let (held, started_at) = statements
        .take_hold(&op.ticket)?
        .ok_or_else(|| StoreError::corrupt("a hold to settle is gone"))?;
    let (account, token) = books.pair(statements, &op.ticket)?;
    anc_ledger::settle(&mut account.state, &mut token.state, NanoUsd::from_nanos(held), op.charge)
        .map_err(StoreError::corrupt)?;
    token.requests += 1;
    (account.dirty, token.dirty) = (true, true);
    let usage = UsageRow {
        ticket: &op.ticket,
        settlement: &op.settlement,
        charge: op.charge,
        held,
        started_at,
    };
    insert_usage(&mut statements.insert_usage, &usage, now)?;
    Ok(Verdict::Done)
}

fn release(
    ticket: &Ticket,
    statements: &mut Statements<'_>,
    books: &mut Books,
) -> Result<Verdict, StoreError> {
    // Gone already: released by an earlier try whose answer was lost.
    let Some((held, _)) = statements.take_hold(ticket)? else {
        return Ok(Verdict::Done);
    };
    let (account, token) = books.pair(statements, ticket)?;
    let held = NanoUsd::from_nanos(held);
    anc_ledger::release(&mut account.state, &mut token.state, held).map_err(StoreError::corrupt)?;
    (account.dirty, token.dirty) = (true, true);
    Ok(Verdict::Done)
}

fn credit(
    connection: &Connection,
    op: &CreditOp,
    statements: &mut Statements<'_>,
    books: &mut Books,
    now: UnixMillis,
) -> Result<Verdict, StoreError> {
    let credit = &op.credit;
    let account_id = credit.account_id.as_i64();
    let Some(account) = books.account(statements, account_id)? else {
        let unknown = StoreError::Conflict("the account does not exist");
        return Ok(Verdict::Credited(Err(unknown)));
    };
    let posted: Option<(i64, i64)> = connection
        .prepare_cached("select account_id, amount from ledger_entry where cause = ?1")?
        .query_row([&credit.cause], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    match posted {
        Some(posted) if posted == (account_id, credit.amount.nanos()) => {
            return Ok(Verdict::Credited(Ok(account.state.balance)));
        }
        Some(_) => {
            let other = StoreError::Conflict("another entry has this cause");
            return Ok(Verdict::Credited(Err(other)));
        }
        None => {}
    }
    if anc_ledger::credit(&mut account.state, credit.amount).is_err() {
        let range = StoreError::Conflict("the balance would be out of range");
        return Ok(Verdict::Credited(Err(range)));
    }
    account.dirty = true;
    let balance = account.state.balance;
    connection
        .prepare_cached(
            "insert into ledger_entry (account_id, kind, amount, reason, cause, created_at)
             values (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            account_id,
            credit.kind.name(),
            credit.amount.nanos(),
            credit.reason,
            credit.cause,
            now.as_millis(),
        ])?;
    Ok(Verdict::Credited(Ok(balance)))
}

impl<'c> Statements<'c> {
    fn prepare(connection: &'c Connection) -> Result<Self, StoreError> {
        Ok(Self {
            account: connection.prepare_cached(
                "select b.balance, b.held, a.metered, a.suspended
                 from account_balance b
                 join account a on a.id = b.account_id
                 where b.account_id = ?1",
            )?,
            token: connection.prepare_cached(
                "select t.account_id, t.quota, s.used, s.held, t.enabled,
                        t.deleted_at is not null, t.expires_at, s.requests, s.last_used_at
                 from api_token t
                 join api_token_spend s on s.token_id = t.id
                 where t.id = ?1",
            )?,
            insert_hold: connection.prepare_cached(
                "insert into hold (request_id, account_id, token_id, model, amount,
                     input_estimate, price, stream, node_id, created_at)
                 values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?,
            grow_hold: connection
                .prepare_cached("update hold set amount = amount + ?2 where request_id = ?1")?,
            delete_hold: connection.prepare_cached(
                "delete from hold where request_id = ?1 returning amount, created_at",
            )?,
            insert_usage: prepare_insert_usage(connection)?,
            save_account: connection.prepare_cached(
                "update account_balance set balance = ?2, held = ?3 where account_id = ?1",
            )?,
            save_token: connection.prepare_cached(
                "update api_token_spend
                 set used = ?2, held = ?3, requests = ?4, last_used_at = ?5
                 where token_id = ?1",
            )?,
        })
    }

    /// Deletes a hold's row and gives its amount and when it was taken.
    fn take_hold(&mut self, ticket: &Ticket) -> Result<Option<(i64, i64)>, StoreError> {
        let taken = self
            .delete_hold
            .query_row([ticket.request_id], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        Ok(taken)
    }
}

impl Books {
    fn account(
        &mut self,
        statements: &mut Statements<'_>,
        id: i64,
    ) -> Result<Option<&mut Account>, StoreError> {
        match self.accounts.entry(id) {
            Entry::Occupied(known) => Ok(Some(known.into_mut())),
            Entry::Vacant(place) => {
                let read = statements.account.query_row([id], |row| {
                    Ok(AccountState {
                        balance: NanoUsd::from_nanos(row.get(0)?),
                        held: NanoUsd::from_nanos(row.get(1)?),
                        metered: row.get(2)?,
                        suspended: row.get(3)?,
                    })
                });
                Ok(read.optional()?.map(|state| {
                    let dirty = false;
                    place.insert(Account { state, dirty })
                }))
            }
        }
    }

    /// The account and the token of a hold.
    fn pair(
        &mut self,
        statements: &mut Statements<'_>,
        ticket: &Ticket,
    ) -> Result<(&mut Account, &mut Token), StoreError> {
        if let Entry::Vacant(place) = self.tokens.entry(ticket.token_id) {
            let token = statements.token.query_row([ticket.token_id], |row| {
                Ok(Token {
                    account_id: row.get(0)?,
                    state: TokenState {
                        quota: row.get::<_, Option<i64>>(1)?.map(NanoUsd::from_nanos),
                        used: NanoUsd::from_nanos(row.get(2)?),
                        held: NanoUsd::from_nanos(row.get(3)?),
                        enabled: row.get(4)?,
                        deleted: row.get(5)?,
                        expires_at: row::time(row.get(6)?),
                    },
                    requests: row.get(7)?,
                    last_used_at: row.get(8)?,
                    dirty: false,
                })
            });
            place.insert(token.optional()?.ok_or_else(unknown_payer)?);
        }
        self.account(statements, ticket.account_id)?.ok_or_else(unknown_payer)?;
        let account = self.accounts.get_mut(&ticket.account_id);
        let token = self.tokens.get_mut(&ticket.token_id);
        match (account, token) {
            (Some(account), Some(token)) if token.account_id == ticket.account_id => {
                Ok((account, token))
            }
            _ => Err(unknown_payer()),
        }
    }

    fn write_back(&self, statements: &mut Statements<'_>) -> Result<(), StoreError> {
        for (id, account) in self.accounts.iter().filter(|(_, account)| account.dirty) {
            let (balance, held) = (account.state.balance.nanos(), account.state.held.nanos());
            statements.save_account.execute(params![id, balance, held])?;
        }
        for (id, token) in self.tokens.iter().filter(|(_, token)| token.dirty) {
            let (used, held) = (token.state.used.nanos(), token.state.held.nanos());
            statements.save_token.execute(params![
                id,
                used,
                held,
                token.requests,
                token.last_used_at
            ])?;
        }
        Ok(())
    }
}

fn unknown_payer() -> StoreError {
    StoreError::corrupt("no such account and token")
}

fn prepare_insert_usage(connection: &Connection) -> Result<CachedStatement<'_>, StoreError> {
    Ok(connection.prepare_cached(
        "insert into usage (request_id, account_id, token_id, model, channel_id,
             input, cached_input, cache_write_5m, cache_write_1h, cache_write_other,
             input_audio, output, reasoning, output_audio, web_search,
             price, charge, held, end_reason, estimated, suspect, stream,
             started_at, created_at, first_token_ms, total_ms, attempts, upstream_status,
             client_address, client_agent, raw_usage)
         values (?1, ?2, ?3, ?4, ?5,
             ?6, ?7, ?8, ?9, ?10,
             ?11, ?12, ?13, ?14, ?15,
             ?16, ?17, ?18, ?19, ?20, ?21, ?22,
             ?23, ?24, ?25, ?26, ?27, ?28,
             ?29, ?30, ?31)",
    )?)
}

fn insert_usage(
    statement: &mut CachedStatement<'_>,
    row: &UsageRow<'_>,
    now: UnixMillis,
) -> Result<(), StoreError> {
    let (ticket, settlement) = (row.ticket, row.settlement);
    let units = |meter| row::units_column(settlement.usage.get(meter));
    statement.execute(params![
        ticket.request_id,
        ticket.account_id,
        ticket.token_id,
        ticket.model.as_str(),
        settlement.channel_id.map(anc_domain::ChannelId::as_i64),
        units(Meter::Input),
        units(Meter::CachedInput),
        units(Meter::CacheWrite5m),
        units(Meter::CacheWrite1h),
        units(Meter::CacheWriteOther),
        units(Meter::InputAudio),
        units(Meter::Output),
        units(Meter::Reasoning),
        units(Meter::OutputAudio),
        units(Meter::WebSearch),
        ticket.price_text,
        row.charge.nanos(),
        row.held,
        settlement.end_reason.name(),
        settlement.estimated,
        settlement.suspect,
        ticket.stream,
        row.started_at,
        now.as_millis(),
        settlement.first_token_ms,
        settlement.total_ms,
        settlement.attempts,
        settlement.upstream_status,
        settlement.client_address,
        settlement.client_agent,
        settlement.raw_usage,
    ])?;
    Ok(())
}
