//! One batch of the ledger as one transaction of PostgreSQL: the books are read, and what was
//! decided is written, in a few statements over arrays.
//!
//! The rows of accounts and tokens are locked in the order of their ids, accounts first, so that
//! the writers of several nodes wait for each other and never in a circle. Usage rows are numbered
//! under a lock that is kept until the commit: a higher number is never seen before a lower one.

mod usage_rows;

use std::time::Duration;

use anc_domain::{NanoUsd, UnixMillis, Usage};
use anc_ledger::{AccountState, EndReason, Period, TokenState};
use sqlx::postgres::{PgConnection, Postgres};
use sqlx::{Connection as _, FromRow, Transaction};
use tokio::runtime::Runtime;

use super::attempt;
use super::batch::{
    Account, Books, HeldRow, Keys, Outcome, Settled, Token, WindowRow, correction_cause,
};
use super::op::{Op, Verdict};
use super::orphan::Orphan;
use super::prune::{self, PrunedPage};
use super::redeem::{load_from_postgres, write_to_postgres};
use crate::database::pg_options;
use crate::sql::query;
use crate::usage::WATERMARK;
use crate::{Durability, StoreError, row};
use usage_rows::insert_usage;

/// The advisory lock under which usage rows get their numbers.
const USAGE_LOCK: i64 = 0x616e_6355_7361_6700;

/// How long a connection may take to be made.
const CONNECT_MAX: Duration = Duration::from_secs(5);

/// How long one piece of work may take, beyond what the server itself allows a statement.
const BATCH_TIME_MAX: Duration = Duration::from_secs(40);

/// The database's own time, in milliseconds: nodes' clocks may differ.
const DATABASE_NOW: &str = "cast(extract(epoch from clock_timestamp()) * 1000 as bigint)";

/// The writer's own connection. It lives on the writer's thread with a small runtime.
pub(super) struct PgLedger {
    runtime: Runtime,
    url: String,
    durability: Durability,
    /// `None` after a failure, until it could be made anew.
    connection: Option<PgConnection>,
    node_id: i64,
}

