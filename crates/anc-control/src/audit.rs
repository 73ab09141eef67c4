//! Notes of what was changed.

use std::net::IpAddr;

use anc_store::{AuditNote, UserRecord};
use serde_json::Value;

use crate::state::ApiState;

/// Keeps a note of what a person changed about how they sign in. The change is done whether or not
/// the note can be kept.
pub(crate) async fn note_of_person(
    state: &ApiState,
    user: &UserRecord,
    action: &'static str,
    detail: &Value,
    address: IpAddr,
) {
    keep(
        state,
        AuditNote {
            actor: &user.email,
            action,
            object: Some(user.id.as_i64()),
            account: Some(user.account_id),
            detail: detail.to_string(),
            address: Some(address.to_canonical().to_string()),
        },
    )
    .await;
}

/// Keeps a note, or says in the log that it could not.
pub(crate) async fn keep(state: &ApiState, note: AuditNote<'_>) {
    let action = note.action;
    if let Err(error) = state.store().audits().note(note).await {
        tracing::error!(%error, action, "a change could not be noted");
    }
}
