//! What became of a token: who changed what, and when.

use anc_store::{AuditNote, TokenRecord};
use serde_json::{Map, Value, json};

use crate::api::token_body::Token;
use crate::principal::Principal;
use crate::state::ApiState;

/// Keeps a note of a change. The change is done and in force whether or not the note can be kept.
pub(crate) async fn note(
    state: &ApiState,
    principal: &Principal,
    token: &TokenRecord,
    action: &'static str,
    detail: &Value,
) {
    let note = AuditNote {
        actor: principal.actor(),
        action,
        object: Some(token.id.as_i64()),
        account: Some(token.account_id),
        detail: detail.to_string(),
        address: None,
    };
    if let Err(error) = state.store().audits().note(note).await {
        tracing::error!(%error, action, token = %token.id, "a change could not be noted");
    }
}

/// Each field that differs, before and after, as the API shows it.
pub(crate) fn difference(before: &TokenRecord, after: &TokenRecord) -> Value {
    let shown = |record: &TokenRecord| serde_json::to_value(Token::from(record.clone()));
    let (Ok(Value::Object(before)), Ok(Value::Object(after))) = (shown(before), shown(after))
    else {
        return json!({});
    };
    // What moves by itself, or follows from the rest, is no edit.
    let by_itself =
        ["version", "used_quota", "remaining_quota", "held", "requests", "last_used_at"];
    let changed: Map<String, Value> = after
        .into_iter()
        .filter(|(key, value)| !by_itself.contains(&key.as_str()) && before.get(key) != Some(value))
        .map(|(key, value)| {
            let was = before.get(&key).cloned().unwrap_or_default();
            (key, json!([was, value]))
        })
        .collect();
    Value::Object(changed)
}