impl PgLedger {
    /// Connects to a database whose schema is up to date, and begins a new life of the node.
    pub(super) fn open(
        url: &str,
        durability: Durability,
        now: UnixMillis,
    ) -> Result<Self, StoreError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(StoreError::unavailable)?;
        let mut ledger =
            Self { runtime, url: url.to_owned(), durability, connection: None, node_id: 0 };
        ledger.node_id = ledger.with_connection(async |connection| {
            let sql = format!(
                "insert into node (started_at, heartbeat_at)
                 values ($1, {DATABASE_NOW})
                 returning id"
            );
            Ok(query(sql).bind(now.as_millis()).fetch_value(connection).await?)
        })?;
        Ok(ledger)
    }

    /// Runs every operation in one transaction: all of them or, where it fails, none.
    pub(super) fn run(&mut self, ops: &[Op], now: UnixMillis) -> Result<Vec<Verdict>, StoreError> {
        let node_id = self.node_id;
        self.with_connection(async |connection| {
            let mut tx = connection.begin().await?;
            let mut books = load(&mut tx, &Keys::of(ops), now).await?;
            let outcome = books.decide(ops, now)?;
            write(&mut tx, &books, &outcome, node_id, now).await?;
            tx.commit().await?;
            Ok(outcome.verdicts)
        })
    }

    /// Prunes a page of usage rows; see `prune.rs`.
    pub(super) fn prune(
        &mut self,
        before: UnixMillis,
        now: UnixMillis,
    ) -> Result<PrunedPage, StoreError> {
        self.with_connection(async |connection| {
            let mut tx = connection.begin().await?;
            query(prune::LOCK_PRUNING).execute(&mut *tx).await?;
            let (upto, rows): (i64, i64) = query(prune::PAGE_END)
                .bind(prune::PAGE)
                .bind(before.as_millis())
                .fetch_one(&mut *tx)
                .await?;
            if rows > 0 {
                query(prune::LOCK_ACCOUNTS).bind(upto).execute(&mut *tx).await?;
                query(prune::POST_SUMMARIES)
                    .bind(upto)
                    .bind(now.as_millis())
                    .execute(&mut *tx)
                    .await?;
                for step in prune::steps() {
                    query(step).bind(upto).execute(&mut *tx).await?;
                }
                query(prune::MOVE_ON).bind(upto).bind(before.as_millis()).execute(&mut *tx).await?;
            }
            tx.commit().await?;
            Ok(PrunedPage { rows: row::count(rows)? })
        })
    }

    /// Writes what was seen of running answers.
    pub(super) fn write_progress(
        &mut self,
        progress: &[([u8; 16], Usage)],
    ) -> Result<(), StoreError> {
        let (ids, observed): (Vec<&[u8]>, Vec<String>) =
            progress.iter().map(|(id, usage)| (id.as_slice(), row::usage_text(usage))).unzip();
        self.with_connection(async |connection| {
            sqlx::query(
                "update hold
                 set observed = u.observed
                 from unnest($1::bytea[], $2::text[]) as u (request_id, observed)
                 where hold.request_id = u.request_id",
            )
            .bind(ids)
            .bind(observed)
            .execute(connection)
            .await?;
            Ok(())
        })
    }

    /// Says that this node lives.
    pub(super) fn beat(&mut self) -> Result<(), StoreError> {
        let node_id = self.node_id;
        self.with_connection(async |connection| {
            query(format!("update node set heartbeat_at = {DATABASE_NOW} where id = $1"))
                .bind(node_id)
                .execute(connection)
                .await?;
            Ok(())
        })
    }

    /// Holds of nodes that are gone, in order of their requests, after `after`.
    pub(super) fn orphans(
        &mut self,
        after: &[u8],
        limit: i64,
        silent_for: Duration,
    ) -> Result<Vec<Orphan>, StoreError> {
        let silent_for = i64::try_from(silent_for.as_millis()).map_err(StoreError::corrupt)?;
        let node_id = self.node_id;
        self.with_connection(async |connection| {
            let sql = format!(
                "select request_id, account_id, token_id, model, input_estimate, price, stream,
                        observed
                 from hold
                 where node_id <> $1
                 and request_id > $2
                 and not exists (
                     select 1
                     from node
                     where node.id = hold.node_id
                     and node.heartbeat_at > {DATABASE_NOW} - $3
                 )
                 order by request_id
                 limit $4"
            );
            let orphans = query(sql)
                .bind(node_id)
                .bind(after)
                .bind(silent_for)
                .bind(limit)
                .fetch_all(connection)
                .await?;
            Ok(orphans)
        })
    }

    /// Says that this node ended in order, and disconnects.
    pub(super) fn close(mut self) {
        let node_id = self.node_id;
        let said = self.with_connection(async |connection| {
            query("update node set heartbeat_at = null where id = $1")
                .bind(node_id)
                .execute(connection)
                .await?;
            Ok(())
        });
        if let Err(error) = said {
            tracing::warn!(%error, "could not say that this node has ended");
        }
        if let Some(connection) = self.connection.take() {
            self.runtime.block_on(async {
                // A clock is a runtime's, so that it is asked for within.
                tokio::time::timeout(CONNECT_MAX, connection.close()).await.ok();
            });
        }
    }

    /// Runs `body` on the connection, which is made first if there is none. After a failure that
    /// may lie with the connection it is not used again.
    fn with_connection<T>(
        &mut self,
        body: impl AsyncFnOnce(&mut PgConnection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let Self { runtime, url, durability, connection, .. } = self;
        runtime.block_on(async {
            if connection.is_none() {
                let made = tokio::time::timeout(CONNECT_MAX, connect(url, *durability)).await;
                *connection = Some(made.map_err(|_| no_answer())??);
            }
            let Some(usable) = connection.as_mut() else {
                return Err(StoreError::unavailable("no connection"));
            };
            // The server has limits of its own; this one is for a server that is not heard of.
            let result = match tokio::time::timeout(BATCH_TIME_MAX, body(usable)).await {
                Ok(result) => result,
                Err(_) => Err(no_answer()),
            };
            if matches!(result, Err(StoreError::Unavailable(_))) {
                *connection = None;
            }
            result
        })
    }
}

