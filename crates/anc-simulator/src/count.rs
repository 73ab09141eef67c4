//! The simulator's own units: about what a tokenizer would count, and the same on every machine.

/// Letters of a text, counted apart because they weigh differently.
///
/// Four ASCII bytes or one other character make a unit; the rest of a division counts as one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TextCount {
    ascii: u64,
    other: u64,
}

impl TextCount {
    /// The count of one text.
    pub fn of(text: &str) -> Self {
        let mut count = Self::default();
        count.add(text);
        count
    }

    /// Adds a text to what was counted before; the parts are rounded once, together.
    pub fn add(&mut self, text: &str) {
        let ascii = text.bytes().filter(u8::is_ascii).count();
        self.ascii += ascii as u64;
        self.other += (text.chars().count() - ascii) as u64;
    }

    /// The units, rounded up.
    pub const fn units(self) -> u64 {
        self.ascii.div_ceil(4) + self.other
    }
}

/// The longest beginning of `text` that has no more than `units_max` units.
pub(crate) fn cut_to_units(text: &str, units_max: u64) -> &str {
    let mut count = TextCount::default();
    for (at, letter) in text.char_indices() {
        if letter.is_ascii() {
            count.ascii += 1;
        } else {
            count.other += 1;
        }
        if count.units() > units_max {
            return text.get(..at).unwrap_or_default();
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_ascii_bytes_or_one_other_character_make_a_unit() {
        assert_eq!(TextCount::of("").units(), 0);
        assert_eq!(TextCount::of("a").units(), 1);
        assert_eq!(TextCount::of("abcd").units(), 1);
        assert_eq!(TextCount::of("abcde").units(), 2);
        assert_eq!(TextCount::of("日本語").units(), 3);
        assert_eq!(TextCount::of("日本 ok").units(), 3);
    }

    #[test]
    fn a_cut_text_has_as_many_units_as_it_may() {
        let text = "Grüße aus dem Simulator, 日本語";
        for units_max in 0..=TextCount::of(text).units() {
            assert_eq!(TextCount::of(cut_to_units(text, units_max)).units(), units_max);
        }
        assert_eq!(cut_to_units(text, 10_000), text);
    }
}
