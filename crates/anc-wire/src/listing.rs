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
    /// It makes vectors and no answers.
    pub embeds: bool,
}

/// `GET /v1/models` in a shape that clients of both vendors read: each finds its own keys.
pub fn models_body(listings: &[ModelListing<'_>]) -> Bytes {
    let data: Vec<Value> = listings.iter().map(model).collect();
    let body = json!({
        "object": "list",
        "first_id": listings.first().map(|listing| listing.id),
        "last_id": listings.last().map(|listing| listing.id),
        "has_more": false,
        "data": data,
    });
    Bytes::from(body.to_string())
}

/// `GET /v1/models/{id}` in the same shape.
pub fn model_body(listing: &ModelListing<'_>) -> Bytes {
    Bytes::from(model(listing).to_string())
}

fn model(listing: &ModelListing<'_>) -> Value {
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
}

/// `GET /v1beta/models`, from `start` on, at most `limit` of them. The token of the next page is
/// where it starts.
pub fn gemini_models_body(listings: &[ModelListing<'_>], start: usize, limit: usize) -> Bytes {
    let models: Vec<Value> = listings.iter().skip(start).take(limit).map(gemini_model).collect();
    let next = start.saturating_add(limit);
    let mut body = json!({ "models": models });
    if next < listings.len() {
        body["nextPageToken"] = next.to_string().into();
    }
    Bytes::from(body.to_string())
}

/// `GET /v1beta/models/{id}`.
pub fn gemini_model_body(listing: &ModelListing<'_>) -> Bytes {
    Bytes::from(gemini_model(listing).to_string())
}

fn gemini_model(listing: &ModelListing<'_>) -> Value {
    let methods: &[&str] = if listing.embeds {
        &["embedContent", "batchEmbedContents", "countTokens"]
    } else {
        &["generateContent", "streamGenerateContent", "countTokens"]
    };
    json!({
        "name": format!("models/{}", listing.id),
        "baseModelId": listing.id,
        "version": "001",
        "displayName": listing.id,
        "inputTokenLimit": listing.context,
        "outputTokenLimit": listing.max_output,
        "supportedGenerationMethods": methods,
    })
}

/// The answer of Gemini's `countTokens`.
pub fn gemini_count_body(units: u64) -> Bytes {
    Bytes::from(json!({ "totalTokens": units }).to_string())
}

/// The answer of `POST /v1/responses/input_tokens`.
pub fn response_count_body(units: u64) -> Bytes {
    let body = json!({ "object": "response.input_tokens", "input_tokens": units });
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
        let listing = ModelListing {
            id: "m",
            owned_by: "openai",
            context: Some(9),
            max_output: None,
            embeds: false,
        };
        let body: Value = serde_json::from_slice(&models_body(&[listing])).unwrap();
        assert_eq!((&body["object"], &body["has_more"]), (&json!("list"), &json!(false)));
        let model = &body["data"][0];
        assert_eq!((&model["object"], &model["type"]), (&json!("model"), &json!("model")));
        assert_eq!((&body["first_id"], &body["last_id"]), (&json!("m"), &json!("m")));
        let gemini: Value =
            serde_json::from_slice(&gemini_models_body(&[listing, listing], 0, 1)).unwrap();
        assert_eq!(
            (&gemini["models"][0]["name"], &gemini["nextPageToken"]),
            (&json!("models/m"), &json!("1"))
        );
        let none: Value = serde_json::from_slice(&models_body(&[])).unwrap();
        assert_eq!(none["data"], json!([]));
    }
}
