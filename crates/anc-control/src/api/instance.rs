//! What anybody may know of the instance.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{ApiError, ErrorBody};
use crate::state::{ApiState, SignUp};

/// The instance.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Instance {
    /// What the console calls it.
    name: &'static str,
    /// The program's version.
    version: &'static str,
    /// Nobody has made themselves its owner yet.
    needs_setup: bool,
    /// People may sign in over plain HTTP from other machines.
    insecure_http: bool,
    /// Where clients reach it; empty where that is the address in the browser.
    public_url: String,
    /// Who may register.
    sign_up: SignUp,
    /// Who people may sign in by, beside their password.
    providers: Vec<InstanceProvider>,
    /// Whether it sends mail: links to register and to set a new password.
    sends_mail: bool,
}

/// A provider of identities.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InstanceProvider {
    /// Its name in the settings.
    id: String,
    /// What people read.
    name: String,
}

/// Tells what the console shows before anybody signs in.
#[utoipa::path(get, path = "/api/v1/instance", tag = "instance",
    responses((status = 200, body = Instance), (status = "default", body = ErrorBody)))]
pub(crate) async fn get_instance(
    State(state): State<ApiState>,
) -> Result<Json<Instance>, ApiError> {
    let settings = &state.shared.settings;
    let public_url = settings.public_url.as_ref().map(|url| url.as_str().trim_end_matches('/'));
    let providers = state.shared.ways.all().map(|way| InstanceProvider {
        id: way.provider.id.clone(),
        name: way.provider.name.clone(),
    });
    Ok(Json(Instance {
        name: "ANC Relay",
        version: settings.version,
        needs_setup: state.store().users().needs_setup().await?,
        insecure_http: settings.insecure_http,
        public_url: public_url.unwrap_or_default().to_owned(),
        sign_up: settings.sign_up,
        providers: providers.collect(),
        sends_mail: state.mail_way().is_some(),
    }))
}

/// Gives this document.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "instance",
    responses((status = 200, body = Object)))]
pub(crate) async fn get_openapi() -> Json<utoipa::openapi::OpenApi> {
    Json(crate::openapi())
}
