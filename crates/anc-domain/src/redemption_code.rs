//! The text of a redemption code: six groups of five, `7K3QF-…-M2XWA`, in Crockford's base 32, so
//! that people can read it out and type it in.
//!
//! 26 characters are random, 130 bits; the last four are a checksum, which tells a mistyped code
//! without any look-up. It is public knowledge and no part of the secret.

use std::fmt;

use crate::{Entropy, Secret};

/// Crockford's base 32: no letter that a person could mistake for a digit.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const RANDOM_CHARS: usize = 26;
const CHECKSUM_CHARS: usize = 4;
const CHARS: usize = RANDOM_CHARS + CHECKSUM_CHARS;
const GROUP_CHARS: usize = 5;
/// The longest text that is looked at: a code with something between every two characters.
const PRESENTED_CHARS_MAX: usize = 4 * CHARS;

/// A redemption code, known between its making and its one showing, or as somebody gives it.
#[derive(Debug, Clone)]
pub struct RedemptionCode(Secret);

/// A presented text is no redemption code: mistyped, or something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the form of a redemption code")]
pub struct RedemptionCodeError;

impl RedemptionCode {
    /// Makes a code of 130 random bits.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        let mut random = [0_u8; RANDOM_CHARS];
        entropy.fill(&mut random);
        let mut letters: Vec<u8> =
            random.iter().map(|byte| ALPHABET[usize::from(byte & 31)]).collect();
        letters.extend(checksum(&letters));
        Self(grouped(&letters))
    }

    /// Reads what a person typed: upper or lower case, with or without dashes and blanks, an O for
    /// a zero, an I or L for a one.
    pub fn read(presented: &str) -> Result<Self, RedemptionCodeError> {
        if presented.chars().count() > PRESENTED_CHARS_MAX {
            return Err(RedemptionCodeError);
        }
        let mut letters = Vec::with_capacity(CHARS);
        for letter in presented.chars().filter(|letter| !is_separator(*letter)) {
            let letter = match letter.to_ascii_uppercase() {
                'O' => b'0',
                'I' | 'L' => b'1',
                other => u8::try_from(other).map_err(|_| RedemptionCodeError)?,
            };
            if !ALPHABET.contains(&letter) {
                return Err(RedemptionCodeError);
            }
            letters.push(letter);
        }
        match letters.split_at_checked(RANDOM_CHARS) {
            Some((body, given)) if checksum(body) == given => Ok(Self(grouped(&letters))),
            _ => Err(RedemptionCodeError),
        }
    }

    /// The secret itself, in groups, for its one showing and its hash.
    pub const fn secret(&self) -> &Secret {
        &self.0
    }

    /// What may be shown for recognition: the first group and the last. 80 random bits are not in it.
    pub fn hint(&self) -> RedemptionCodeHint {
        let text = self.0.expose();
        let head: String = text.chars().take(GROUP_CHARS).collect();
        let tail: String = text.chars().skip(text.len().saturating_sub(GROUP_CHARS)).collect();
        RedemptionCodeHint(format!("{head}…{tail}"))
    }
}

/// What people and their programs write between the groups.
fn is_separator(letter: char) -> bool {
    letter.is_whitespace()
        || matches!(
            letter,
            '-' | '_' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{ff0d}' | '\u{200b}'
        )
}

/// The last twenty bits of CRC-32 (IEEE) of the characters before it.
fn checksum(body: &[u8]) -> [u8; CHECKSUM_CHARS] {
    let mut value = crc32fast::hash(body) as usize;
    let mut digits = [b'0'; CHECKSUM_CHARS];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[value & 31];
        value >>= 5;
    }
    digits
}

fn grouped(letters: &[u8]) -> Secret {
    let mut text = String::with_capacity(CHARS + CHARS / GROUP_CHARS);
    for (place, letter) in letters.iter().enumerate() {
        if place > 0 && place % GROUP_CHARS == 0 {
            text.push('-');
        }
        text.push(char::from(*letter));
    }
    Secret::new(text)
}

/// The first and the last group of a redemption code: `7K3QF…M2XWA`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedemptionCodeHint(String);

impl RedemptionCodeHint {
    /// A stored hint.
    pub fn from_stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The hint as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RedemptionCodeHint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FixedEntropy;

    fn same(code: &RedemptionCode, presented: &str) -> bool {
        RedemptionCode::read(presented).is_ok_and(|read| read.0.expose() == code.0.expose())
    }

    #[test]
    fn a_code_is_six_groups_of_five_and_reads_back() {
        let code = RedemptionCode::generate(&FixedEntropy::new(1));
        let text = code.secret().expose();
        assert_eq!(text.len(), 35);
        assert!(text.split('-').all(|group| group.len() == 5));
        assert!(text.bytes().all(|byte| byte == b'-' || ALPHABET.contains(&byte)));
        assert!(same(&code, text));
        assert_eq!(code.hint().as_str(), format!("{}…{}", &text[..5], &text[30..]));
    }

    #[test]
    fn people_may_type_it_as_they_like() {
        for seed in 0..200 {
            let code = RedemptionCode::generate(&FixedEntropy::new(seed));
            let text = code.secret().expose();
            assert!(same(&code, &text.to_lowercase()));
            assert!(same(&code, &text.replace('-', "")));
            assert!(same(&code, &format!("  {}\n", text.replace('-', " – "))));
            assert!(same(&code, &text.replace('0', "o").replace('1', "I")));
            assert!(same(&code, &text.replace('0', "O").replace('1', "l")));
        }
    }

    #[test]
    fn one_wrong_character_anywhere_and_two_that_changed_places_are_mistyping() {
        let code = RedemptionCode::generate(&FixedEntropy::new(2));
        let letters = code.secret().expose().replace('-', "").into_bytes();
        for place in 0..letters.len() {
            let mut wrong = letters.clone();
            wrong[place] = if wrong[place] == b'A' { b'B' } else { b'A' };
            assert!(RedemptionCode::read(std::str::from_utf8(&wrong).unwrap()).is_err());
            let mut swapped = letters.clone();
            swapped.swap(place, (place + 1) % letters.len());
            let swapped_text = std::str::from_utf8(&swapped).unwrap();
            assert_eq!(RedemptionCode::read(swapped_text).is_ok(), swapped == letters);
        }
    }

    #[test]
    fn what_is_no_code_is_refused() {
        let code = RedemptionCode::generate(&FixedEntropy::new(3));
        let text = code.secret().expose();
        for wrong in ["", "-", "U", "ü", &text[..34], &format!("{text}0"), &"A".repeat(100_000)] {
            assert!(RedemptionCode::read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_code_does_not_print() {
        let code = RedemptionCode::generate(&FixedEntropy::new(4));
        assert_eq!(format!("{code:?}"), "RedemptionCode(Secret)");
    }
}
