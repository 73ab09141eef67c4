//! One batch of the ledger as one transaction of SQLite, by prepared statements.

use anc_domain::{ChannelId, Meter, NanoUsd, UnixMillis, Usage};
use anc_ledger::{AccountState, EndReason, TokenState};
use rusqlite::{CachedStatement, Connection, OpenFlags, OptionalExtension, Row, params};

use super::attempt;
use super::batch::{
    Account, Books, HeldRow, Keys, NewUsage, Outcome, Settled, Token, WindowRow, correction_cause,
};
use super::op::{Op, Verdict};
use super::orphan::Orphan;
use super::prune::{self, PrunedPage};
use super::redeem::{load_from_sqlite, write_to_sqlite};
use crate::database::{BUSY_TIMEOUT, CACHE_SIZE, SqliteFile, WAL_AUTOCHECKPOINT_PAGES};
use crate::usage::WATERMARK;
use crate::{Durability, StoreError, row};

/// The writer's own connection to the file.
pub(super) struct SqliteLedger {
    connection: Connection,
    file: SqliteFile,
    /// Each commit waits for the disk by itself.
    commits_wait: bool,
    node_id: i64,
}

/// The statements that every request costs, prepared once.
struct Statements<'c> {
    insert_hold: CachedStatement<'c>,
    insert_usage: CachedStatement<'c>,
    save_account: CachedStatement<'c>,
    save_token: CachedStatement<'c>,
}

