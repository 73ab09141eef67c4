//! Which tokens of an account, or of everybody, cost most, without summing up all of them.
//!
//! An index has each day's tokens in the order of their charges. The dearest of each day are read:
//! a token that is not among them has come to no more than the last of them on that day. Where the
//! sum of those is less than what the tokens are known for that are to be told, no other can be one
//! of them; else more of each day is read. (Fagin, Lotem, Naor, "Optimal aggregation algorithms for
//! middleware", 2001.)

use std::collections::HashMap;

use anc_domain::AccountId;

use super::TOKENS_MAX;
use crate::StoreError;
use crate::sql::{Pool, Tx, query};
use crate::usage::{HOUR_MILLIS, WATERMARK, account_or_all, rows_of};

const HOURS_OF_DAY: i64 = 24;

/// How many of each day are read at first, and how many times as many where they do not suffice.
const LISTED_FIRST: i64 = 32;
const LISTED_FACTOR: i64 = 8;

/// Token, requests, charge.
type Sums = (i64, i64, i64);

/// The dearest of each day.
#[derive(Default)]
struct Lists {
    /// By token: the charges that are known, and by how much more they can be.
    charges: HashMap<i64, Charge>,
    /// What a token that is in no list can have come to.
    others: i64,
    /// Every list has all there is.
    whole: bool,
}

#[derive(Debug, Clone, Copy, Default)]
struct Charge {
    least: i64,
    /// What tokens can have come to on the days on which this one is listed and is not in a list.
    listed_rest: i64,
    /// What of the listed charges may lie before the period.
    before: i64,
}

/// The dearest tokens of an account, or of everybody, from an hour on, the newest requests included.
pub(super) async fn dearest(
    readers: &Pool,
    account: Option<AccountId>,
    since: i64,
) -> Result<Vec<Sums>, StoreError> {
    let mut tx = readers.snapshot().await?;
    let tail = tail(&mut tx, account, since).await?;
    let mut listed = LISTED_FIRST;
    loop {
        let lists = lists(&mut tx, account, since, listed).await?;
        let mut candidates = lists.candidates();
        candidates.extend(tail.iter().map(|(token, ..)| *token));
        candidates.sort_unstable();
        candidates.dedup();
        let mut sums = sums(&mut tx, since, &candidates).await?;
        for (token, requests, charge) in &tail {
            match sums.iter_mut().find(|(known, ..)| known == token) {
                Some(sum) => *sum = (*token, sum.1 + requests, sum.2 + charge),
                None => sums.push((*token, *requests, *charge)),
            }
        }
        sums.sort_unstable_by_key(|(token, requests, charge)| (-charge, -requests, *token));
        sums.truncate(usize::try_from(TOKENS_MAX).unwrap_or_default());
        let enough = i64::try_from(sums.len()).is_ok_and(|count| count == TOKENS_MAX);
        let least = sums.last().map_or(0, |(.., charge)| *charge);
        if lists.whole || (enough && lists.others <= least) {
            return Ok(sums);
        }
        listed *= LISTED_FACTOR;
    }
}

/// Tokens of rows that are in no sums yet.
async fn tail(
    tx: &mut Tx,
    account: Option<AccountId>,
    since: i64,
) -> Result<Vec<Sums>, StoreError> {
    let whose = rows_of(account);
    let rows = query(format!(
        "select token_id, count(*), cast(sum(charge) as bigint)
         from usage
         where seq > (select seq from follower_watermark where name = $2)
         and created_at / {HOUR_MILLIS} >= $3
         and {whose}
         group by token_id"
    ))
    .bind(account_or_all(account))
    .bind(WATERMARK)
    .bind(since)
    .fetch_all(tx)
    .await?;
    Ok(rows)
}

