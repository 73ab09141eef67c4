//! The rows of a page of the log, found without looking at those that cannot be meant.
//!
//! What the follower has not derived yet is looked through; before that, a token's and an account's
//! rows have look-ups. Where more is asked for than whose they are, the hourly sums tell in which
//! stretches of the log such rows can lie (`Span`): each of them has at least one, so that a page
//! looks at few, however rare what is wanted and however long the log. Requests that did not end well
//! are few, and have an index of their own.

use anc_domain::{AccountId, ApiTokenId};
use anc_ledger::EndReason;

use super::LogQuery;
use crate::StoreError;
use crate::database::Database;
use crate::sql::{Query, query};
use crate::usage::{HOUR_MILLIS, UsageRow, WATERMARK, account_or_all};

/// Stretches with no more rows between them than this are read as one: to ask again takes longer.
const GAP_MAX: i64 = 256;

/// Where the rows of a token, an account, or everybody are.
struct Source {
    /// From a look-up and the rows, or from the rows alone; ends in a condition.
    known: &'static str,
    /// The column that orders it: a look-up's own, or all its rows would be sorted for a page.
    seq: &'static str,
    /// The condition of the tail.
    tail: &'static str,
    /// `$1` of both.
    id: i64,
}

/// A stretch of the log, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    first: i64,
    last: i64,
}

/// The newest rows that are wanted, at most `limit`.
pub(super) async fn read(
    db: &Database,
    wanted: &LogQuery,
    limit: usize,
) -> Result<Vec<UsageRow>, StoreError> {
    if wanted.request.is_some() {
        return one(db, wanted).await;
    }
    let source = Source::of(wanted);
    // One mark for both parts: a row is in one of them, whatever the follower does meanwhile.
    let mark: i64 = query("select seq from follower_watermark where name = $1")
        .bind(WATERMARK)
        .fetch_value(&db.readers)
        .await?;
    let tail = query(format!("select u.* from usage u where {} and u.seq > $2", source.tail));
    let mut rows: Vec<UsageRow> =
        page(db, tail.bind(source.id).bind(mark), wanted, "u.seq", limit).await?;
    if rows.len() >= limit {
        return Ok(rows);
    }
    let known = |source: &Source| query(source.known).bind(source.id).bind(mark);
    if !wanted.is_narrow() {
        let missing = limit - rows.len();
        rows.extend(page(db, known(&source), wanted, source.seq, missing).await?);
        return Ok(rows);
    }
    let spans = spans(db, wanted).await?;
    let (source, spans) = if is_by_end(db, wanted, &spans).await? {
        (Source::not_complete(wanted), whole(&spans))
    } else {
        (source, spans)
    };
    for span in spans {
        if rows.len() >= limit {
            break;
        }
        let mut sql = known(&source);
        sql.push(&format!(" and {} between ", source.seq)).push_bind(span.first);
        sql.push(" and ").push_bind(span.last);
        let missing = limit - rows.len();
        rows.extend(page(db, sql, wanted, source.seq, missing).await?);
    }
    Ok(rows)
}

/// Whether rows are found by how they ended sooner than by where such rows can lie.
async fn is_by_end(db: &Database, wanted: &LogQuery, spans: &[Span]) -> Result<bool, StoreError> {
    let Some(end) = wanted.end_reason.filter(|end| *end != EndReason::Complete) else {
        return Ok(false);
    };
    if wanted.account.is_some() || wanted.token.is_some() {
        return Ok(true);
    }
    if wanted.model.is_none() && wanted.charge_min.is_none() {
        return Ok(true);
    }
    let mut sql = query(
        "select cast(coalesce(sum(requests), 0) as bigint)
         from usage_outcome_hourly
         where account_id = 0
         and end_reason = $1",
    )
    .bind(end.name());
    add_hours(&mut sql, "hour", wanted);
    let ended: i64 = sql.fetch_value(&db.readers).await?;
    Ok(ended <= spans.iter().map(|span| span.last - span.first + 1).sum())
}