impl SqliteLedger {
    /// Opens the writer's connection to a database whose schema is up to date, and begins a new
    /// life of the node.
    pub(super) fn open(
        file: SqliteFile,
        durability: Durability,
        now: UnixMillis,
    ) -> Result<Self, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&file.path, flags)?;
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
        let commits_wait = matches!(durability, Durability::Power);
        Ok(Self { connection, file, commits_wait, node_id })
    }

    /// Runs every operation in one transaction: all of them or, where it fails, none.
    pub(super) fn run(&self, ops: &[Op], now: UnixMillis) -> Result<Vec<Verdict>, StoreError> {
        let mut verdicts = self.transaction(|connection| {
            let mut books = load(connection, &Keys::of(ops), now)?;
            let outcome = books.decide(ops, now)?;
            self.write(connection, &books, &outcome, now)?;
            Ok(outcome.verdicts)
        })?;
        if ops.iter().any(Op::brings_money)
            && !self.commits_wait
            && let Err(error) = self.file.log.sync()
        {
            tracing::error!(%error, "a credit is committed but not known to be on the disk");
            for verdict in &mut verdicts {
                match verdict {
                    Verdict::Credited(result) => *result = Err(StoreError::unavailable(&error)),
                    Verdict::Redeemed(result) => *result = Err(StoreError::unavailable(&error)),
                    _ => {}
                }
            }
        }
        Ok(verdicts)
    }

    /// Waits for the gate and runs `body` in one transaction.
    fn transaction<T>(
        &self,
        body: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let turn = self.file.gate.blocking_lock();
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
        drop(turn);
        self.file.log.committed();
        result
    }

    /// Prunes a page of usage rows; see `prune.rs`.
    pub(super) fn prune(
        &self,
        before: UnixMillis,
        now: UnixMillis,
    ) -> Result<PrunedPage, StoreError> {
        // Its numbered values are written with another sign.
        let text = |sql: &str| sql.replace('$', "?");
        self.transaction(|connection| {
            let (upto, rows): (i64, i64) = connection.query_row(
                &text(prune::PAGE_END),
                params![prune::PAGE, before.as_millis()],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
            if rows > 0 {
                connection.execute(&text(prune::POST_SUMMARIES), params![upto, now.as_millis()])?;
                for step in prune::steps() {
                    connection.execute(&text(&step), [upto])?;
                }
                connection.execute(&text(prune::MOVE_ON), params![upto, before.as_millis()])?;
            }
            Ok(PrunedPage { rows: row::count(rows)? })
        })
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

    /// Holds of an earlier life, in order of their requests, after `after`.
    pub(super) fn orphans(&self, after: &[u8], limit: i64) -> Result<Vec<Orphan>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "select request_id, account_id, token_id, model, input_estimate, price, stream, observed
             from hold
             where node_id <> ?1
             and request_id > ?2
             order by request_id
             limit ?3",
        )?;
        let rows = statement.query_map(params![self.node_id, after, limit], |row| {
            Ok(Orphan {
                request_id: row.get(0)?,
                account_id: row.get(1)?,
                token_id: row.get(2)?,
                model: row.get(3)?,
                input_estimate: row.get(4)?,
                price: row.get(5)?,
                stream: row.get(6)?,
                observed: row.get(7)?,
            })
        })?;
        let orphans: Result<Vec<Orphan>, rusqlite::Error> = rows.collect();
        Ok(orphans?)
    }

    /// Everything that is committed reaches the disk.
    pub(super) fn close(self) {
        if let Err(error) = self.file.log.sync() {
            tracing::error!(%error, "could not sync the database's log");
        }
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

    fn write(
        &self,
        connection: &Connection,
        books: &Books,
        outcome: &Outcome<'_>,
        now: UnixMillis,
    ) -> Result<(), StoreError> {
        let mut statements = Statements::prepare(connection)?;
        for hold in &outcome.new_holds {
            let ticket = hold.ticket;
            statements.insert_hold.execute(params![
                ticket.request_id,
                ticket.account_id,
                ticket.token_id,
                ticket.model.as_str(),
                hold.amount.nanos(),
                hold.input_estimate,
                ticket.price_text,
                ticket.stream,
                self.node_id,
                now.as_millis(),
                hold.windows[0],
                hold.windows[1],
                hold.windows[2],
            ])?;
        }
        for (request_id, amount) in &outcome.grown {
            connection
                .prepare_cached("update hold set amount = ?2 where request_id = ?1")?
                .execute(params![request_id, amount.nanos()])?;
        }
        // `ended` holds were taken away when they were read.
        for usage in &outcome.usage {
            insert_usage(&mut statements.insert_usage, usage, now)?;
        }
        for entry in &outcome.entries {
            connection
                .prepare_cached(
                    "insert into ledger_entry
                         (account_id, kind, amount, reason, cause, created_at, balance_after)
                     values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                )?
                .execute(params![
                    entry.account_id,
                    entry.kind.name(),
                    entry.amount.nanos(),
                    entry.reason,
                    entry.cause,
                    now.as_millis(),
                    entry.balance_after.nanos(),
                ])?;
        }
        for correction in &outcome.corrections {
            connection
                .prepare_cached(
                    "insert into charge_correction (request_id, account_id, token_id, amount,
                         window_day, window_week, window_month, created_at)
                     values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                )?
                .execute(params![
                    correction.request_id,
                    correction.account_id,
                    correction.token_id,
                    correction.amount.nanos(),
                    correction.windows[0],
                    correction.windows[1],
                    correction.windows[2],
                    now.as_millis(),
                ])?;
        }
        attempt::write_to_sqlite(connection, &outcome.failed_attempts, now)?;
        write_to_sqlite(connection, &books.redemptions, &outcome.redemptions, now)?;
        for (id, account) in books.moved_accounts() {
            let (balance, held) = (account.balance.nanos(), account.held.nanos());
            statements.save_account.execute(params![id, balance, held])?;
        }
        for (id, token) in books.moved_tokens() {
            let (used, held) = (token.state.used.nanos(), token.state.held.nanos());
            let params = params![id, used, held, token.requests, token.last_used_at];
            statements.save_token.execute(params)?;
        }
        for ((token_id, period, start), row) in books.moved_windows() {
            connection
                .prepare_cached(
                    "insert into api_token_window (token_id, period, start, used, held)
                     values (?1, ?2, ?3, ?4, ?5)
                     on conflict (token_id, period, start) do update
                     set used = excluded.used, held = excluded.held",
                )?
                .execute(params![
                    token_id,
                    period.name(),
                    start,
                    row.used.nanos(),
                    row.held.nanos()
                ])?;
        }
        Ok(())
    }
}