fn no_answer() -> StoreError {
    StoreError::unavailable("PostgreSQL did not answer in time")
}

async fn connect(url: &str, durability: Durability) -> Result<PgConnection, StoreError> {
    let mut connection = PgConnection::connect_with(&pg_options(url)?).await?;
    // A commit waits for the server's disk as the server's own settings say, at least where the
    // operator asked for it here.
    if durability == Durability::Power {
        query("set synchronous_commit = on").execute(&mut connection).await?;
    }
    Ok(connection)
}

#[derive(FromRow)]
struct AccountRow {
    account_id: i64,
    balance: i64,
    held: i64,
    metered: bool,
    suspended: bool,
    time_zone: String,
    overdraft: i64,
}

#[derive(FromRow)]
struct TokenRow {
    id: i64,
    account_id: i64,
    quota: Option<i64>,
    used: i64,
    held: i64,
    enabled: bool,
    deleted: bool,
    expires_at: Option<i64>,
    requests: i64,
    last_used_at: Option<i64>,
    budget_day: Option<i64>,
    budget_week: Option<i64>,
    budget_month: Option<i64>,
}

async fn load(
    tx: &mut Transaction<'_, Postgres>,
    keys: &Keys<'_>,
    now: UnixMillis,
) -> Result<Books, StoreError> {
    let mut books = Books::default();
    let ids: Vec<i64> = keys.accounts.iter().copied().collect();
    let accounts: Vec<AccountRow> = sqlx::query_as(
        "select b.account_id, b.balance, b.held, a.metered, a.time_zone, r.overdraft,
                (a.suspended or a.people_disabled) as suspended
         from account_balance b
         join account a on a.id = b.account_id
         join tier r on r.id = a.tier_id
         where b.account_id = any($1)
         order by b.account_id
         for update of b",
    )
    .bind(ids)
    .fetch_all(&mut **tx)
    .await?;
    for one in accounts {
        let state = AccountState {
            balance: NanoUsd::from_nanos(one.balance),
            held: NanoUsd::from_nanos(one.held),
            metered: one.metered,
            suspended: one.suspended,
            overdraft: NanoUsd::from_nanos(one.overdraft),
        };
        let zone = row::zone(&one.time_zone);
        books.accounts.insert(one.account_id, Account::new(state, zone));
    }
    if !keys.tokens.is_empty() {
        load_tokens(tx, keys, &mut books).await?;
    }
    if !keys.growing.is_empty() || !keys.ending.is_empty() {
        load_holds(tx, keys, &mut books).await?;
    }
    load_windows(tx, now, &mut books).await?;
    if !keys.redemptions.codes.is_empty() {
        books.redemptions = load_from_postgres(tx, &keys.redemptions).await?;
    }
    if !keys.causes.is_empty() {
        let causes: Vec<&str> = keys.causes.clone();
        let posted: Vec<(String, i64, i64)> = sqlx::query_as(
            "select cause, account_id, amount from ledger_entry where cause = any($1)",
        )
        .bind(causes)
        .fetch_all(&mut **tx)
        .await?;
        for (cause, account_id, amount) in posted {
            books.entries.insert(cause, (account_id, NanoUsd::from_nanos(amount)));
        }
    }
    Ok(books)
}

