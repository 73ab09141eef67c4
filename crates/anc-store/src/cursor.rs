//! Where a page ended, as a text that means nothing to the one who carries it.

use serde::{Deserialize, Serialize};

use crate::{StoreError, row};

/// The sort key and id of the last row of a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cursor {
    /// Which order it belongs to.
    pub(crate) sort: String,
    pub(crate) key: CursorKey,
    pub(crate) id: i64,
}

/// A sort key of either kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum CursorKey {
    Number(i64),
    Text(String),
}

impl CursorKey {
    /// Whether it compares with the same column. A text with a NUL is no text to PostgreSQL.
    fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Number(_), Self::Number(_)) => true,
            (Self::Text(text), Self::Text(_)) => !text.contains('\0'),
            _ => false,
        }
    }
}

/// Why a cursor that a list did not give is refused.
pub const FOREIGN_CURSOR: &str = "cursor";

const FOREIGN: StoreError = StoreError::Conflict(FOREIGN_CURSOR);

impl Cursor {
    pub(crate) fn to_text(&self) -> String {
        row::hex(&serde_json::to_vec(self).unwrap_or_default())
    }

    /// Reads a cursor of the order `sort`, whose keys are of `like`'s kind; any other text is a
    /// conflict.
    pub(crate) fn parse(text: &str, sort: &str, like: &CursorKey) -> Result<Self, StoreError> {
        let bytes: Option<Vec<u8>> = text
            .as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
            .collect();
        let cursor: Self = serde_json::from_slice(&bytes.ok_or(FOREIGN)?).map_err(|_| FOREIGN)?;
        let ours = cursor.sort == sort && cursor.key.is_like(like);
        if ours { Ok(cursor) } else { Err(FOREIGN) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_in_its_own_order_only() {
        let text = CursorKey::Text(String::new());
        let cursor = Cursor { sort: "name".into(), key: CursorKey::Text("Ä\"x".into()), id: 7 };
        assert_eq!(Cursor::parse(&cursor.to_text(), "name", &text), Ok(cursor.clone()));
        assert_eq!(Cursor::parse(&cursor.to_text(), "-name", &text), Err(FOREIGN));
        let number = CursorKey::Number(0);
        assert_eq!(Cursor::parse(&cursor.to_text(), "name", &number), Err(FOREIGN));
        let forged = Cursor { key: CursorKey::Text("a\0".into()), ..cursor };
        assert_eq!(Cursor::parse(&forged.to_text(), "name", &text), Err(FOREIGN));
        for text in ["", "zz", "7b7d", "7", "é"] {
            let key = CursorKey::Text(String::new());
            assert_eq!(Cursor::parse(text, "name", &key), Err(FOREIGN), "{text:?}");
        }
    }
}
