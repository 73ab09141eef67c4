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
                    || database.is_unique_violation()
                    || is_refused_for_good(database.code().as_deref()) =>
            {
                Self::corrupt(error)
            }
            _ => Self::unavailable(error),
        }
    }
}

/// Whether PostgreSQL will refuse the same statement however often it is asked: the data cannot be
/// (class 22), breaks a rule (23) or is beyond what the server can hold (54).
fn is_refused_for_good(code: Option<&str>) -> bool {
    // SQLite's codes are numbers of at most four digits.
    code.is_some_and(|code| {
        code.len() == 5 && ["22", "23", "54"].iter().any(|class| code.starts_with(class))
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_refuses_for_good_is_told_from_what_may_pass() {
        for code in ["22021", "22003", "23514", "54000"] {
            assert!(is_refused_for_good(Some(code)), "{code}");
        }
        // A server that shuts down, a deadlock, a full disk, SQLite's own numbers.
        for code in ["57P01", "40P01", "53100", "2067", "23"] {
            assert!(!is_refused_for_good(Some(code)), "{code}");
        }
        assert!(!is_refused_for_good(None));
    }
}
