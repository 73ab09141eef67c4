//! What became of a token: who changed what, and when.

use anc_store::TokenRecord;
use serde_json::Value;

use crate::api::audit_note;
use crate::api::token_body::Token;
use crate::principal::Principal;
use crate::state::ApiState;

/// What of a token moves by itself, or follows from the rest.
const BY_ITSELF: [&str; 6] =
    ["version", "used_quota", "remaining_quota", "held", "requests", "last_used_at"];

/// Keeps a note of a change. The change is done and in force whether or not the note can be kept.
pub(crate) async fn note(
    state: &ApiState,
    principal: &Principal,
    token: &TokenRecord,
    action: &'static str,
    detail: &Value,
) {
    let of = (token.id.as_i64(), Some(token.account_id));
    audit_note::note(state, principal, action, of, detail).await;
}

/// Each field that differs, before and after, as the API shows it.
pub(crate) fn difference(before: &TokenRecord, after: &TokenRecord) -> Value {
    let shown = |record: &TokenRecord| Token::from(record.clone());
    audit_note::difference(&shown(before), &shown(after), &BY_ITSELF)
}
