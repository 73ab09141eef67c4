//! Browsers that were sent to a provider of identities and are expected back, each once.

use anc_domain::{InvitationId, SecretHash, UnixMillis, UserId};
use sqlx::FromRow;

use crate::StoreError;
use crate::database::Database;
use crate::sql::query;

/// Why a browser was sent to a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProviderPurpose {
    /// To sign in, or to register; by an invitation where one is needed.
    SignIn(Option<InvitationId>),
    /// To let that person sign in by the provider from now on.
    Connect(UserId),
    /// To show anew that they are that person.
    StepUp(UserId),
}

/// A browser that is being sent to a provider.
#[derive(Debug, Clone)]
pub struct NewProviderSignIn {
    /// The hash of the state that comes back.
    pub hash: SecretHash,
    /// The hash of what the browser's cookie holds.
    pub browser: SecretHash,
    /// The provider's name in the settings.
    pub provider: String,
    /// What for.
    pub purpose: ProviderPurpose,
    /// Until when it is expected back.
    pub expires_at: UnixMillis,
}

#[derive(FromRow)]
struct PurposeRow {
    purpose: String,
    user_id: Option<i64>,
    invitation_id: Option<i64>,
}

/// The door of sign-ins that are at a provider.
#[derive(Clone, Copy)]
pub struct ProviderSignIns<'a> {
    pub(crate) db: &'a Database,
}

impl ProviderSignIns<'_> {
    /// Keeps one, and forgets those that have expired. False, and none, while there are `at_once_max`.
    pub async fn create(
        &self,
        new: &NewProviderSignIn,
        at_once_max: i64,
    ) -> Result<bool, StoreError> {
        let (purpose, user_id, invitation_id) = match new.purpose {
            ProviderPurpose::SignIn(invitation) => ("sign_in", None, invitation),
            ProviderPurpose::Connect(user) => ("connect", Some(user), None),
            ProviderPurpose::StepUp(user) => ("step_up", Some(user), None),
        };
        let mut tx = self.db.write().await?;
        let now = tx.now.as_millis();
        query("delete from provider_sign_in where expires_at <= $1")
            .bind(now)
            .execute(&mut tx)
            .await?;
        let open: i64 = query("select count(*) from provider_sign_in").fetch_value(&mut tx).await?;
        let is_full = open >= at_once_max;
        if !is_full {
            query(
                "insert into provider_sign_in (hash, browser, provider, purpose, user_id,
                     invitation_id, created_at, expires_at)
                 values ($1, $2, $3, $4, $5, $6, $7, $8)",
            )
            .bind(new.hash.as_bytes().as_slice())
            .bind(new.browser.as_bytes().as_slice())
            .bind(&new.provider)
            .bind(purpose)
            .bind(user_id.map(UserId::as_i64))
            .bind(invitation_id.map(InvitationId::as_i64))
            .bind(now)
            .bind(new.expires_at.as_millis())
            .execute(&mut tx)
            .await?;
        }
        tx.commit().await?;
        Ok(!is_full)
    }

    /// Takes out the one of that state, browser and provider, if it has not expired: what it was for.
    /// Whoever knows the state alone neither gets it nor uses it up.
    pub async fn take(
        &self,
        hash: &SecretHash,
        browser: &SecretHash,
        provider: &str,
    ) -> Result<Option<ProviderPurpose>, StoreError> {
        let mut tx = self.db.write().await?;
        let now = tx.now.as_millis();
        let row: Option<PurposeRow> = query(
            "delete from provider_sign_in
             where hash = $1
             and browser = $2
             and provider = $3
             and expires_at > $4
             returning purpose, user_id, invitation_id",
        )
        .bind(hash.as_bytes().as_slice())
        .bind(browser.as_bytes().as_slice())
        .bind(provider)
        .bind(now)
        .fetch_optional(&mut tx)
        .await?;
        tx.commit().await?;
        row.map(PurposeRow::into_purpose).transpose()
    }
}

impl PurposeRow {
    fn into_purpose(self) -> Result<ProviderPurpose, StoreError> {
        let user_id = self.user_id.map(UserId::from_i64);
        match (self.purpose.as_str(), user_id) {
            ("sign_in", None) => {
                Ok(ProviderPurpose::SignIn(self.invitation_id.map(InvitationId::from_i64)))
            }
            ("connect", Some(user)) => Ok(ProviderPurpose::Connect(user)),
            ("step_up", Some(user)) => Ok(ProviderPurpose::StepUp(user)),
            _ => Err(StoreError::corrupt("an unknown purpose of a sign-in")),
        }
    }
}
