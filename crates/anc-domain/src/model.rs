//! Model names, exact and case-sensitive, and the patterns that restrict a token to some.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

const NAME_CHARS_MAX: usize = 128;

/// The name of a model as clients write it. ASCII, never normalised: two names that differ in one
/// byte are two models, so that no trick of spelling reaches another price.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModelName(Arc<str>);

/// A text is not a model's name or pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a model name has 1 to 128 letters, digits or ._:/@+- characters")]
pub struct ModelNameError;

const fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'/' | b'@' | b'+' | b'-')
}

fn has_name_form(text: &str, also: u8) -> bool {
    (1..=NAME_CHARS_MAX).contains(&text.len())
        && text.bytes().all(|byte| is_name_byte(byte) || byte == also)
}

impl ModelName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ModelName {
    type Err = ModelNameError;

    fn from_str(text: &str) -> Result<Self, ModelNameError> {
        if has_name_form(text, b'-') { Ok(Self(text.into())) } else { Err(ModelNameError) }
    }
}

impl fmt::Display for ModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A model's name in which `*` stands for any characters; with a leading `!` it excludes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelPattern {
    excludes: bool,
    glob: Box<str>,
}

impl ModelPattern {
    fn covers(&self, name: &str) -> bool {
        glob_matches(self.glob.as_bytes(), name.as_bytes())
    }
}

impl FromStr for ModelPattern {
    type Err = ModelNameError;

    fn from_str(text: &str) -> Result<Self, ModelNameError> {
        let (excludes, glob) = match text.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        if !has_name_form(glob, b'*') {
            return Err(ModelNameError);
        }
        Ok(Self { excludes, glob: glob.into() })
    }
}

impl fmt::Display for ModelPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.excludes { "!" } else { "" }, self.glob)
    }
}

/// The patterns of one token. None at all allows every model; only exclusions allow the others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModelPatterns(Vec<ModelPattern>);

impl ModelPatterns {
    /// The patterns as given.
    pub const fn new(patterns: Vec<ModelPattern>) -> Self {
        Self(patterns)
    }

    /// Whether a model may be used. An exclusion wins over every inclusion.
    pub fn allow(&self, name: &ModelName) -> bool {
        let name = name.as_str();
        if self.0.iter().any(|pattern| pattern.excludes && pattern.covers(name)) {
            return false;
        }
        let mut inclusions = self.0.iter().filter(|pattern| !pattern.excludes).peekable();
        inclusions.peek().is_none() || inclusions.any(|pattern| pattern.covers(name))
    }

    /// The patterns in order.
    pub fn iter(&self) -> impl Iterator<Item = &ModelPattern> {
        self.0.iter()
    }
}

/// Matches with one backtracking point, so that hostile patterns cost at most length × length.
fn glob_matches(glob: &[u8], name: &[u8]) -> bool {
    let (mut at_glob, mut at_name) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while at_name < name.len() {
        if glob.get(at_glob) == Some(&b'*') {
            retry = Some((at_glob + 1, at_name));
            at_glob += 1;
        } else if glob.get(at_glob) == Some(&name[at_name]) {
            at_glob += 1;
            at_name += 1;
        } else if let Some((after_star, start)) = retry {
            retry = Some((after_star, start + 1));
            at_glob = after_star;
            at_name = start + 1;
        } else {
            return false;
        }
    }
    glob[at_glob..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(texts: &[&str]) -> ModelPatterns {
        ModelPatterns::new(texts.iter().map(|text| text.parse().unwrap()).collect())
    }

    fn allows(texts: &[&str], name: &str) -> bool {
        patterns(texts).allow(&name.parse().unwrap())
    }

    #[test]
    fn b1_a_name_is_plain_ascii_and_exact() {
        for text in ["", " gpt-4o", "gpt-4o\u{200b}", "gpt-4\u{43e}", "ｇpt", "a b", "gpt*"] {
            assert!(text.parse::<ModelName>().is_err(), "{text:?}");
        }
        assert!("a".repeat(129).parse::<ModelName>().is_err());
        assert!("openai/gpt-4o:free@2026+x".parse::<ModelName>().is_ok());
        assert!(!allows(&["gpt-4o"], "GPT-4o"));
    }

    #[test]
    fn no_pattern_allows_every_model() {
        assert!(allows(&[], "anything"));
    }

    #[test]
    fn a_star_stands_for_any_characters() {
        assert!(allows(&["claude-*"], "claude-opus-5"));
        assert!(allows(&["*-opus-*"], "claude-opus-5"));
        assert!(!allows(&["claude-*"], "my-claude-1"));
        assert!(allows(&["*"], "x"));
        assert!(!allows(&["a*b*c"], "a-b-d"));
    }

    #[test]
    fn an_exclusion_wins() {
        assert!(!allows(&["claude-*", "!claude-opus-*"], "claude-opus-5"));
        assert!(allows(&["!claude-opus-*"], "gpt-5"));
    }

    #[test]
    fn a_hostile_pattern_is_cheap() {
        let glob = format!("{}b", "a*".repeat(60));
        assert!(!allows(&[&glob], &"a".repeat(128)));
    }
}