async fn load_tokens(
    tx: &mut Transaction<'_, Postgres>,
    keys: &Keys<'_>,
    books: &mut Books,
) -> Result<(), StoreError> {
    let ids: Vec<i64> = keys.tokens.iter().copied().collect();
    let tokens: Vec<TokenRow> = sqlx::query_as(
        "select t.id, t.account_id, t.quota, s.used, s.held, t.enabled,
                t.deleted_at is not null as deleted, t.expires_at, s.requests, s.last_used_at,
                t.budget_day, t.budget_week, t.budget_month
         from api_token_spend s
         join api_token t on t.id = s.token_id
         where s.token_id = any($1)
         order by s.token_id
         for update of s",
    )
    .bind(ids)
    .fetch_all(&mut **tx)
    .await?;
    for one in tokens {
        let state = TokenState {
            quota: one.quota.map(NanoUsd::from_nanos),
            used: NanoUsd::from_nanos(one.used),
            held: NanoUsd::from_nanos(one.held),
            enabled: one.enabled,
            deleted: one.deleted,
            expires_at: row::time(one.expires_at),
            budgets: Default::default(),
        };
        let budgets = [one.budget_day, one.budget_week, one.budget_month]
            .map(|limit| limit.map(NanoUsd::from_nanos));
        let token = Token::new(one.account_id, state, one.requests, one.last_used_at, budgets);
        books.tokens.insert(one.id, token);
    }
    Ok(())
}

async fn load_holds(
    tx: &mut Transaction<'_, Postgres>,
    keys: &Keys<'_>,
    books: &mut Books,
) -> Result<(), StoreError> {
    let wanted: Vec<&[u8]> =
        keys.growing.iter().chain(&keys.ending).map(<[u8; 16]>::as_slice).collect();
    let holds: Vec<HoldRow> = sqlx::query_as(
        "select request_id, token_id, amount, created_at, window_day, window_week, window_month
         from hold
         where request_id = any($1)",
    )
    .bind(wanted)
    .fetch_all(&mut **tx)
    .await?;
    for one in holds {
        let held = HeldRow {
            token_id: one.token_id,
            amount: NanoUsd::from_nanos(one.amount),
            started_at: one.created_at,
            windows: [one.window_day, one.window_week, one.window_month],
        };
        books.holds.insert(row::request_id(&one.request_id)?.to_bytes(), held);
    }
    for key in &keys.ending {
        if !books.holds.contains_key(key)
            && let Some(settled) = read_settled(tx, key).await?
        {
            books.settled.insert(*key, settled);
        }
    }
    Ok(())
}

#[derive(FromRow)]
struct HoldRow {
    request_id: Vec<u8>,
    token_id: i64,
    amount: i64,
    created_at: i64,
    window_day: Option<i64>,
    window_week: Option<i64>,
    window_month: Option<i64>,
}

/// Windows need no locks of their own: their token's row is locked.
async fn load_windows(
    tx: &mut Transaction<'_, Postgres>,
    now: UnixMillis,
    books: &mut Books,
) -> Result<(), StoreError> {
    let wanted: Vec<_> = books.wanted_windows(now).into_iter().collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let rows: Vec<(i64, String, i64, i64, i64)> = sqlx::query_as(
        "select token_id, period, start, used, held
         from api_token_window
         where (token_id, period, start) in (
             select * from unnest($1::bigint[], $2::text[], $3::bigint[])
         )",
    )
    .bind(wanted.iter().map(|(token, _, _)| *token).collect::<Vec<_>>())
    .bind(wanted.iter().map(|(_, period, _)| period.name()).collect::<Vec<_>>())
    .bind(wanted.iter().map(|(_, _, start)| *start).collect::<Vec<_>>())
    .fetch_all(&mut **tx)
    .await?;
    for (token_id, period, start, used, held) in rows {
        let period = Period::from_name(&period)
            .ok_or_else(|| StoreError::corrupt("an unknown period of a budget"))?;
        let row = WindowRow::new(NanoUsd::from_nanos(used), NanoUsd::from_nanos(held));
        books.windows.insert((token_id, period, start), row);
    }
    Ok(())
}

