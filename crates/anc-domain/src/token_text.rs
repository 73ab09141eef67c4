//! The text of an API token: `sk-` and 48 characters, the last six of which are a checksum. A
//! management key is made the same way and begins with `mk-`; neither is ever taken for the other.
//!
//! The checksum lets a mistyped token be refused without any look-up, and lets secret scanners
//! tell a leaked token from noise. It is public knowledge and no part of the secret.

use std::fmt;

use crate::{Entropy, Secret};

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// What tokens of this relay begin with.
const OWN_PREFIX: &str = "sk-anc";
/// What this relay's management keys begin with.
const MANAGEMENT_PREFIX: &str = "mk-anc";
const RANDOM_CHARS: usize = 39;
const CHECKSUM_CHARS: usize = 6;
/// `sk-` + `anc` + 39 random + 6 checksum characters.
const TEXT_CHARS: usize = OWN_PREFIX.len() + RANDOM_CHARS + CHECKSUM_CHARS;
/// The longest credential of any form that is looked at.
const FOREIGN_CHARS_MAX: usize = 512;

/// A new token's text, known only between its making and its one showing.
#[derive(Debug, Clone)]
pub struct TokenText(Secret);

/// A presented text cannot be a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the form of a credential")]
pub struct TokenTextError;

/// What a presented text may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenTextKind {
    /// A token made by this relay, its checksum right.
    Own,
    /// A credential of another form: imported ones keep working, so it is looked up by its hash.
    Foreign,
}

impl TokenText {
    /// Makes a token with 39 × log₂ 62 = 232 random bits.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self::generate_with(OWN_PREFIX, entropy)
    }

    /// Makes a management key, by the same construction.
    pub fn generate_management(entropy: &dyn Entropy) -> Self {
        Self::generate_with(MANAGEMENT_PREFIX, entropy)
    }

    fn generate_with(prefix: &str, entropy: &dyn Entropy) -> Self {
        let mut text = String::with_capacity(TEXT_CHARS);
        text.push_str(prefix);
        while text.len() < prefix.len() + RANDOM_CHARS {
            let mut byte = [0_u8];
            entropy.fill(&mut byte);
            // 248 is the largest multiple of 62 in a byte: above it some letters would come more often.
            if byte[0] < 248 {
                text.push(char::from(ALPHABET[usize::from(byte[0] % 62)]));
            }
        }
        let checksum = checksum(&text);
        text.push_str(&checksum);
        Self(Secret::new(text))
    }

    /// The secret itself, for its one showing and its hash.
    pub const fn secret(&self) -> &Secret {
        &self.0
    }

    /// What may be shown for recognition.
    pub fn hint(&self) -> TokenHint {
        TokenHint::of(self.0.expose())
    }

    /// Sorts a presented text without any look-up; fails where it cannot be a credential at all.
    /// A management key is none of an API token's forms.
    pub fn classify(presented: &str) -> Result<TokenTextKind, TokenTextError> {
        if presented.starts_with(MANAGEMENT_PREFIX) {
            return Err(TokenTextError);
        }
        if !presented.starts_with(OWN_PREFIX) {
            let plausible = (8..=FOREIGN_CHARS_MAX).contains(&presented.len())
                && presented.bytes().all(|byte| byte.is_ascii_graphic());
            return if plausible { Ok(TokenTextKind::Foreign) } else { Err(TokenTextError) };
        }
        if is_well_formed(presented) { Ok(TokenTextKind::Own) } else { Err(TokenTextError) }
    }

    /// Whether a presented text has the form of a management key, its checksum right.
    pub fn is_management(presented: &str) -> bool {
        presented.starts_with(MANAGEMENT_PREFIX) && is_well_formed(presented)
    }
}

/// Whether a text with a prefix of ours has the right length, letters and checksum.
fn is_well_formed(text: &str) -> bool {
    let Some((_, letters)) = text.split_once('-') else { return false };
    if text.len() != TEXT_CHARS || !letters.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return false;
    }
    let (body, given) = text.split_at(TEXT_CHARS - CHECKSUM_CHARS);
    checksum(body) == given
}

/// CRC-32 (IEEE) of the text before it, in base 62, six digits.
fn checksum(body: &str) -> String {
    let mut value = crc32fast::hash(body.as_bytes()) as usize;
    let mut digits = [b'0'; CHECKSUM_CHARS];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[value % 62];
        value /= 62;
    }
    digits.iter().map(|digit| char::from(*digit)).collect()
}

/// The beginning and end of a token's text: `sk-anc9fK2…x4Qz`. Enough to recognise, not to guess.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenHint(String);

impl TokenHint {
    fn of(text: &str) -> Self {
        let head: String = text.chars().take(10).collect();
        let tail_start = text.chars().count().saturating_sub(4);
        let tail: String = text.chars().skip(tail_start).collect();
        Self(format!("{head}…{tail}"))
    }

    /// A stored hint.
    pub fn from_stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The hint as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TokenHint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FixedEntropy;

    #[test]
    fn a_token_is_sk_and_48_characters() {
        let token = TokenText::generate(&FixedEntropy::new(1));
        let text = token.secret().expose();
        assert_eq!(text.len(), 51);
        assert!(text.starts_with("sk-anc"));
        assert!(text[3..].bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_eq!(TokenText::classify(text), Ok(TokenTextKind::Own));
    }

    #[test]
    fn one_wrong_character_anywhere_is_refused_without_a_look_up() {
        let token = TokenText::generate(&FixedEntropy::new(2));
        let text = token.secret().expose();
        for place in OWN_PREFIX.len()..text.len() {
            let mut wrong = text.as_bytes().to_vec();
            wrong[place] = if wrong[place] == b'a' { b'b' } else { b'a' };
            let wrong = String::from_utf8(wrong).unwrap();
            assert_eq!(TokenText::classify(&wrong), Err(TokenTextError), "{place}");
        }
    }

    #[test]
    fn the_wrong_length_is_refused() {
        let token = TokenText::generate(&FixedEntropy::new(3));
        let text = token.secret().expose();
        assert!(TokenText::classify(&text[..50]).is_err());
        assert!(TokenText::classify(&format!("{text}0")).is_err());
        assert!(TokenText::classify("sk-ancä").is_err());
    }

    #[test]
    fn a_credential_of_another_form_is_foreign() {
        assert_eq!(TokenText::classify("sk-1234567890abcdef"), Ok(TokenTextKind::Foreign));
        assert!(TokenText::classify("short").is_err());
        assert!(TokenText::classify("with blank in it").is_err());
    }

    #[test]
    fn a_management_key_and_an_api_token_are_never_taken_for_each_other() {
        let key = TokenText::generate_management(&FixedEntropy::new(5));
        let text = key.secret().expose();
        assert!(text.starts_with("mk-anc") && text.len() == 51);
        assert!(TokenText::is_management(text));
        assert_eq!(TokenText::classify(text), Err(TokenTextError));
        let token = TokenText::generate(&FixedEntropy::new(5));
        assert!(!TokenText::is_management(token.secret().expose()));
        assert!(!TokenText::is_management(&text.replace("mk-anc", "mk-and")));
    }

    #[test]
    fn a_hint_shows_the_ends_only() {
        let token = TokenText::generate(&FixedEntropy::new(4));
        let text = token.secret().expose();
        assert_eq!(token.hint().as_str(), format!("{}…{}", &text[..10], &text[47..]));
    }
}
