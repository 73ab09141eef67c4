//! Sets of channels, each with a factor on every price.

use anc_domain::PpmMultiplier;

use crate::StoreError;
use crate::change::Topic;
use crate::database::Database;
use crate::price::multiplier;
use crate::sql::query;

/// The group of channels and tokens that name no other.
pub const DEFAULT_GROUP: &str = "default";

/// A set of channels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupRecord {
    /// Its name.
    pub name: String,
    /// The factor on every price of its channels.
    pub multiplier: PpmMultiplier,
}

/// The groups' door.
#[derive(Clone, Copy)]
pub struct Groups<'a> {
    pub(crate) db: &'a Database,
}

impl Groups<'_> {
    /// Every group, by name.
    pub async fn list(&self) -> Result<Vec<GroupRecord>, StoreError> {
        let rows: Vec<(String, i64)> =
            query("select name, multiplier_ppm from channel_group order by name")
                .fetch_all(&self.db.readers)
                .await?;
        rows.into_iter()
            .map(|(name, ppm)| Ok(GroupRecord { name, multiplier: multiplier(ppm)? }))
            .collect()
    }

    /// Makes a group, or changes its factor.
    pub async fn set(&self, name: &str, factor: PpmMultiplier) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        query(
            "insert into channel_group (name, multiplier_ppm, created_at)
             values ($1, $2, $3)
             on conflict (name) do update
             set multiplier_ppm = excluded.multiplier_ppm",
        )
        .bind(name)
        .bind(i64::from(factor.ppm()))
        .bind(tx.now.as_millis())
        .execute(&mut tx)
        .await?;
        tx.change(Topic::Catalog).await?;
        tx.commit().await
    }
}