/// The usage row of a request whose hold is gone.
async fn read_settled(
    tx: &mut Transaction<'_, Postgres>,
    key: &[u8; 16],
) -> Result<Option<Settled>, StoreError> {
    let settled: Option<SettledRow> = query(
        "select charge, end_reason, token_id, window_day, window_week, window_month
         from usage
         where seq = (select seq from usage_lookup where request_id = $1)
         union all
         select charge, end_reason, token_id, window_day, window_week, window_month
         from usage
         where seq > (select seq from follower_watermark where name = $2)
         and request_id = $1",
    )
    .bind(key.as_slice())
    .bind(WATERMARK)
    .fetch_optional(&mut **tx)
    .await?;
    let Some(settled) = settled else { return Ok(None) };
    let corrected: bool = query("select exists (select 1 from ledger_entry where cause = $1)")
        .bind(correction_cause(key))
        .fetch_value(&mut **tx)
        .await?;
    Ok(Some(Settled {
        token_id: settled.token_id,
        charge: NanoUsd::from_nanos(settled.charge),
        windows: [settled.window_day, settled.window_week, settled.window_month],
        interrupted: settled.end_reason == EndReason::Interrupted.name(),
        corrected,
    }))
}

#[derive(FromRow)]
struct SettledRow {
    charge: i64,
    end_reason: String,
    token_id: i64,
    window_day: Option<i64>,
    window_week: Option<i64>,
    window_month: Option<i64>,
}

