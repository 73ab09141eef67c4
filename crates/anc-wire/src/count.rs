//! Counting units without a tokenizer: for holds, for answers that break off, and for providers
//! that report nothing. Our own counts are always marked as such.

use anc_domain::TokenCount;

/// Bytes of ASCII text in a unit: about four in prose, three in code; the cautious figure is for
/// what is held, the usual one for what is charged.
const ASCII_PER_UNIT_CAUTIOUS: u64 = 3;
const ASCII_PER_UNIT_USUAL: u64 = 4;
/// What a picture is taken for: the most that current models count for one of their largest size.
const UNITS_PER_IMAGE_CAUTIOUS: u64 = 5_000;
const UNITS_PER_IMAGE_USUAL: u64 = 1_600;
/// The longest character in UTF-8.
const BYTES_PER_CHAR_MAX: u64 = 4;
/// What providers put before a request of their own, and count: instructions for tools, of which the
/// longest known has some five hundred units, for each kind of hosted tool.
const UNITS_ADDED_MAX: u64 = 2_048;

/// How much a request gives the model to read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct InputSize {
    /// Bytes of ASCII in texts and in the names and structure around them.
    pub ascii_bytes: u64,
    /// Characters beyond ASCII; a unit each, or somewhat less.
    pub wide_chars: u64,
    /// Pictures and other base64 payloads.
    pub images: u64,
}

impl InputSize {
    /// A cautious count, for what is held.
    pub const fn units_at_most(&self) -> TokenCount {
        self.ascii_bytes.div_ceil(ASCII_PER_UNIT_CAUTIOUS)
            + self.wide_chars * 2
            + self.images * UNITS_PER_IMAGE_CAUTIOUS
    }

    /// A count that no tokenizer exceeds: a unit is a byte at least, and the structure around texts
    /// has more bytes than the marks that a provider puts in its place. What is not text has no
    /// such bound but the model's `context`; without one it is taken at the cautious figure.
    pub const fn units_bound(&self, context: Option<TokenCount>) -> TokenCount {
        let texts = self.ascii_bytes + self.wide_chars * BYTES_PER_CHAR_MAX + UNITS_ADDED_MAX;
        match context {
            Some(context) if self.images > 0 || texts > context => context,
            _ => texts + self.images * UNITS_PER_IMAGE_CAUTIOUS,
        }
    }

    /// The likeliest count, for what is charged where the provider says nothing.
    pub const fn units_expected(&self) -> TokenCount {
        self.ascii_bytes.div_ceil(ASCII_PER_UNIT_USUAL)
            + self.wide_chars
            + self.images * UNITS_PER_IMAGE_USUAL
    }

    pub(crate) fn add_text(&mut self, text: &[u8]) {
        let (ascii, wide) = split_text(text);
        self.ascii_bytes += ascii;
        self.wide_chars += wide;
    }
}

/// How much an answer has delivered so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OutputCount {
    ascii_bytes: u64,
    wide_chars: u64,
}

impl OutputCount {
    pub(crate) fn add_text(&mut self, text: &[u8]) {
        let (ascii, wide) = split_text(text);
        self.ascii_bytes += ascii;
        self.wide_chars += wide;
    }

    /// The units delivered.
    pub const fn units(&self) -> TokenCount {
        self.ascii_bytes.div_ceil(ASCII_PER_UNIT_USUAL) + self.wide_chars
    }
}

/// ASCII bytes, and characters beyond them: the bytes that begin a longer character.
fn split_text(text: &[u8]) -> (u64, u64) {
    let ascii = text.iter().filter(|byte| byte.is_ascii()).count() as u64;
    let wide = text.iter().filter(|byte| **byte >= 0xc0).count() as u64;
    (ascii, wide)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cautious_count_is_never_below_the_usual() {
        let size = InputSize { ascii_bytes: 401, wide_chars: 17, images: 2 };
        assert!(size.units_at_most() >= size.units_expected());
    }

    #[test]
    fn the_bound_is_never_below_the_cautious_count_and_within_the_context() {
        let text = InputSize { ascii_bytes: 401, wide_chars: 17, images: 0 };
        assert!(text.units_bound(Some(8_192)) >= text.units_at_most());
        assert_eq!(text.units_bound(Some(1_000)), 1_000);
        let picture = InputSize { images: 1, ..text };
        assert_eq!(picture.units_bound(Some(8_192)), 8_192);
        assert!(picture.units_bound(None) > picture.units_at_most());
    }

    #[test]
    fn a_character_beyond_ascii_counts_once() {
        let mut count = OutputCount::default();
        count.add_text("世界".as_bytes());
        count.add_text(b"four");
        assert_eq!(count.units(), 3);
    }
}
