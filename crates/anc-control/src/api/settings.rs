//! The relay's own settings: what each is, its default, and what is in force. They are written in a
//! file or in the environment and read at the start; nothing here changes them.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{ApiError, ErrorBody};
use crate::principal::Principal;
use crate::state::ApiState;

/// Every setting of the relay.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[schema(as = SettingList)]
pub struct DescribedSettings {
    /// The file in which settings are written, whether it is there or not.
    pub file: String,
    /// In the order of the documentation.
    pub items: Vec<DescribedSetting>,
}

/// A setting and the value in force.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Setting)]
pub struct DescribedSetting {
    /// Its name; what stands before the last dot is its table in the file.
    pub key: String,
    /// The table alone; empty for what stands in none.
    pub table: String,
    /// What its values are.
    pub kind: SettingKind,
    /// What it counts, where it counts something.
    #[schema(required)]
    pub unit: Option<SettingUnit>,
    /// The words that it can be, where they are known.
    pub choices: Vec<String>,
    /// What it is for, in English; names are between back quotes.
    pub meaning: String,
    /// Without anybody's doing, as it would be written in the file.
    pub default: String,
    /// In force, as it would be written in the file; null where it is a secret.
    #[schema(required)]
    pub value: Option<String>,
    /// The value is never shown.
    pub secret: bool,
    /// Something is set: the value is neither empty nor zero.
    pub set: bool,
    /// Who gave the value.
    pub source: SettingSource,
    /// The file or flag that gave it.
    #[schema(required)]
    pub source_name: Option<String>,
    /// The environment variable that sets it.
    pub variable: String,
}

/// What a setting's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SettingKind {
    /// True or false.
    Switch,
    /// A whole number.
    Number,
    /// A text.
    Text,
    /// One of some words.
    Choice,
    /// Texts in a row.
    List,
}

/// What a setting counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SettingUnit {
    /// Bytes.
    Bytes,
    /// Bytes a second.
    BytesPerSecond,
    /// Seconds.
    Seconds,
    /// Days.
    Days,
    /// Dollars.
    Usd,
    /// Units of models, which are LLM tokens.
    Units,
}

/// Who gave a setting its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SettingSource {
    /// Nobody.
    Default,
    /// The file.
    File,
    /// The environment.
    Environment,
    /// The command line.
    Flag,
}

/// Lists the relay's settings with their meaning, default, value and where it comes from. Of secrets
/// it tells only whether they are set.
#[utoipa::path(get, path = "/api/v1/settings", tag = "instance",
    responses((status = 200, body = DescribedSettings), (status = "default", body = ErrorBody)))]
pub(crate) async fn list_settings(
    State(state): State<ApiState>,
    principal: Principal,
) -> Result<Json<DescribedSettings>, ApiError> {
    principal.operator()?;
    Ok(Json(DescribedSettings::clone(&state.shared.described)))
}