/// The one of a request's id.
async fn one(db: &Database, wanted: &LogQuery) -> Result<Vec<UsageRow>, StoreError> {
    let id = wanted.request.map(|request| request.to_bytes().to_vec());
    let sql = query(
        "select u.*
         from usage u
         where u.seq in (
             select seq
             from usage_lookup
             where request_id = $1
             union all
             select seq
             from usage
             where seq > (select seq from follower_watermark where name = $2)
             and request_id = $1
         )
         and ($3 is null or u.account_id = $3)
         and ($4 is null or u.token_id = $4)",
    )
    .bind(id)
    .bind(WATERMARK)
    .bind(wanted.account.map(AccountId::as_i64))
    .bind(wanted.token.map(ApiTokenId::as_i64));
    page(db, sql, wanted, "u.seq", 1).await
}

/// The newest of the rows that a statement finds.
async fn page(
    db: &Database,
    mut sql: Query,
    wanted: &LogQuery,
    seq: &str,
    limit: usize,
) -> Result<Vec<UsageRow>, StoreError> {
    add_filters(&mut sql, wanted, seq);
    let limit = i64::try_from(limit).map_err(StoreError::corrupt)?;
    sql.push(&format!(" order by {seq} desc limit ")).push_bind(limit);
    Ok(sql.fetch_all(&db.readers).await?)
}

impl Source {
    const fn of(wanted: &LogQuery) -> Self {
        match (wanted.token, wanted.account) {
            (Some(token), _) => Self {
                known: "select u.*
                        from usage_by_token k
                        join usage u on u.seq = k.seq
                        where k.token_id = $1
                        and k.seq <= $2",
                seq: "k.seq",
                tail: "u.token_id = $1",
                id: token.as_i64(),
            },
            (None, Some(account)) => Self {
                known: "select u.*
                        from usage_by_account k
                        join usage u on u.seq = k.seq
                        where k.account_id = $1
                        and k.seq <= $2",
                seq: "k.seq",
                tail: "u.account_id = $1",
                id: account.as_i64(),
            },
            (None, None) => Self {
                known: "select u.*
                        from usage u
                        where $1 = 0
                        and u.seq <= $2",
                seq: "u.seq",
                tail: "$1 = 0",
                id: 0,
            },
        }
    }
}

impl Source {
    /// Rows of requests that did not end well: those have an index by how they ended, which is used
    /// where the condition says so.
    const fn not_complete(wanted: &LogQuery) -> Self {
        let (known, id) = match (wanted.token, wanted.account) {
            (Some(token), _) => (
                "select u.*
                 from usage u
                 where u.account_id = (select t.account_id from api_token t where t.id = $1)
                 and u.token_id = $1
                 and u.seq <= $2
                 and u.end_reason <> 'complete'",
                token.as_i64(),
            ),
            (None, Some(account)) => (
                "select u.*
                 from usage u
                 where u.account_id = $1
                 and u.seq <= $2
                 and u.end_reason <> 'complete'",
                account.as_i64(),
            ),
            (None, None) => (
                "select u.*
                 from usage u
                 where $1 = 0
                 and u.seq <= $2
                 and u.end_reason <> 'complete'",
                0,
            ),
        };
        Self { known, seq: "u.seq", tail: "", id }
    }
}

impl LogQuery {
    /// Whether more is asked for than whose rows they are and where the page begins.
    const fn is_narrow(&self) -> bool {
        self.is_picky() || self.since.is_some() || self.until.is_some()
    }

    /// Whether there can be others between the rows that are wanted.
    const fn is_picky(&self) -> bool {
        self.model.is_some()
            || self.end_reason.is_some()
            || self.stream.is_some()
            || self.charge_min.is_some()
    }
}

/// The stretches in which there are rows that are wanted, newest first, none of which overlap.
async fn spans(db: &Database, wanted: &LogQuery) -> Result<Vec<Span>, StoreError> {
    let mut sql = query(
        "select min(s.first_seq), max(s.last_seq)
         from usage_account_hour s
         where s.account_id = ",
    );
    if let (None, Some(token)) = (wanted.account, wanted.token) {
        sql.push("coalesce((select account_id from api_token where id = ");
        sql.push_bind(token.as_i64()).push("), -1)");
    } else {
        sql.push_bind(account_or_all(wanted.account));
    }
    sql.push(" and s.last_seq > (select max(seq) from usage_pruning)");
    if let Some(before) = wanted.before {
        sql.push(" and s.first_seq < ").push_bind(before);
    }
    add_hours(&mut sql, "s.hour", wanted);
    if let Some(model) = &wanted.model {
        sql.push(" and s.model = ").push_bind(model.as_str());
    }
    if let Some(stream) = wanted.stream {
        sql.push(if stream { " and s.streams > 0" } else { " and s.streams < s.requests" });
    }
    if let Some(least) = wanted.charge_min {
        sql.push(" and s.charge_max >= ").push_bind(least.nanos());
    }
    if let Some(end) = wanted.end_reason {
        add_end(&mut sql, end);
    }
    if let Some(token) = wanted.token {
        add_token(&mut sql, token, wanted);
    }
    sql.push(" group by s.hour");
    let spans: Vec<(i64, i64)> = sql.fetch_all(&db.readers).await?;
    let spans = merged(spans.into_iter().map(|(first, last)| Span { first, last }).collect());
    // All that lies within a time is wanted: it is one stretch.
    Ok(if wanted.is_picky() { spans } else { whole(&spans) })
}

