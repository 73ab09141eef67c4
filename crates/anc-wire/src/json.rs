//! A walk over JSON text that builds nothing: it checks the form, tells where values lie, and hands
//! out strings as they stand.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memchr2;

/// How deep values may nest: far beyond any honest request, far within the stack.
const DEPTH_MAX: u32 = 64;

/// The text is not JSON, or nests too deep. The place is a byte's offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed {
    pub(crate) at: usize,
    pub(crate) problem: &'static str,
}

/// What kind of value was walked over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    Bool,
    Number,
    String,
    Array,
    Object,
}

/// A value's place in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Value {
    pub(crate) kind: Kind,
    pub(crate) span: Range<usize>,
}

/// What is done with each member of an object.
type Member<'m, 't> = &'m mut dyn FnMut(&mut Walker<'t>, &'t [u8]) -> Result<(), Malformed>;

/// Reads JSON from front to back.
#[derive(Debug, Clone)]
pub(crate) struct Walker<'t> {
    text: &'t [u8],
    at: usize,
    depth: u32,
}

impl<'t> Walker<'t> {
    pub(crate) const fn new(text: &'t [u8]) -> Self {
        Self { text, at: 0, depth: 0 }
    }

    /// A walker over a document from outside. It must be UTF-8, as RFC 8259 says: a provider that
    /// reads other text leniently could find other keys in it than the relay does.
    pub(crate) fn of_document(text: &'t [u8]) -> Result<Self, Malformed> {
        match std::str::from_utf8(text) {
            Ok(_) => Ok(Self::new(text)),
            Err(error) => Err(Malformed { at: error.valid_up_to(), problem: "text is not UTF-8" }),
        }
    }

    fn fail<T>(&self, problem: &'static str) -> Result<T, Malformed> {
        Err(Malformed { at: self.at, problem })
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Whether the next value begins with this bracket.
    pub(crate) fn is_at(&mut self, bracket: u8) -> bool {
        self.skip_blanks();
        self.peek() == Some(bracket)
    }

    /// The text must be over here.
    pub(crate) fn end(&mut self) -> Result<(), Malformed> {
        self.skip_blanks();
        if self.at == self.text.len() {
            Ok(())
        } else {
            self.fail("text after the end of the document")
        }
    }

    /// Walks over one value and tells only where it lies.
    pub(crate) fn skip(&mut self) -> Result<Value, Malformed> {
        self.value(&mut |_| {})
    }

    /// Walks over one value, showing every string value and every key on the way to `visit`.
    pub(crate) fn value(&mut self, visit: &mut dyn FnMut(Part<'t>)) -> Result<Value, Malformed> {
        self.skip_blanks();
        let start = self.at;
        let kind = match self.peek() {
            Some(b'{') => {
                self.object(&mut |walker, key| {
                    visit(Part::Key(key));
                    walker.value(visit).map(|_| ())
                })?;
                Kind::Object
            }
            Some(b'[') => {
                self.array(&mut |walker| walker.value(visit).map(|_| ()))?;
                Kind::Array
            }
            Some(b'"') => {
                let text = self.string()?;
                visit(Part::Text(text));
                Kind::String
            }
            Some(b't') => self.word(b"true", Kind::Bool)?,
            Some(b'f') => self.word(b"false", Kind::Bool)?,
            Some(b'n') => self.word(b"null", Kind::Null)?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(_) => return self.fail("a value is expected"),
            None => return self.fail("the document ends too early"),
        };
        Ok(Value { kind, span: start..self.at })
    }

    /// Walks over an object; `member` gets each key, as it stands between its quotes, and must walk
    /// over its value.
    pub(crate) fn object(&mut self, member: Member<'_, 't>) -> Result<(), Malformed> {
        self.skip_blanks();
        self.open(b'{', "an object is expected")?;
        if self.closed(b'}') {
            return Ok(());
        }
        loop {
            self.skip_blanks();
            let key = self.string()?;
            self.skip_blanks();
            if self.peek() != Some(b':') {
                return self.fail("a colon is expected");
            }
            self.at += 1;
            member(self, key)?;
            if !self.goes_on(b'}')? {
                return Ok(());
            }
        }
    }

    /// Walks over an array; `element` must walk over each of its values.
    pub(crate) fn array(
        &mut self,
        element: &mut dyn FnMut(&mut Self) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        self.skip_blanks();
        self.open(b'[', "an array is expected")?;
        if self.closed(b']') {
            return Ok(());
        }
        loop {
            element(self)?;
            if !self.goes_on(b']')? {
                return Ok(());
            }
        }
    }

    fn open(&mut self, bracket: u8, problem: &'static str) -> Result<(), Malformed> {
        if self.peek() != Some(bracket) {
            return self.fail(problem);
        }
        if self.depth == DEPTH_MAX {
            return self.fail("values are nested too deep");
        }
        self.depth += 1;
        self.at += 1;
        Ok(())
    }

    fn closed(&mut self, bracket: u8) -> bool {
        self.skip_blanks();
        let closed = self.peek() == Some(bracket);
        if closed {
            self.at += 1;
            self.depth -= 1;
        }
        closed
    }

    fn goes_on(&mut self, bracket: u8) -> Result<bool, Malformed> {
        if self.closed(bracket) {
            return Ok(false);
        }
        if self.peek() != Some(b',') {
            return self.fail("a comma or the end of the list is expected");
        }
        self.at += 1;
        Ok(true)
    }

    /// Walks over a string and gives what stands between its quotes, escapes unread.
    pub(crate) fn string(&mut self) -> Result<&'t [u8], Malformed> {
        if self.peek() != Some(b'"') {
            return self.fail("a string is expected");
        }
        let start = self.at + 1;
        let mut from = start;
        loop {
            let rest = self.text.get(from..).unwrap_or_default();
            let Some(offset) = memchr2(b'"', b'\\', rest) else {
                return self.fail("a string is not closed");
            };
            let place = from + offset;
            if self.text[place] == b'"' {
                let content = &self.text[start..place];
                if content.iter().any(|byte| *byte < 0x20) {
                    return self.fail("a control character in a string");
                }
                self.at = place + 1;
                return Ok(content);
            }
            from = self.escape(place)?;
        }
    }

    fn escape(&self, backslash: usize) -> Result<usize, Malformed> {
        let wrong = Malformed { at: backslash, problem: "an unknown escape in a string" };
        match self.text.get(backslash + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(backslash + 2),
            Some(b'u') => {
                let digits = self.text.get(backslash + 2..backslash + 6).ok_or(wrong)?;
                if digits.iter().all(u8::is_ascii_hexdigit) {
                    Ok(backslash + 6)
                } else {
                    Err(wrong)
                }
            }
            _ => Err(wrong),
        }
    }

    fn word(&mut self, word: &'static [u8], kind: Kind) -> Result<Kind, Malformed> {
        if !self.text[self.at..].starts_with(word) {
            return self.fail("a value is expected");
        }
        self.at += word.len();
        Ok(kind)
    }

    fn number(&mut self) -> Result<Kind, Malformed> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits(),
            _ => return self.fail("a number is expected"),
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.some_digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.some_digits()?;
        }
        Ok(Kind::Number)
    }

    fn digits(&mut self) {
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
    }

    fn some_digits(&mut self) -> Result<(), Malformed> {
        let before = self.at;
        self.digits();
        if self.at == before { self.fail("a digit is expected") } else { Ok(()) }
    }
}

