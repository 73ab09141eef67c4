//! Passwords: slow to try, and as slow where there is nobody to try them on.

use anc_domain::{Entropy, Secret};
use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use crate::error::ApiError;

/// What OWASP asks for: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Hashes computed at the same time; each takes its memory and a core.
const AT_ONCE_MAX: usize = 2;
const SALT_BYTES: usize = 16;
const CHARS_MIN: usize = 10;
/// Longer texts are no safer, only slower.
const BYTES_MAX: usize = 256;

/// What is compared where the person is unknown, so that this takes as long. No password is known
/// that has this hash, and where nobody is meant a match counts for nothing.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$\
                      AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The one place where passwords are hashed and compared.
pub(crate) struct Passwords {
    turns: Semaphore,
}

impl Passwords {
    pub(crate) const fn new() -> Self {
        Self { turns: Semaphore::const_new(AT_ONCE_MAX) }
    }

    /// A new password's hash; refuses one that is too short or too long.
    pub(crate) async fn hash(
        &self,
        password: Secret,
        entropy: &dyn Entropy,
    ) -> Result<Secret, ApiError> {
        let text = password.expose();
        if text.chars().count() < CHARS_MIN || text.len() > BYTES_MAX {
            let message = format!(
                "A password has {CHARS_MIN} characters or more, and at most {BYTES_MAX} bytes."
            );
            return Err(ApiError::field("password", message));
        }
        let salt = salt(entropy)?;
        self.slowly(move || hash_with(password.expose(), &salt))
            .await?
            .map(Secret::new)
            .ok_or_else(ApiError::internal)
    }

    /// Whether a password is the one that was hashed; takes as long for nobody.
    pub(crate) async fn matches(
        &self,
        password: Secret,
        hash: Option<Secret>,
    ) -> Result<bool, ApiError> {
        if password.expose().len() > BYTES_MAX {
            return Ok(false);
        }
        // Whoever has none is as slow to try as nobody.
        let hash = hash.filter(|hash| PasswordHash::new(hash.expose()).is_ok());
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| Secret::new(NOBODY));
        let matches = self
            .slowly(move || {
                PasswordHash::new(hash.expose()).is_ok_and(|parsed| {
                    argon().verify_password(password.expose().as_bytes(), &parsed).is_ok()
                })
            })
            .await?;
        Ok(matches && known)
    }

    async fn slowly<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let _turn = self.turns.acquire().await.map_err(|_| ApiError::internal())?;
        tokio::task::spawn_blocking(work).await.map_err(|_| ApiError::internal())
    }
}

fn argon() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn salt(entropy: &dyn Entropy) -> Result<SaltString, ApiError> {
    let mut bytes = [0; SALT_BYTES];
    entropy.fill(&mut bytes);
    SaltString::encode_b64(&bytes).map_err(|_| ApiError::internal())
}

fn hash_with(password: &str, salt: &SaltString) -> Option<String> {
    argon().hash_password(password.as_bytes(), salt).ok().map(|hash| hash.to_string())
}

#[cfg(test)]
mod tests {
    use anc_domain::FixedEntropy;

    use super::*;

    #[tokio::test]
    async fn a_password_matches_itself_alone() {
        let entropy = FixedEntropy::new(1);
        let passwords = Passwords::new();
        let hash = passwords.hash(Secret::new("correct horse"), &entropy).await.unwrap();
        assert!(hash.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(passwords.matches(Secret::new("correct horse"), Some(hash.clone())).await.unwrap());
        assert!(!passwords.matches(Secret::new("correct hors"), Some(hash)).await.unwrap());
        assert!(!passwords.matches(Secret::new(""), None).await.unwrap());
        let none = Some(Secret::new(anc_store::NO_PASSWORD));
        for guess in ["", "-", "correct horse"] {
            assert!(!passwords.matches(Secret::new(guess), none.clone()).await.unwrap());
        }
        assert!(PasswordHash::new(NOBODY).is_ok(), "nobody's hash is really compared");
    }

    #[tokio::test]
    async fn a_password_has_a_least_and_a_greatest_length() {
        let entropy = FixedEntropy::new(1);
        let passwords = Passwords::new();
        for text in ["ninechars".to_owned(), "x".repeat(257)] {
            let refused = passwords.hash(Secret::new(text), &entropy).await.unwrap_err();
            assert_eq!(refused.field, Some("password"));
        }
    }
}