async fn lists(
    tx: &mut Tx,
    account: Option<AccountId>,
    since: i64,
    listed: i64,
) -> Result<Lists, StoreError> {
    let (whose, order) = match account {
        Some(_) => ("account_id = $1", "account_id desc, day desc, charge desc, token_id desc"),
        None => ("$1 = 0", "day desc, charge desc, token_id desc"),
    };
    let first = since.div_euclid(HOURS_OF_DAY);
    let last: i64 =
        query("select coalesce(max(day), 0) from usage_token_day").fetch_value(&mut *tx).await?;
    let mut lists = Lists { whole: true, ..Lists::default() };
    for day in first..=last {
        let rows: Vec<(i64, i64)> = query(format!(
            "select token_id, charge
             from usage_token_day
             where {whose}
             and day = $2
             order by {order}
             limit $3"
        ))
        .bind(account_or_all(account))
        .bind(day)
        .bind(listed)
        .fetch_all(&mut *tx)
        .await?;
        let is_whole = i64::try_from(rows.len()).is_ok_and(|count| count < listed);
        let rest = if is_whole { 0 } else { rows.last().map_or(0, |(_, charge)| *charge) };
        // Hours of the first day may lie before the period.
        let is_part = day * HOURS_OF_DAY < since;
        lists.add(&rows, rest, is_part);
        lists.whole &= is_whole;
    }
    Ok(lists)
}

impl Lists {
    fn add(&mut self, rows: &[(i64, i64)], rest: i64, is_part: bool) {
        self.others = self.others.saturating_add(rest);
        for (token, charge) in rows {
            let known = self.charges.entry(*token).or_default();
            known.listed_rest = known.listed_rest.saturating_add(rest);
            if is_part {
                known.before = known.before.saturating_add(*charge);
            } else {
                known.least = known.least.saturating_add(*charge);
            }
        }
    }

    /// Those that can be among the dearest.
    fn candidates(&self) -> Vec<i64> {
        let mut least: Vec<i64> = self.charges.values().map(|charge| charge.least).collect();
        least.sort_unstable_by_key(|least| std::cmp::Reverse(*least));
        let last = usize::try_from(TOKENS_MAX - 1).ok().and_then(|place| least.get(place));
        let needed = last.copied().unwrap_or(0);
        self.charges
            .iter()
            .filter(|(_, charge)| {
                let unlisted = self.others.saturating_sub(charge.listed_rest);
                charge.least.saturating_add(charge.before).saturating_add(unlisted) >= needed
            })
            .map(|(token, _)| *token)
            .collect()
    }
}

/// What some tokens came to: whole days, and hours where a day lies partly before the period.
async fn sums(tx: &mut Tx, since: i64, tokens: &[i64]) -> Result<Vec<Sums>, StoreError> {
    let first_whole = since.div_euclid(HOURS_OF_DAY) + i64::from(since % HOURS_OF_DAY != 0);
    let mut all = Vec::new();
    for some in tokens.chunks(200) {
        let mut sql = query("with wanted as (select id, account_id from api_token where id in (");
        for (index, token) in some.iter().enumerate() {
            sql.push(if index == 0 { "" } else { ", " }).push_bind(*token);
        }
        sql.push(
            ")),
             part as (
                 select s.token_id, s.requests, s.charge
                 from wanted w
                 join usage_token_day s on s.token_id = w.id
                 where s.day >= ",
        );
        sql.push_bind(first_whole);
        sql.push(
            " union all
                 select s.token_id, s.requests, s.charge
                 from wanted w
                 join usage_hourly s on s.account_id = w.account_id and s.token_id = w.id
                 where s.hour >= ",
        );
        sql.push_bind(since).push(" and s.hour < ").push_bind(first_whole * HOURS_OF_DAY);
        sql.push(
            ")
             select token_id, cast(sum(requests) as bigint), cast(sum(charge) as bigint)
             from part
             group by token_id",
        );
        all.extend(sql.fetch_all::<Sums>(&mut *tx).await?);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_cannot_be_among_the_dearest_is_not_summed() {
        let day: Vec<(i64, i64)> = (1..=10).map(|token| (token, 1_000 / token)).collect();
        let mut lists = Lists::default();
        lists.add(&day, 0, false);
        lists.add(&day, 0, false);
        let mut candidates = lists.candidates();
        candidates.sort_unstable();
        assert_eq!(candidates, (1..=8).collect::<Vec<i64>>());
        // On a third day those that are not listed may have come to more than is known.
        lists.add(&day[..3], 300, false);
        assert_eq!((lists.others, lists.candidates().len()), (300, 10));
    }
}