fn load(connection: &Connection, keys: &Keys<'_>, now: UnixMillis) -> Result<Books, StoreError> {
    let mut books = Books::default();
    let mut account = connection.prepare_cached(
        "select b.balance, b.held, a.metered, a.suspended or a.people_disabled, a.time_zone,
                r.overdraft
         from account_balance b
         join account a on a.id = b.account_id
         join tier r on r.id = a.tier_id
         where b.account_id = ?1",
    )?;
    for id in &keys.accounts {
        if let Some(read) = account.query_row([id], read_account).optional()? {
            books.accounts.insert(*id, read);
        }
    }
    let mut token = connection.prepare_cached(
        "select t.account_id, t.quota, s.used, s.held, t.enabled,
                t.deleted_at is not null, t.expires_at, s.requests, s.last_used_at,
                t.budget_day, t.budget_week, t.budget_month
         from api_token t
         join api_token_spend s on s.token_id = t.id
         where t.id = ?1",
    )?;
    for id in &keys.tokens {
        if let Some(read) = token.query_row([id], read_token).optional()? {
            books.tokens.insert(*id, read);
        }
    }
    if !keys.growing.is_empty() {
        let mut hold = connection.prepare_cached(
            "select amount, created_at, window_day, window_week, window_month, token_id
                 from hold
                 where request_id = ?1",
        )?;
        for key in &keys.growing {
            if let Some(read) = hold.query_row([key], read_hold).optional()? {
                books.holds.insert(*key, read);
            }
        }
    }
    if !keys.ending.is_empty() {
        let mut take = connection.prepare_cached(
            "delete from hold
                 where request_id = ?1
                 returning amount, created_at, window_day, window_week, window_month, token_id",
        )?;
        for key in &keys.ending {
            if let Some(read) = take.query_row([key], read_hold).optional()? {
                books.holds.insert(*key, read);
            } else if let Some(settled) = read_settled(connection, key)? {
                books.settled.insert(*key, settled);
            }
        }
    }
    for (token_id, period, start) in books.wanted_windows(now) {
        let read: Option<(i64, i64)> = connection
            .prepare_cached(
                "select used, held
                 from api_token_window
                 where token_id = ?1
                 and period = ?2
                 and start = ?3",
            )?
            .query_row(params![token_id, period.name(), start], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        if let Some((used, held)) = read {
            let row = WindowRow::new(NanoUsd::from_nanos(used), NanoUsd::from_nanos(held));
            books.windows.insert((token_id, period, start), row);
        }
    }
    for cause in &keys.causes {
        let posted: Option<(i64, i64)> = connection
            .prepare_cached("select account_id, amount from ledger_entry where cause = ?1")?
            .query_row([cause], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        if let Some((account_id, amount)) = posted {
            let posted = (account_id, NanoUsd::from_nanos(amount));
            books.entries.insert((*cause).to_owned(), posted);
        }
    }
    books.redemptions = load_from_sqlite(connection, &keys.redemptions)?;
    Ok(books)
}

fn read_account(row: &Row<'_>) -> rusqlite::Result<Account> {
    let state = AccountState {
        balance: NanoUsd::from_nanos(row.get(0)?),
        held: NanoUsd::from_nanos(row.get(1)?),
        metered: row.get(2)?,
        suspended: row.get(3)?,
        overdraft: NanoUsd::from_nanos(row.get(5)?),
    };
    let zone: String = row.get(4)?;
    Ok(Account::new(state, row::zone(&zone)))
}

fn read_token(row: &Row<'_>) -> rusqlite::Result<Token> {
    let state = TokenState {
        quota: row.get::<_, Option<i64>>(1)?.map(NanoUsd::from_nanos),
        used: NanoUsd::from_nanos(row.get(2)?),
        held: NanoUsd::from_nanos(row.get(3)?),
        enabled: row.get(4)?,
        deleted: row.get(5)?,
        expires_at: row::time(row.get(6)?),
        budgets: Default::default(),
    };
    let budgets = [row.get(9)?, row.get(10)?, row.get(11)?];
    let budgets = budgets.map(|limit: Option<i64>| limit.map(NanoUsd::from_nanos));
    Ok(Token::new(row.get(0)?, state, row.get(7)?, row.get(8)?, budgets))
}

fn read_hold(row: &Row<'_>) -> rusqlite::Result<HeldRow> {
    Ok(HeldRow {
        amount: NanoUsd::from_nanos(row.get(0)?),
        started_at: row.get(1)?,
        windows: [row.get(2)?, row.get(3)?, row.get(4)?],
        token_id: row.get(5)?,
    })
}

/// The usage row of a request whose hold is gone.
fn read_settled(connection: &Connection, key: &[u8; 16]) -> Result<Option<Settled>, StoreError> {
    let settled = connection
        .prepare_cached(
            "select charge, end_reason, token_id, window_day, window_week, window_month
             from usage
             where seq = (select seq from usage_lookup where request_id = ?1)
             union all
             select charge, end_reason, token_id, window_day, window_week, window_month
             from usage
             where seq > (select seq from follower_watermark where name = ?2)
             and request_id = ?1",
        )?
        .query_row(params![key, WATERMARK], |row| {
            let end_reason: String = row.get(1)?;
            Ok(Settled {
                token_id: row.get(2)?,
                charge: NanoUsd::from_nanos(row.get(0)?),
                windows: [row.get(3)?, row.get(4)?, row.get(5)?],
                interrupted: end_reason == EndReason::Interrupted.name(),
                corrected: false,
            })
        })
        .optional()?;
    let Some(settled) = settled else { return Ok(None) };
    let corrected = connection
        .prepare_cached("select exists (select 1 from ledger_entry where cause = ?1)")?
        .query_row([correction_cause(key)], |row| row.get(0))?;
    Ok(Some(Settled { corrected, ..settled }))
}

impl<'c> Statements<'c> {
    fn prepare(connection: &'c Connection) -> Result<Self, StoreError> {
        Ok(Self {
            insert_hold: connection.prepare_cached(
                "insert into hold (request_id, account_id, token_id, model, amount,
                     input_estimate, price, stream, node_id, created_at,
                     window_day, window_week, window_month)
                 values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
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
}

fn prepare_insert_usage(connection: &Connection) -> Result<CachedStatement<'_>, StoreError> {
    Ok(connection.prepare_cached(
        "insert into usage (request_id, account_id, token_id, model, channel_id,
             input, cached_input, cache_write_5m, cache_write_1h, cache_write_other,
             input_audio, input_image, output, reasoning, output_audio, output_image,
             web_search, file_search, request,
             price, charge, held, end_reason, estimated, suspect, stream,
             started_at, created_at, first_token_ms, total_ms, attempts, upstream_status,
             client_address, client_agent, raw_usage, window_day, window_week, window_month,
             cost, cost_ppm)
         values (?1, ?2, ?3, ?4, ?5,
             ?6, ?7, ?8, ?9, ?10,
             ?11, ?12, ?13, ?14, ?15, ?16,
             ?17, ?18, ?19,
             ?20, ?21, ?22, ?23, ?24, ?25, ?26,
             ?27, ?28, ?29, ?30, ?31, ?32,
             ?33, ?34, ?35, ?36, ?37, ?38, ?39, ?40)",
    )?)
}

fn insert_usage(
    statement: &mut CachedStatement<'_>,
    row: &NewUsage<'_>,
    now: UnixMillis,
) -> Result<(), StoreError> {
    let (ticket, settlement) = (row.ticket, row.settlement);
    let units = |meter| row::units_column(settlement.usage.get(meter));
    statement.execute(params![
        ticket.request_id,
        ticket.account_id,
        ticket.token_id,
        ticket.model.as_str(),
        settlement.channel_id.map(ChannelId::as_i64),
        units(Meter::Input),
        units(Meter::CachedInput),
        units(Meter::CacheWrite5m),
        units(Meter::CacheWrite1h),
        units(Meter::CacheWriteOther),
        units(Meter::InputAudio),
        units(Meter::InputImage),
        units(Meter::Output),
        units(Meter::Reasoning),
        units(Meter::OutputAudio),
        units(Meter::OutputImage),
        units(Meter::WebSearch),
        units(Meter::FileSearch),
        units(Meter::Request),
        row.price_text,
        row.charge.nanos(),
        row.held.nanos(),
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
        row.windows[0],
        row.windows[1],
        row.windows[2],
        row.own_cost.map(|cost| cost.amount.nanos()),
        row.own_cost.map(|cost| cost.multiplier.ppm()),
    ])?;
    Ok(())
}
