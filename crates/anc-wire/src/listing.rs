//! Small documents that the relay writes itself.

use bytes::Bytes;
use serde_json::{Value, json};

/// No vendor's date of release is kept; this is what the vendors themselves send where they do not
/// know one.
const RELEASED: &str = "1970-01-01T00:00:00Z";

/// A model in the list.
#[derive(Debug, Clone, Copy)]
pub struct ModelListing<'a> {
    /// The model's name, as requests give it.
    pub id: &'a str,
    /// The provider's name.
    pub owned_by: &'a str,
    /// The most units that fit into a request and its answer.
    pub context: Option<u64>,
    /// The most units of an answer.
    pub max_output: Option<u64>,
}

/// `GET /v1/models` in a shape that clients of both vendors read: each finds its own keys.
pub fn models_body(listings: &[ModelListing<'_>]) -> Bytes {
    let data: Vec<Value> = listings
        .iter()
        .map(|listing| {
            json!({
                "id": listing.id,
                "object": "model",
                "created": 0,
                "owned_by": listing.owned_by,
                "type": "model",
                "display_name": listing.id,
                "created_at": RELEASED,
                "max_input_tokens": listing.context,
                "max_tokens": listing.max_output,
            })
        })
        .collect();
    let body = json!({
        "object": "list",
        "first_id": listings.first().map(|listing| listing.id),
        "last_id": listings.last().map(|listing| listing.id),
        "has_more": false,
        "data": data,
    });
    Bytes::from(body.to_string())
}

/// The answer of `POST /v1/messages/count_tokens`.
pub fn count_tokens_body(units: u64) -> Bytes {
    Bytes::from(json!({ "input_tokens": units }).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_list_has_both_vendors_keys() {
        let listing =
            ModelListing { id: "m", owned_by: "openai", context: Some(9), max_output: None };
        let body: Value = serde_json::from_slice(&models_body(&[listing])).unwrap();
        assert_eq!((&body["object"], &body["has_more"]), (&json!("list"), &json!(false)));
        let model = &body["data"][0];
        assert_eq!((&model["object"], &model["type"]), (&json!("model"), &json!("model")));
        assert_eq!((&body["first_id"], &body["last_id"]), (&json!("m"), &json!("m")));
        let none: Value = serde_json::from_slice(&models_body(&[])).unwrap();
        assert_eq!(none["data"], json!([]));
    }
}
