//! The stream as Gemini sends it to who did not ask for events: one JSON array, element by element.

use bytes::{Bytes, BytesMut};

use crate::sse::read_event;

/// Turns events into the elements of an array.
#[derive(Debug, Default)]
pub struct ArrayFraming {
    begun: bool,
}

impl ArrayFraming {
    /// An event's data as the next element; nothing where it has none.
    pub fn element(&mut self, frame: &[u8]) -> Bytes {
        let event = read_event(frame);
        let data = event.data.trim_ascii();
        if data.is_empty() {
            return Bytes::new();
        }
        let mut element = BytesMut::with_capacity(data.len() + 3);
        element.extend_from_slice(if self.begun { b",\r\n" } else { b"[" });
        element.extend_from_slice(data);
        self.begun = true;
        element.freeze()
    }

    /// The last element and the array's end.
    pub fn last(&mut self, frame: &[u8]) -> Bytes {
        let element = self.element(frame);
        let mut end = BytesMut::from(&element[..]);
        end.extend_from_slice(if self.begun { b"\r\n]" } else { b"[]" });
        end.freeze()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_become_one_array() {
        let mut framing = ArrayFraming::default();
        let mut text = Vec::new();
        text.extend_from_slice(&framing.element(b"data: {\"a\":1}\n\n"));
        text.extend_from_slice(&framing.element(b": nothing\n\n"));
        text.extend_from_slice(&framing.last(b"data: {\"a\":2}\r\n\r\n"));
        let array: serde_json::Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(array, serde_json::json!([{"a": 1}, {"a": 2}]));
        assert_eq!(ArrayFraming::default().last(b""), "[]");
    }
}