/// The stretch from the first to the last, if there are any.
fn whole(spans: &[Span]) -> Vec<Span> {
    let (first, last) = (spans.last().map(|span| span.first), spans.first().map(|span| span.last));
    first.zip(last).map(|(first, last)| Span { first, last }).into_iter().collect()
}

/// The hours in which a time lies.
fn add_hours(sql: &mut Query, hour: &str, wanted: &LogQuery) {
    for (time, beyond) in [(wanted.since, ">="), (wanted.until, "<=")] {
        if let Some(time) = time {
            sql.push(&format!(" and {hour} {beyond} "));
            sql.push_bind(time.as_millis().div_euclid(HOUR_MILLIS));
        }
    }
}

/// Hours in which a request ended so.
fn add_end(sql: &mut Query, end: EndReason) {
    sql.push(
        " and exists (
             select 1
             from usage_outcome_hourly o
             where o.account_id = s.account_id
             and o.hour = s.hour
             and o.end_reason = ",
    );
    sql.push_bind(end.name()).push(")");
}

/// Hours in which the token was used.
fn add_token(sql: &mut Query, token: ApiTokenId, wanted: &LogQuery) {
    sql.push(
        " and exists (
             select 1
             from usage_hourly h
             where h.account_id = s.account_id
             and h.token_id = ",
    );
    sql.push_bind(token.as_i64()).push(" and h.hour = s.hour and h.model = s.model");
    if let Some(least) = wanted.charge_min {
        sql.push(" and h.charge >= ").push_bind(least.nanos());
    }
    sql.push(")");
}

/// Newest first, those that lie close together as one. Nodes' clocks differ, so that hours may overlap
/// in the log.
fn merged(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_unstable_by_key(|span| std::cmp::Reverse(span.last));
    let mut apart: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match apart.last_mut() {
            Some(newer) if span.last.saturating_add(GAP_MAX) >= newer.first => {
                newer.first = newer.first.min(span.first);
            }
            _ => apart.push(span),
        }
    }
    apart
}

fn add_filters(sql: &mut Query, wanted: &LogQuery, seq: &str) {
    // A token of another account is nobody's business.
    if let (Some(_), Some(account)) = (wanted.token, wanted.account) {
        sql.push(" and u.account_id = ").push_bind(account.as_i64());
    }
    if let Some(before) = wanted.before {
        sql.push(&format!(" and {seq} < ")).push_bind(before);
    }
    if let Some(model) = &wanted.model {
        sql.push(" and u.model = ").push_bind(model.as_str());
    }
    if let Some(end) = wanted.end_reason {
        sql.push(" and u.end_reason = ").push_bind(end.name());
    }
    if let Some(stream) = wanted.stream {
        sql.push(" and u.stream = ").push_bind(stream);
    }
    if let Some(least) = wanted.charge_min {
        sql.push(" and u.charge >= ").push_bind(least.nanos());
    }
    if let Some(since) = wanted.since {
        sql.push(" and u.created_at >= ").push_bind(since.as_millis());
    }
    if let Some(until) = wanted.until {
        sql.push(" and u.created_at < ").push_bind(until.as_millis());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_that_overlap_or_lie_close_together_become_one() {
        let spans = [(1, 4), (1_010, 1_020), (1_018, 1_030), (1_286, 1_300), (1_012, 1_013)];
        let spans = spans.map(|(first, last)| Span { first, last });
        let apart = merged(spans.into());
        let ends: Vec<(i64, i64)> = apart.iter().map(|span| (span.first, span.last)).collect();
        assert_eq!(ends, [(1_010, 1_300), (1, 4)]);
    }
}
