//! Small facts of the instance, by name.

use crate::StoreError;
use crate::database::Database;
use crate::sql::query;

/// The settings' door.
#[derive(Clone, Copy)]
pub struct Settings<'a> {
    pub(crate) db: &'a Database,
}

impl Settings<'_> {
    /// The value of `key`.
    pub async fn get(&self, key: &str) -> Result<Option<String>, StoreError> {
        let value: Option<(String,)> = query("select value from setting where key = $1")
            .bind(key)
            .fetch_optional(&self.db.readers)
            .await?;
        Ok(value.map(|(value,)| value))
    }

    /// Sets `key` to `value`.
    pub async fn set(&self, key: &str, value: &str) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        let now = tx.now.as_millis();
        query(
            "insert into setting (key, value, updated_at)
             values ($1, $2, $3)
             on conflict (key) do update
             set value = excluded.value, updated_at = excluded.updated_at",
        )
        .bind(key)
        .bind(value)
        .bind(now)
        .execute(&mut tx)
        .await?;
        tx.commit().await
    }

    /// Forgets `key`.
    pub async fn delete(&self, key: &str) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        query("delete from setting where key = $1").bind(key).execute(&mut tx).await?;
        tx.commit().await
    }
}