/// A piece of text met on a walk.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Part<'t> {
    /// A key, as it stands between its quotes.
    Key(&'t [u8]),
    /// A string value, as it stands between its quotes.
    Text(&'t [u8]),
}

/// A string as it stands between its quotes, its escapes read.
pub(crate) fn unescaped(raw: &[u8]) -> Cow<'_, str> {
    if !raw.contains(&b'\\') {
        return String::from_utf8_lossy(raw);
    }
    let mut quoted = Vec::with_capacity(raw.len() + 2);
    quoted.push(b'"');
    quoted.extend_from_slice(raw);
    quoted.push(b'"');
    // A lone surrogate has no text; it then equals nothing that anybody looks for.
    serde_json::from_slice::<String>(&quoted).unwrap_or_else(|_| "\u{fffd}".to_owned()).into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn walks(text: &str) -> bool {
        let mut walker = Walker::new(text.as_bytes());
        walker.skip().is_ok() && walker.end().is_ok()
    }

    #[test]
    fn c2_what_is_not_json_is_refused() {
        for text in [
            "",
            "{",
            "{\"a\"}",
            "{\"a\":}",
            "[1,]",
            "{\"a\":1,}",
            "nul",
            "NaN",
            "01",
            "1.",
            "1e",
            "+1",
            "\"\\x\"",
            "\"\\u12\"",
            "\"a\nb\"",
            "\u{feff}{}",
            "{} {}",
            "'a'",
            "-",
        ] {
            assert!(!walks(text), "{text:?}");
        }
        for text in ["{}", " [ ] ", "1e999", "-0.5E+3", "\"\\ud800\"", "{\"a\":[1,{\"b\":null}]}"] {
            assert!(walks(text), "{text:?}");
        }
    }

    #[test]
    fn c2_depth_is_bounded_without_a_stack_overflow() {
        assert!(walks(&format!("{}{}", "[".repeat(64), "]".repeat(64))));
        assert!(!walks(&format!("{}{}", "[".repeat(65), "]".repeat(65))));
        assert!(!walks(&"[".repeat(1_000_000)));
        assert!(!walks(&"{\"a\":".repeat(100_000)));
    }

    proptest! {
        #[test]
        fn the_walker_agrees_with_a_full_parser(text in "[\\[\\]{}:,\"a1.e\\-\\\\nult ]{0,24}") {
            let parsed = serde_json::from_str::<serde_json::Value>(&text);
            // Numbers beyond a float's range are JSON, but not for that parser.
            if parsed.is_ok() {
                prop_assert!(walks(&text), "{}", text);
            } else if walks(&text) {
                let error = parsed.unwrap_err().to_string();
                prop_assert!(error.contains("out of range"), "{} {}", text, error);
            }
        }
    }
}
