//! Signing in by a provider of identities: sending a browser there, and taking it back.

use anc_domain::{InvitationId, SecretHash, UserId};
use anc_store::{Client, Connected, NewProviderSignIn, ProviderPurpose, UserRecord};
use axum::extract::State;
use axum::response::{AppendHeaders, IntoResponse, Response};
use http::header::{HeaderValue, SET_COOKIE};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::api::session::{SecondStepNeeded, Session, describe};
use crate::audit::note_of_person;
use crate::error::{ApiError, ErrorBody};
use crate::identity::{Arrived, Brought, Visit, WayIn, check_domain, person_of};
use crate::json::Json;
use crate::principal::{Caller, Principal, Visitor};
use crate::second_factor;
use crate::session::{self, CookieKind};
use crate::sign_in::{self, Way};
use crate::state::ApiState;

/// A provider to be sent to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProviderVisit {
    /// Its name in the settings, as `GET /api/v1/instance` lists it.
    provider: String,
    /// The code of an invitation's link, where registering needs one.
    #[serde(default)]
    invitation: Option<String>,
}

/// A provider of one's own to be sent to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProviderChoice {
    /// Its name in the settings.
    pub(crate) provider: String,
}

/// Where to send the browser.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProviderAddress {
    /// The provider's page.
    url: String,
}

/// What the provider gave the browser to bring back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProviderReturn {
    /// From the path that the browser came back to.
    provider: String,
    code: String,
    state: String,
    /// How the provider named itself, where it did.
    #[serde(default)]
    iss: Option<String>,
}

/// What a visit at a provider came to.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum VisitOutcome {
    /// A session has begun.
    SignedIn,
    /// The person may sign in by the provider from now on.
    Connected,
    /// The person has shown anew who they are.
    ShownAnew,
}

/// A visit that is over, and who is signed in now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VisitDone {
    #[schema(inline)]
    outcome: VisitOutcome,
    session: Session,
}

/// Begins a sign-in by a provider: the browser is to be sent to the address, and holds a cookie
/// without which nobody finishes what it began.
#[utoipa::path(post, path = "/api/v1/provider-sign-ins", tag = "session",
    request_body = ProviderVisit,
    responses((status = 200, body = ProviderAddress), (status = "default", body = ErrorBody)))]
pub(crate) async fn begin_provider_sign_in(
    State(state): State<ApiState>,
    caller: Caller,
    Json(body): Json<ProviderVisit>,
) -> Result<Response, ApiError> {
    session::check_connection(&state.shared.settings, caller.0)?;
    let name = format!("visits from {}", caller.0);
    state.shared.visit_throttle.attempt(&name, caller.0, state.now())?;
    let invitation = match &body.invitation {
        Some(code) => {
            let found = state.store().invitations().find(&SecretHash::of(code)).await?;
            let found = found.filter(|invitation| invitation.is_open(state.now()));
            Some(found.ok_or_else(ApiError::link_not_valid)?.id)
        }
        None => None,
    };
    begin(&state, &body.provider, ProviderPurpose::SignIn(invitation)).await
}

/// Begins to show anew who one is, by a provider that one signs in by.
#[utoipa::path(post, path = "/api/v1/session/step-up/provider", tag = "session",
    request_body = ProviderChoice,
    responses((status = 200, body = ProviderAddress), (status = "default", body = ErrorBody)))]
pub(crate) async fn begin_provider_step_up(
    State(state): State<ApiState>,
    principal: Principal,
    Json(body): Json<ProviderChoice>,
) -> Result<Response, ApiError> {
    let user = principal.user()?;
    begin(&state, &body.provider, ProviderPurpose::StepUp(user.id)).await
}

