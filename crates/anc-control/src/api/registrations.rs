//! Registering: with mail by a link to the address, which shows that it is the person's; else, or
//! where an operator has invited that very address, at once.

use anc_domain::{InvitationId, Secret, SecretHash};
use anc_store::{NewMailCode, NewUser, Registered, Role, UserRecord};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::api::session::{Session, registered};
use crate::api::setup::check_email;
use crate::audit::note_of_person;
use crate::error::{ApiError, ErrorBody};
use crate::json::Json;
use crate::principal::{Caller, Visitor};
use crate::state::{ApiState, SignUp};
use crate::{mail, one_time_link, session};

/// Who wants to register.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Registration {
    email: String,
    /// Needed where no link is sent by mail first. Ten characters or more.
    #[serde(default)]
    #[schema(min_length = 10)]
    password: Option<String>,
    /// The code of an invitation's link.
    #[serde(default)]
    invitation: Option<String>,
}

/// Mail is on its way, with a link if nobody signs in with the address yet.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MailSent {
    /// Where to.
    pub(crate) email: String,
}

/// A link's code, and the password to be set.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CodeAndPassword {
    /// What stands behind `#code=` in the link.
    pub(crate) code: String,
    /// Ten characters or more.
    #[schema(min_length = 10)]
    pub(crate) password: String,
}

/// Registers, or sends the link with which that is done. Where mail is sent, the answer is the same
/// whether or not somebody signs in with the address already.
#[utoipa::path(post, path = "/api/v1/registrations", tag = "session",
    request_body = Registration,
    responses((status = 201, body = Session), (status = 202, body = MailSent),
        (status = "default", body = ErrorBody)))]
pub(crate) async fn register(
    State(state): State<ApiState>,
    caller: Caller,
    Visitor(client): Visitor,
    Json(body): Json<Registration>,
) -> Result<Response, ApiError> {
    let shared = &state.shared;
    session::check_connection(&shared.settings, caller.0)?;
    if shared.settings.sign_up == SignUp::Closed || state.store().users().needs_setup().await? {
        return Err(ApiError::sign_up_closed());
    }
    let email = check_email(&body.email)?;
    shared.mail_throttle.attempt(&format!("register {email}"), caller.0, state.now())?;
    let invitation = match &body.invitation {
        Some(code) => {
            let found = state.store().invitations().find(&SecretHash::of(code)).await?;
            let found = found.filter(|invitation| {
                let meant = invitation.email.as_ref().is_none_or(|only| *only == email);
                meant && invitation.is_open(state.now())
            });
            Some(found.ok_or_else(ApiError::link_not_valid)?)
        }
        None if shared.settings.sign_up == SignUp::Open => None,
        None => return Err(ApiError::sign_up_closed()),
    };
    // An operator who invites an address answers for it.
    let vouched_for = invitation.as_ref().is_some_and(|invitation| invitation.email.is_some());
    let invitation = invitation.map(|invitation| invitation.id);
    if !vouched_for && state.mail_way().is_some() {
        let (state, to) = (state.clone(), email.clone());
        // Apart from the answer, whose time must not tell whether the address is known.
        tokio::spawn(async move {
            if let Err(error) = send_link(&state, to, invitation).await {
                tracing::error!(code = error.code, "no link to register could be sent");
            }
        });
        return Ok((StatusCode::ACCEPTED, axum::Json(MailSent { email })).into_response());
    }
    let password = body.password.unwrap_or_default();
    let password_hash = shared.passwords.hash(Secret::new(password), &*shared.entropy).await?;
    let new = NewUser { email, password_hash, role: Role::User, metered: true };
    let user = add(&state, new, invitation).await?;
    note_of_person(&state, &user, "user.register", &json!({}), caller.0).await;
    registered(&state, &user, caller, client).await
}

async fn add(
    state: &ApiState,
    new: NewUser,
    invitation: Option<InvitationId>,
) -> Result<UserRecord, ApiError> {
    let Some(id) = invitation else {
        let created = state.store().users().create(new, None).await?;
        return created.map_err(|_| ApiError::internal());
    };
    let made = state.store().invitations().register(id, &new).await?;
    let made = made.ok_or_else(ApiError::link_not_valid)?;
    state.store().users().by_id(made).await?.ok_or_else(ApiError::internal)
}

async fn send_link(
    state: &ApiState,
    email: String,
    invitation: Option<InvitationId>,
) -> Result<(), ApiError> {
    let Some((way, public_url)) = state.mail_way() else { return Ok(()) };
    let known = state.store().users().by_email(&email).await?.is_some();
    let mail = if known {
        let link = one_time_link::link(public_url, "/reset", "");
        mail::already_registered(way.language, email, link.expose().trim_end_matches('#'))
    } else {
        let code = one_time_link::new_code(&*state.shared.entropy);
        let expires_at = state.now().plus(one_time_link::REGISTER);
        let new = NewMailCode { hash: code.hash(), email: email.clone(), expires_at };
        state.store().mail_codes().create_registration(new, invitation).await?;
        let behind = format!("code={}", code.expose());
        let link = one_time_link::link(public_url, "/register", &behind);
        mail::registration(way.language, email, &link)
    };
    way.send_unkept(mail).await;
    Ok(())
}

/// Finishes a registration by the link that was sent, and signs in.
#[utoipa::path(post, path = "/api/v1/registrations/confirm", tag = "session",
    request_body = CodeAndPassword,
    responses((status = 201, body = Session), (status = "default", body = ErrorBody)))]
pub(crate) async fn confirm_registration(
    State(state): State<ApiState>,
    caller: Caller,
    Visitor(client): Visitor,
    Json(body): Json<CodeAndPassword>,
) -> Result<Response, ApiError> {
    let shared = &state.shared;
    session::check_connection(&shared.settings, caller.0)?;
    if shared.settings.sign_up == SignUp::Closed {
        return Err(ApiError::sign_up_closed());
    }
    shared.mail_throttle.attempt(&format!("link from {}", caller.0), caller.0, state.now())?;
    let password_hash = shared.passwords.hash(Secret::new(body.password), &*shared.entropy).await?;
    let hash = SecretHash::of(&body.code);
    let id = match state.store().mail_codes().register(&hash, password_hash).await? {
        Registered::Person(id) => id,
        Registered::NotValid => return Err(ApiError::link_not_valid()),
        Registered::Known => {
            let message = "There is already somebody who signs in with this address.";
            return Err(ApiError::conflict(message));
        }
    };
    shared.mail_throttle.succeeded(&format!("link from {}", caller.0), caller.0);
    let user = state.store().users().by_id(id).await?.ok_or_else(ApiError::internal)?;
    note_of_person(&state, &user, "user.register", &json!({ "by_mail": true }), caller.0).await;
    registered(&state, &user, caller, client).await
}
