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

/// Which part of a list is asked for, the Anthropic way.
#[derive(Debug, Clone, Copy, Default)]
pub struct ModelPage<'a> {
    /// The most models of a page; all where it is not said.
    pub limit: Option<usize>,
    /// The page begins behind this one.
    pub after: Option<&'a str>,
    /// The page ends before this one.
    pub before: Option<&'a str>,
}

/// `GET /v1/models` in a shape that clients of both vendors read: each finds its own keys.
pub fn models_body(listings: &[ModelListing<'_>], page: ModelPage<'_>) -> Bytes {
    let (shown, has_more) = page.of(listings);
    let data: Vec<Value> = shown.iter().map(model).collect();
    let body = json!({
        "object": "list",
        "first_id": shown.first().map(|listing| listing.id),
        "last_id": shown.last().map(|listing| listing.id),
        "has_more": has_more,
        "data": data,
    });
    Bytes::from(body.to_string())
}

impl ModelPage<'_> {
    /// The models of the page, and whether there are more in its direction. A name that is not in
    /// the list bounds nothing.
    fn of<'l, 'm>(&self, listings: &'l [ModelListing<'m>]) -> (&'l [ModelListing<'m>], bool) {
        let place = |id: Option<&str>| listings.iter().position(|one| Some(one.id) == id);
        let start = place(self.after).map_or(0, |place| place + 1);
        let end = place(self.before).unwrap_or(listings.len());
        let between = listings.get(start..end).unwrap_or_default();
        let most = self.limit.unwrap_or(between.len()).min(between.len());
        // Backwards a page is the last of what comes before.
        let shown = if self.before.is_some() && self.after.is_none() {
            between.split_at(between.len() - most).1
        } else {
            between.split_at(most).0
        };
        (shown, shown.len() < between.len())
    }
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
    fn a_list_is_paged_in_both_directions() {
        let listings: Vec<_> = ["a", "b", "c", "d"]
            .map(|id| ModelListing {
                id,
                owned_by: "x",
                context: None,
                max_output: None,
                embeds: false,
            })
            .into();
        let page = |limit, after, before| {
            let body = models_body(&listings, ModelPage { limit, after, before });
            let body: Value = serde_json::from_slice(&body).unwrap();
            let ids: String = body["data"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(|one| one["id"].as_str())
                .collect();
            (ids, body["has_more"].as_bool().unwrap(), body["last_id"].clone())
        };
        assert_eq!(page(None, None, None), ("abcd".into(), false, json!("d")));
        assert_eq!(page(Some(3), None, None), ("abc".into(), true, json!("c")));
        assert_eq!(page(Some(3), Some("c"), None), ("d".into(), false, json!("d")));
        assert_eq!(page(Some(2), None, Some("d")), ("bc".into(), true, json!("c")));
        assert_eq!(page(Some(2), Some("d"), None), (String::new(), false, Value::Null));
        assert_eq!(page(Some(9), Some("gone"), None), ("abcd".into(), false, json!("d")));
    }

    #[test]
    fn one_list_has_both_vendors_keys() {
        let listing = ModelListing {
            id: "m",
            owned_by: "openai",
            context: Some(9),
            max_output: None,
            embeds: false,
        };
        let body: Value =
            serde_json::from_slice(&models_body(&[listing], ModelPage::default())).unwrap();
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
        let none: Value = serde_json::from_slice(&models_body(&[], ModelPage::default())).unwrap();
        assert_eq!(none["data"], json!([]));
    }
}