/// Sends a browser to a provider: the answer with the address and the cookie.
pub(crate) async fn begin(
    state: &ApiState,
    provider: &str,
    purpose: ProviderPurpose,
) -> Result<Response, ApiError> {
    let shared = &state.shared;
    let way = way_of(state, provider)?;
    let visit = Visit::new(&*shared.entropy);
    let secret = session::random_text(&*shared.entropy);
    let limits = shared.settings.identities.limits;
    let anew = matches!(purpose, ProviderPurpose::StepUp(_));
    // Before anything is kept: a provider that does not answer leaves nothing behind.
    let url = way.address(&secret, &visit, anew, state.now()).await;
    let url = url.map_err(|failure| ApiError::visit_failed(&failure, &way.provider))?;
    let new = NewProviderSignIn {
        hash: secret.hash(),
        browser: visit.cookie.hash(),
        provider: way.provider.id.clone(),
        purpose,
        expires_at: state.now().plus(limits.visit),
    };
    if !state.store().provider_sign_ins().create(&new, limits.visits_max).await? {
        metrics::counter!("anc_limit_hits_total", "limit" => "provider_sign_ins").increment(1);
        return Err(ApiError::too_many_attempts(limits.visit));
    }
    let cookie = session::cookie(state, CookieKind::Visit, visit.cookie.expose(), limits.visit)?;
    let body = axum::Json(ProviderAddress { url: url.into() });
    Ok((AppendHeaders([(SET_COOKIE, cookie)]), body).into_response())
}

fn way_of<'a>(state: &'a ApiState, provider: &str) -> Result<&'a WayIn, ApiError> {
    state.shared.ways.of(provider).ok_or_else(|| ApiError::not_found("sign-in service"))
}

/// Finishes a visit at a provider, in the browser that began it, once: signs in or registers, connects
/// the provider, or shows anew who one is, as it was begun. Whoever has a second factor is still
/// asked for it.
#[utoipa::path(post, path = "/api/v1/provider-sign-ins/finish", tag = "session",
    request_body = ProviderReturn,
    responses((status = 200, body = VisitDone), (status = 202, body = SecondStepNeeded),
        (status = "default", body = ErrorBody)))]
pub(crate) async fn finish_provider_sign_in(
    State(state): State<ApiState>,
    principal: Result<Principal, ApiError>,
    caller: Caller,
    Visitor(client): Visitor,
    headers: HeaderMap,
    Json(body): Json<ProviderReturn>,
) -> Result<Response, ApiError> {
    session::check_connection(&state.shared.settings, caller.0)?;
    let visit = presented_visit(&state, &headers)?;
    let way = way_of(&state, &body.provider)?;
    let (hash, browser) = (SecretHash::of(&body.state), visit.cookie.hash());
    let purpose = state.store().provider_sign_ins().take(&hash, &browser, &body.provider).await?;
    let purpose = purpose.ok_or_else(ApiError::sign_in_expired)?;
    let brought = Brought { code: &body.code, issuer: body.iss.as_deref(), visit: &visit };
    let shown = way.shown(&brought, state.now()).await;
    let shown = shown.map_err(|failure| ApiError::visit_failed(&failure, &way.provider))?;
    let back = Back { state: &state, way, shown: &shown, caller, client };
    match purpose {
        ProviderPurpose::SignIn(invitation) => back.sign_in(invitation).await,
        ProviderPurpose::Connect(user) => back.connect(same_person(principal, user)?).await,
        ProviderPurpose::StepUp(user) => {
            back.step_up(same_person(principal, user)?, &headers).await
        }
    }
}

fn presented_visit(state: &ApiState, headers: &HeaderMap) -> Result<Visit, ApiError> {
    let https = state.shared.settings.https();
    let cookie = session::presented_text(headers, https, CookieKind::Visit);
    cookie.map(Visit::of).ok_or_else(ApiError::sign_in_expired)
}

/// Whoever is signed in in the browser, if it is still the person who began the visit.
fn same_person(
    principal: Result<Principal, ApiError>,
    user: UserId,
) -> Result<UserRecord, ApiError> {
    let principal = principal?;
    let own = principal.user()?;
    if own.id == user { Ok(own.clone()) } else { Err(ApiError::sign_in_expired()) }
}

