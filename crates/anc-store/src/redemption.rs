//! Redemption codes: money that an operator gives out as a text.
//!
//! Codes are made in batches, on terms that all of a batch share, and kept as hashes. A use of one is
//! an operation of the ledger writer (`ledger/redeem.rs`): the code's counter, the row that tells who
//! and when, the entry and the balance change in one transaction or not at all.
//!
//! * `redemption/list.rs`: what operators see of codes and their uses.

mod list;

use std::collections::HashSet;

use anc_domain::{
    CodeBatchId, Entropy, NanoUsd, RedemptionCodeHint, RedemptionCodeId, RedemptionId, SecretHash,
    UnixMillis,
};
use anc_ledger::NotRedeemed;

use crate::database::{Database, WriteTx};
use crate::idempotency::{self, Idempotency, Repeat};
use crate::ledger::{Ledger, Redeemed, RedemptionAsk};
use crate::sql::query;
use crate::{StoreError, row};

pub use list::{
    CodePage, CodeQuery, CodeStatus, RedemptionCodeRecord, RedemptionPage, RedemptionRecord,
};

/// The terms of a batch of codes.
#[derive(Debug, Clone)]
pub struct NewCodeBatch {
    /// What the operator calls it.
    pub note: String,
    /// What each use of each code is worth; above zero.
    pub amount: NanoUsd,
    /// How often each code may be used; at least once.
    pub uses: u32,
    /// Whether each account may use a code no more than once.
    pub once_per_account: bool,
    /// When the codes stop working; `None` is never.
    pub expires_at: Option<UnixMillis>,
    /// Who makes it.
    pub created_by: String,
    /// The codes.
    pub codes: Vec<(SecretHash, RedemptionCodeHint)>,
}

/// A batch that was made.
#[derive(Debug, Clone)]
pub struct CodeBatch {
    /// The batch.
    pub id: CodeBatchId,
    /// Its codes, in the order in which they were given.
    pub codes: Vec<RedemptionCodeId>,
}

/// The redemption codes' door.
#[derive(Clone, Copy)]
pub struct RedemptionCodes<'a> {
    pub(crate) db: &'a Database,
    pub(crate) ledger: &'a Ledger,
    pub(crate) entropy: &'a dyn Entropy,
}

impl RedemptionCodes<'_> {
    /// Keeps a batch, unless the same request made one before.
    pub async fn create(
        &self,
        new: NewCodeBatch,
        idempotency: Option<&Idempotency>,
    ) -> Result<Result<CodeBatch, Repeat>, StoreError> {
        let mut tx = self.db.write().await?;
        if let Some(repeat) = idempotency::repeated(&mut tx, idempotency).await? {
            return Ok(Err(repeat));
        }
        let id = CodeBatchId::generate(tx.now, self.entropy);
        query(
            "insert into redemption_batch
                 (id, note, amount, once_per_account, expires_at, created_by, created_at)
             values ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(id.as_i64())
        .bind(&new.note)
        .bind(new.amount.nanos())
        .bind(new.once_per_account)
        .bind(row::millis(new.expires_at))
        .bind(&new.created_by)
        .bind(tx.now.as_millis())
        .execute(&mut tx)
        .await?;
        let codes = self.distinct_ids(&tx, new.codes.len());
        for (code_id, (hash, hint)) in codes.iter().zip(&new.codes) {
            query(
                "insert into redemption_code (id, batch_id, hash, hint, uses)
                 values ($1, $2, $3, $4, $5)",
            )
            .bind(code_id.as_i64())
            .bind(id.as_i64())
            .bind(hash.as_bytes().as_slice())
            .bind(hint.as_str())
            .bind(i64::from(new.uses))
            .execute(&mut tx)
            .await?;
        }
        idempotency::remember(&mut tx, idempotency, &[id.to_string()]).await?;
        tx.commit().await?;
        Ok(Ok(CodeBatch { id, codes }))
    }

    /// Ids of one millisecond have 22 random bits: of a thousand, two are alike now and then.
    fn distinct_ids(&self, tx: &WriteTx, count: usize) -> Vec<RedemptionCodeId> {
        let (mut ids, mut known) = (Vec::with_capacity(count), HashSet::with_capacity(count));
        while ids.len() < count {
            let id = RedemptionCodeId::generate(tx.now, self.entropy);
            if known.insert(id) {
                ids.push(id);
            }
        }
        ids
    }

    /// The code whose text has that hash, whether or not it may still be used.
    pub async fn find(&self, hash: &SecretHash) -> Result<Option<RedemptionCodeId>, StoreError> {
        let found: Option<(i64,)> = query("select id from redemption_code where hash = $1")
            .bind(hash.as_bytes().as_slice())
            .fetch_optional(&self.db.readers)
            .await?;
        Ok(found.map(|(id,)| RedemptionCodeId::from_i64(id)))
    }

    /// Redeems a code, and answers when the money is on the disk. The inner error is the rules'
    /// refusal. Asked again under the same word it gives what it did; for another code or account it
    /// is a conflict ([`crate::WORD_OF_ANOTHER`]).
    pub async fn redeem(
        &self,
        ask: RedemptionAsk,
    ) -> Result<Result<Redeemed, NotRedeemed>, StoreError> {
        let id = RedemptionId::generate(self.db.now(), self.entropy);
        self.ledger.redeem(id, ask).await
    }

    /// Ends what is left of a code; false if nothing is. What was redeemed stays.
    pub async fn revoke(&self, id: RedemptionCodeId, by: &str) -> Result<bool, StoreError> {
        let mut tx = self.db.write().await?;
        let revoked = revoke_one(&mut tx, id.as_i64(), by).await?;
        tx.commit().await?;
        Ok(revoked)
    }

    /// Ends what is left of a batch, and gives of how many codes; `None` if there is no such batch.
    pub async fn revoke_batch(&self, id: CodeBatchId, by: &str) -> Result<Option<u64>, StoreError> {
        let mut tx = self.db.write().await?;
        let known: bool = query("select exists (select 1 from redemption_batch where id = $1)")
            .bind(id.as_i64())
            .fetch_value(&mut tx)
            .await?;
        if !known {
            return Ok(None);
        }
        let codes: Vec<(i64,)> = query(
            "select id
             from redemption_code
             where batch_id = $1
             and revoked_at is null
             and used < uses
             order by id",
        )
        .bind(id.as_i64())
        .fetch_all(&mut tx)
        .await?;
        let mut revoked = 0;
        // One by one in the order of ids, which is that in which the ledger writer locks them.
        for (code,) in codes {
            revoked += u64::from(revoke_one(&mut tx, code, by).await?);
        }
        tx.commit().await?;
        Ok(Some(revoked))
    }
}

async fn revoke_one(tx: &mut WriteTx, id: i64, by: &str) -> Result<bool, StoreError> {
    let now = tx.now.as_millis();
    let revoked = query(
        "update redemption_code
         set revoked_at = $2, revoked_by = $3
         where id = $1
         and revoked_at is null
         and used < uses",
    )
    .bind(id)
    .bind(now)
    .bind(by)
    .execute(&mut *tx)
    .await?;
    Ok(revoked > 0)
}