async fn write(
    tx: &mut Transaction<'_, Postgres>,
    books: &Books,
    outcome: &Outcome<'_>,
    node_id: i64,
    now: UnixMillis,
) -> Result<(), StoreError> {
    if !outcome.new_holds.is_empty() {
        insert_holds(tx, outcome, node_id, now).await?;
    }
    if !outcome.grown.is_empty() {
        grow_holds(tx, outcome).await?;
    }
    if !outcome.ended.is_empty() {
        let ended: Vec<&[u8]> = outcome.ended.iter().map(<[u8; 16]>::as_slice).collect();
        sqlx::query("delete from hold where request_id = any($1)")
            .bind(ended)
            .execute(&mut **tx)
            .await?;
    }
    save_books(tx, books).await?;
    for entry in &outcome.entries {
        query(
            "insert into ledger_entry
                 (account_id, kind, amount, reason, cause, created_at, balance_after)
             values ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(entry.account_id)
        .bind(entry.kind.name())
        .bind(entry.amount.nanos())
        .bind(&entry.reason)
        .bind(&entry.cause)
        .bind(now.as_millis())
        .bind(entry.balance_after.nanos())
        .execute(&mut **tx)
        .await?;
    }
    for correction in &outcome.corrections {
        query(
            "insert into charge_correction (request_id, account_id, token_id, amount,
                 window_day, window_week, window_month, created_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(correction.request_id.as_slice())
        .bind(correction.account_id)
        .bind(correction.token_id)
        .bind(correction.amount.nanos())
        .bind(correction.windows[0])
        .bind(correction.windows[1])
        .bind(correction.windows[2])
        .bind(now.as_millis())
        .execute(&mut **tx)
        .await?;
    }
    attempt::write_to_postgres(tx, &outcome.failed_attempts, now).await?;
    if !outcome.redemptions.is_empty() {
        write_to_postgres(tx, &books.redemptions, &outcome.redemptions, now).await?;
    }
    if !outcome.usage.is_empty() {
        // Last, so that the lock is kept for as short as can be.
        query("select pg_advisory_xact_lock($1)").bind(USAGE_LOCK).execute(&mut **tx).await?;
        insert_usage(tx, outcome, now).await?;
    }
    Ok(())
}

async fn insert_holds(
    tx: &mut Transaction<'_, Postgres>,
    outcome: &Outcome<'_>,
    node_id: i64,
    now: UnixMillis,
) -> Result<(), StoreError> {
    let holds = &outcome.new_holds;
    sqlx::query(
        "insert into hold (request_id, account_id, token_id, model, amount, input_estimate, price,
             stream, window_day, window_week, window_month, node_id, created_at)
         select *, $12::bigint, $13::bigint
         from unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[],
             $6::bigint[], $7::text[], $8::boolean[], $9::bigint[], $10::bigint[],
             $11::bigint[])",
    )
    .bind(holds.iter().map(|one| one.ticket.request_id.as_slice()).collect::<Vec<_>>())
    .bind(holds.iter().map(|one| one.ticket.account_id).collect::<Vec<_>>())
    .bind(holds.iter().map(|one| one.ticket.token_id).collect::<Vec<_>>())
    .bind(holds.iter().map(|one| one.ticket.model.as_str()).collect::<Vec<_>>())
    .bind(holds.iter().map(|one| one.amount.nanos()).collect::<Vec<_>>())
    .bind(holds.iter().map(|one| one.input_estimate).collect::<Vec<_>>())
    .bind(holds.iter().map(|one| &*one.ticket.price_text).collect::<Vec<_>>())
    .bind(holds.iter().map(|one| one.ticket.stream).collect::<Vec<_>>())
    .bind(holds.iter().map(|one| one.windows[0]).collect::<Vec<_>>())
    .bind(holds.iter().map(|one| one.windows[1]).collect::<Vec<_>>())
    .bind(holds.iter().map(|one| one.windows[2]).collect::<Vec<_>>())
    .bind(node_id)
    .bind(now.as_millis())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn grow_holds(
    tx: &mut Transaction<'_, Postgres>,
    outcome: &Outcome<'_>,
) -> Result<(), StoreError> {
    // A hold that grew twice has two lines here; the last is the sum.
    for (request_id, amount) in &outcome.grown {
        query("update hold set amount = $2 where request_id = $1")
            .bind(request_id.as_slice())
            .bind(amount.nanos())
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

async fn save_books(tx: &mut Transaction<'_, Postgres>, books: &Books) -> Result<(), StoreError> {
    let accounts: Vec<_> = books.moved_accounts().collect();
    if !accounts.is_empty() {
        sqlx::query(
            "update account_balance
             set balance = u.balance, held = u.held
             from unnest($1::bigint[], $2::bigint[], $3::bigint[]) as u (id, balance, held)
             where account_id = u.id",
        )
        .bind(accounts.iter().map(|(id, _)| *id).collect::<Vec<_>>())
        .bind(accounts.iter().map(|(_, one)| one.balance.nanos()).collect::<Vec<_>>())
        .bind(accounts.iter().map(|(_, one)| one.held.nanos()).collect::<Vec<_>>())
        .execute(&mut **tx)
        .await?;
    }
    let tokens: Vec<_> = books.moved_tokens().collect();
    if !tokens.is_empty() {
        sqlx::query(
            "update api_token_spend
             set used = u.used, held = u.held, requests = u.requests,
                 last_used_at = u.last_used_at
             from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
                 as u (id, used, held, requests, last_used_at)
             where token_id = u.id",
        )
        .bind(tokens.iter().map(|(id, _)| *id).collect::<Vec<_>>())
        .bind(tokens.iter().map(|(_, one)| one.state.used.nanos()).collect::<Vec<_>>())
        .bind(tokens.iter().map(|(_, one)| one.state.held.nanos()).collect::<Vec<_>>())
        .bind(tokens.iter().map(|(_, one)| one.requests).collect::<Vec<_>>())
        .bind(tokens.iter().map(|(_, one)| one.last_used_at).collect::<Vec<_>>())
        .execute(&mut **tx)
        .await?;
    }
    let windows: Vec<_> = books.moved_windows().collect();
    if !windows.is_empty() {
        sqlx::query(
            "insert into api_token_window (token_id, period, start, used, held)
             select *
             from unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[])
             on conflict (token_id, period, start) do update
             set used = excluded.used, held = excluded.held",
        )
        .bind(windows.iter().map(|((token, _, _), _)| *token).collect::<Vec<_>>())
        .bind(windows.iter().map(|((_, period, _), _)| period.name()).collect::<Vec<_>>())
        .bind(windows.iter().map(|((_, _, start), _)| *start).collect::<Vec<_>>())
        .bind(windows.iter().map(|(_, row)| row.used.nanos()).collect::<Vec<_>>())
        .bind(windows.iter().map(|(_, row)| row.held.nanos()).collect::<Vec<_>>())
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}