/// Somebody who is back from a provider.
struct Back<'a> {
    state: &'a ApiState,
    way: &'a WayIn,
    shown: &'a Arrived,
    caller: Caller,
    client: Client,
}

impl Back<'_> {
    async fn sign_in(self, invitation: Option<InvitationId>) -> Result<Response, ApiError> {
        let (state, way) = (self.state, self.way);
        let from = (self.caller.0, &self.client);
        let user = person_of(state, way, self.shown, invitation, from).await?;
        let name = format!("visits from {}", self.caller.0);
        state.shared.visit_throttle.succeeded(&name, self.caller.0);
        let over = session::forget(state, CookieKind::Visit)?;
        if state.store().factors().is_confirmed(user.id).await? {
            let cookie = second_factor::begin(state, &user).await?;
            let headers = AppendHeaders([(SET_COOKIE, cookie), (SET_COOKIE, over)]);
            let body = axum::Json(SecondStepNeeded::now(state));
            return Ok((StatusCode::ACCEPTED, headers, body).into_response());
        }
        let cookie = session::begin(state, &user, self.client.clone()).await?;
        let by = Way::Provider(way.provider.id.clone());
        sign_in::succeeded(state, user.id, by, self.client).await;
        done(state, &user, self.caller, VisitOutcome::SignedIn, [cookie, over]).await
    }

    async fn connect(self, user: UserRecord) -> Result<Response, ApiError> {
        let (state, identity) = (self.state, &self.shown.identity);
        check_domain(self.way, self.shown)?;
        match state.store().identities().connect(&user, identity).await? {
            Connected::Done => {}
            Connected::Taken => return Err(ApiError::identity_taken()),
            Connected::HasAnother => {
                let message = "Another account of this service is connected. Disconnect it first.";
                return Err(ApiError::conflict(message));
            }
            Connected::Stale => return Err(ApiError::not_signed_in()),
        }
        let detail = json!({ "provider": self.way.provider.id, "as": identity.label });
        note_of_person(state, &user, "identity.connect", &detail, self.caller.0).await;
        let cookie = session::begin_anew(state, user.id, self.client).await?;
        let over = session::forget(state, CookieKind::Visit)?;
        done(state, &user, self.caller, VisitOutcome::Connected, [cookie, over]).await
    }

    /// A provider that says when the person showed it who they are must say that it was just now.
    async fn step_up(self, user: UserRecord, headers: &HeaderMap) -> Result<Response, ApiError> {
        let (state, identity) = (self.state, &self.shown.identity);
        check_domain(self.way, self.shown)?;
        let known = state.store().identities().find(&identity.issuer, &identity.subject).await?;
        let known = known.filter(|known| known.user_id == user.id);
        let known = known.ok_or_else(ApiError::not_your_identity)?;
        let is_new = |at| session::is_lately(at, state.now());
        if !self.shown.shown_at.is_none_or(is_new) {
            return Err(ApiError::not_shown_anew());
        }
        state.store().identities().touch(known.id, &identity.label).await?;
        let https = state.shared.settings.https();
        let old = session::presented_session(headers, https);
        let cookie = session::step_up(state, &old.ok_or_else(ApiError::not_signed_in)?).await?;
        let over = session::forget(state, CookieKind::Visit)?;
        done(state, &user, self.caller, VisitOutcome::ShownAnew, [cookie, over]).await
    }
}

async fn done(
    state: &ApiState,
    user: &UserRecord,
    caller: Caller,
    outcome: VisitOutcome,
    cookies: [HeaderValue; 2],
) -> Result<Response, ApiError> {
    let session = describe(state, user, caller).await?;
    let headers = AppendHeaders(cookies.map(|cookie| (SET_COOKIE, cookie)));
    Ok((headers, axum::Json(VisitDone { outcome, session })).into_response())
}
