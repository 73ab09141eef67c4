//! Notes of what operators changed: who, what, before and after.

use anc_domain::AccountId;
use anc_store::AuditNote;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::principal::Principal;
use crate::state::ApiState;

/// Keeps a note of a change to an object, if that has a number, and of whose account it is. The change is done and in force
/// whether or not the note can be kept.
pub(crate) async fn note(
    state: &ApiState,
    principal: &Principal,
    action: &'static str,
    (object, account): (impl Into<Option<i64>>, Option<AccountId>),
    detail: &Value,
) {
    let object = object.into();
    let note = AuditNote {
        actor: principal.actor(),
        action,
        object,
        account,
        detail: detail.to_string(),
        address: None,
    };
    if let Err(error) = state.store().audits().note(note).await {
        tracing::error!(%error, action, "a change could not be noted");
    }
}

/// Each field that differs, before and after, as the API shows it. What is in `by_itself` moves
/// without an edit, or follows from the rest.
pub(crate) fn difference(
    before: &impl Serialize,
    after: &impl Serialize,
    by_itself: &[&str],
) -> Value {
    let (Ok(Value::Object(before)), Ok(Value::Object(after))) =
        (serde_json::to_value(before), serde_json::to_value(after))
    else {
        return json!({});
    };
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
