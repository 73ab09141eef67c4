//! How the store fails.

/// The store could not do what was asked. Look-ups that find nothing give `None`, not an error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached or written now: a full disk, a lock, a queue that is full.
    /// It may be tried again; until it succeeds nothing has happened.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// The write would break a rule of uniqueness; the text names it.
    #[error("conflict: {0}")]
    Conflict(&'static str),
    /// What is stored cannot be: a bug, a damaged file or a foreign master key. Not to be retried.
    #[error("the store is corrupt: {0}")]
    Corrupt(String),
}

impl StoreError {
    pub(crate) fn corrupt(what: impl std::fmt::Display) -> Self {
        Self::Corrupt(what.to_string())
    }

    pub(crate) fn unavailable(what: impl std::fmt::Display) -> Self {
        Self::Unavailable(what.to_string())
    }

    /// For the one constraint that a write knows it may break.
    pub(crate) fn conflict_on(error: sqlx::Error, rule: &'static str) -> Self {
        match error.as_database_error() {
            Some(database) if database.is_unique_violation() => Self::Conflict(rule),
            _ => error.into(),
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::ColumnDecode { .. }
            | sqlx::Error::Decode(_)
            | sqlx::Error::ColumnNotFound(_)
            | sqlx::Error::TypeNotFound { .. } => Self::corrupt(error),
            sqlx::Error::Database(database)
                if database.is_check_violation()
                    || database.is_foreign_key_violation()
                    || database.is_unique_violation() =>
            {
                Self::corrupt(error)
            }
            _ => Self::unavailable(error),
        }
    }
}

impl From<sqlx::migrate::MigrateError> for StoreError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        match error {
            sqlx::migrate::MigrateError::Execute(inner) => inner.into(),
            other => Self::corrupt(other),
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match &error {
            rusqlite::Error::SqliteFailure(failure, _)
                if !matches!(
                    failure.code,
                    rusqlite::ErrorCode::ConstraintViolation
                        | rusqlite::ErrorCode::DatabaseCorrupt
                        | rusqlite::ErrorCode::NotADatabase
                ) =>
            {
                Self::unavailable(error)
            }
            _ => Self::corrupt(error),
        }
    }
}
