//! From who somebody is at a provider to who they are here.
//!
//! An identity that is connected is the person, whatever its address says by now. Else the address
//! counts, if the provider has made sure of it, and only to let somebody in who has no other way in
//! yet: a person whom an operator has added without a password, or a new one where registering
//! is allowed. Whoever has a password or another provider connects this one on their Profile
//! page, where they have shown who they are: an address alone takes nobody's account over.

use std::net::IpAddr;

use anc_domain::{InvitationId, Secret};
use anc_store::{Client, Connected, NO_PASSWORD, NewUser, RegisteredBy, Role, UserRecord};
use serde_json::json;

use super::way::{Arrived, WayIn};
use crate::audit::note_of_person;
use crate::error::ApiError;
use crate::sign_in::{self, Way};
use crate::state::{ApiState, SignUp};

/// The person that somebody at a provider is, who may be a new one.
pub(crate) async fn person_of(
    state: &ApiState,
    way: &WayIn,
    shown: &Arrived,
    invitation: Option<InvitationId>,
    (address, client): (IpAddr, &Client),
) -> Result<UserRecord, ApiError> {
    check_domain(way, shown)?;
    let identity = &shown.identity;
    let known = state.store().identities().find(&identity.issuer, &identity.subject).await?;
    if let Some(known) = known {
        let user = state.store().users().by_id(known.user_id).await?;
        let user = enabled(state, way, user.ok_or_else(ApiError::internal)?, client)?;
        state.store().identities().touch(known.id, &identity.label).await?;
        return Ok(user);
    }
    let email = shown.email.as_ref().ok_or_else(ApiError::email_not_verified)?;
    match state.store().users().by_email(email).await? {
        Some(user) => {
            let user = enabled(state, way, user, client)?;
            let_in(state, way, shown, user, address).await
        }
        None => register(state, way, shown, email, invitation, address).await,
    }
}

/// Refuses whose address is in none of the domains that may enter, where these are named.
pub(crate) fn check_domain(way: &WayIn, shown: &Arrived) -> Result<(), ApiError> {
    let domains = &way.provider.domains;
    if domains.is_empty() {
        return Ok(());
    }
    let email = shown.email.as_ref().ok_or_else(ApiError::email_not_verified)?;
    let domain = email.rsplit_once('@').map_or("", |(_, domain)| domain);
    if domains.iter().any(|allowed| allowed == domain) {
        return Ok(());
    }
    Err(ApiError::email_domain_not_allowed())
}

fn enabled(
    state: &ApiState,
    way: &WayIn,
    user: UserRecord,
    client: &Client,
) -> Result<UserRecord, ApiError> {
    if user.disabled {
        let by = Way::Provider(way.provider.id.clone());
        sign_in::failed(state, user.id, by, client.clone());
        return Err(ApiError::person_disabled());
    }
    Ok(user)
}

/// Connects the provider to a person who has no other way in.
async fn let_in(
    state: &ApiState,
    way: &WayIn,
    shown: &Arrived,
    user: UserRecord,
    address: IpAddr,
) -> Result<UserRecord, ApiError> {
    let identities = state.store().identities();
    if user.has_password() || !identities.list(user.id).await?.is_empty() {
        return Err(ApiError::connect_first(&way.provider.name));
    }
    match identities.connect(&user, &shown.identity).await? {
        Connected::Done => {}
        Connected::Taken | Connected::HasAnother | Connected::Stale => {
            return Err(ApiError::sign_in_expired());
        }
    }
    let detail = json!({ "provider": way.provider.id, "as": shown.identity.label,
        "by": "verified address" });
    note_of_person(state, &user, "identity.connect", &detail, address).await;
    state.store().users().by_id(user.id).await?.ok_or_else(ApiError::internal)
}

async fn register(
    state: &ApiState,
    way: &WayIn,
    shown: &Arrived,
    email: &str,
    invitation: Option<InvitationId>,
    address: IpAddr,
) -> Result<UserRecord, ApiError> {
    let is_allowed = match state.shared.settings.sign_up {
        SignUp::Closed => false,
        SignUp::Invitation => invitation.is_some(),
        SignUp::Open => true,
    };
    if !is_allowed || state.store().users().needs_setup().await? {
        return Err(ApiError::sign_up_closed());
    }
    let person = NewUser {
        email: email.to_owned(),
        password_hash: Secret::new(NO_PASSWORD),
        role: Role::User,
        metered: true,
    };
    let made = state.store().identities().register(&shown.identity, &person, invitation).await?;
    let id = match made {
        RegisteredBy::Person(id) => id,
        RegisteredBy::NotInvited => return Err(ApiError::link_not_valid()),
        // Somebody was faster.
        RegisteredBy::Known => return Err(ApiError::sign_in_expired()),
    };
    let user = state.store().users().by_id(id).await?.ok_or_else(ApiError::internal)?;
    let detail = json!({ "provider": way.provider.id, "as": shown.identity.label });
    note_of_person(state, &user, "user.register", &detail, address).await;
    Ok(user)
}
