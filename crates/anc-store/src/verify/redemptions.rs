//! Uses of redemption codes: each with its one entry, and none beyond what its code allows.

use super::counters::number;
use crate::StoreError;
use crate::sql::Tx;

/// Redemptions without an entry of their account and amount, or that are not worth what their code
/// is.
const WITHOUT_ENTRY: &str = "select count(*)
     from redemption r
     join redemption_code c on c.id = r.code_id
     join redemption_batch b on b.id = c.batch_id
     where r.amount <> b.amount
     or not exists (
         select 1
         from ledger_entry e
         where e.cause = r.cause
         and e.kind = 'redemption'
         and e.amount = r.amount
         and e.account_id = r.account_id
     )";

/// Entries of no redemption.
const WITHOUT_REDEMPTION: &str = "select count(*)
     from ledger_entry e
     where e.kind = 'redemption'
     and not exists (select 1 from redemption r where r.cause = e.cause)";

/// Codes that count more or fewer uses than there are, or were used beyond what they allow.
const WRONG_CODES: &str = "select count(*)
     from redemption_code c
     where c.used > c.uses
     or c.used <> (select count(*) from redemption r where r.code_id = c.id)
     or c.used < (select coalesce(max(r.number), 0) from redemption r where r.code_id = c.id)";

/// Accounts that redeemed a code again of which each may once.
const TWICE_BY_ACCOUNT: &str = "select count(*)
     from (
         select r.code_id
         from redemption r
         join redemption_code c on c.id = r.code_id
         join redemption_batch b on b.id = c.batch_id
         where b.once_per_account
         group by r.code_id, r.account_id
         having count(*) > 1
     ) as twice";

/// How many of them are wrong.
pub(super) async fn wrong(tx: &mut Tx) -> Result<i64, StoreError> {
    let mut wrong = 0;
    for sql in [WITHOUT_ENTRY, WITHOUT_REDEMPTION, WRONG_CODES, TWICE_BY_ACCOUNT] {
        wrong += number(tx, sql).await?;
    }
    Ok(wrong)
}
