//! Server-sent events, cut where they end and otherwise untouched.

use std::borrow::Cow;
use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use memchr::memchr2;

/// An event larger than this goes on piece by piece, unread: what the relay keeps in memory of one
/// stream is bounded, what passes through it is not.
const HELD_BACK_MAX: usize = 4 << 20;

/// Cuts a byte stream into events, each with the blank line that ends it. The pieces put together
/// are the stream, byte for byte, whichever of the three line ends it uses.
#[derive(Debug, Default)]
pub struct SseSplitter {
    /// The beginning of an event whose end has not come.
    pending: BytesMut,
    /// The current line has content.
    in_line: bool,
    /// The current event has content.
    in_event: bool,
    /// The last byte was a carriage return: a line feed after it belongs to the same line end.
    after_return: bool,
}

impl SseSplitter {
    /// A splitter at the beginning of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes and puts the events that they complete into `ready`.
    pub fn push(&mut self, mut data: Bytes, ready: &mut VecDeque<Bytes>) {
        while let Some(end) = self.event_end(&data) {
            let head = data.split_to(end);
            ready.push_back(self.joined(head));
        }
        if data.is_empty() {
            return;
        }
        if self.pending.len() + data.len() > HELD_BACK_MAX {
            let piece = self.joined(data);
            ready.push_back(piece);
        } else {
            self.pending.extend_from_slice(&data);
        }
    }

    /// Whether a stream that ended here ended between two events.
    pub const fn is_between_events(&self) -> bool {
        !self.in_event
    }

    /// The place after the next blank line, if it is in `data`.
    fn event_end(&mut self, data: &[u8]) -> Option<usize> {
        let mut from = 0;
        if self.after_return && !data.is_empty() {
            self.after_return = false;
            from = usize::from(data[0] == b'\n');
        }
        while let Some(offset) = memchr2(b'\n', b'\r', &data[from..]) {
            let place = from + offset;
            let blank = offset == 0 && !self.in_line;
            let had_content = self.in_event || !blank;
            self.in_line = false;
            self.in_event = had_content;
            from = place + 1;
            if data[place] == b'\r' {
                match data.get(from) {
                    Some(b'\n') => from += 1,
                    Some(_) => {}
                    None => self.after_return = true,
                }
            }
            if blank {
                self.in_event = false;
                return Some(from);
            }
        }
        if from < data.len() {
            self.in_line = true;
            self.in_event = true;
        }
        None
    }

    fn joined(&mut self, tail: Bytes) -> Bytes {
        if self.pending.is_empty() {
            return tail;
        }
        self.pending.extend_from_slice(&tail);
        self.pending.split().freeze()
    }
}

/// What one event says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Event<'f> {
    pub(crate) name: Option<&'f [u8]>,
    /// The data lines, joined; empty where there is none.
    pub(crate) data: Cow<'f, [u8]>,
}

/// Reads an event's name and data. Comments and other fields are passed over.
pub(crate) fn read_event(frame: &[u8]) -> Event<'_> {
    let mut event = Event::default();
    let mut rest = frame.strip_prefix(b"\xef\xbb\xbf").unwrap_or(frame);
    let mut has_data = false;
    while !rest.is_empty() {
        let end = memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        let line = &rest[..end];
        rest = rest.get(end + 1..).unwrap_or_default();
        if let Some(value) = field(line, b"data") {
            if has_data {
                let joined = event.data.to_mut();
                joined.push(b'\n');
                joined.extend_from_slice(value);
            } else {
                event.data = Cow::Borrowed(value);
                has_data = true;
            }
        } else if let Some(value) = field(line, b"event") {
            event.name = Some(value);
        }
    }
    event
}

fn field<'l>(line: &'l [u8], name: &[u8]) -> Option<&'l [u8]> {
    let value = line.strip_prefix(name)?;
    if value.is_empty() {
        return Some(value);
    }
    let value = value.strip_prefix(b":")?;
    Some(value.strip_prefix(b" ").unwrap_or(value))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(pieces: &[&[u8]]) -> (Vec<String>, bool) {
        let mut splitter = SseSplitter::new();
        let mut ready = VecDeque::new();
        for piece in pieces {
            splitter.push(Bytes::copy_from_slice(piece), &mut ready);
        }
        let events = ready.iter().map(|event| String::from_utf8(event.to_vec()).unwrap()).collect();
        (events, splitter.is_between_events())
    }

    #[test]
    fn every_line_end_is_understood() {
        for end in ["\n", "\r\n", "\r"] {
            let text = format!("event: a{end}data: 1{end}{end}data: 2{end}{end}");
            let (events, between) = split(&[text.as_bytes()]);
            assert_eq!(events.len(), 2, "{end:?}");
            assert_eq!(events.concat(), text);
            assert!(between);
        }
    }

    #[test]
    fn half_an_event_is_told_from_a_clean_end() {
        assert!(!split(&[b"data: 1\n\ndata: 2\n"]).1);
        assert!(!split(&[b"data: 1\n\ndata"]).1);
        assert!(split(&[b"data: 1\r\n\r", b"\n"]).1);
        assert!(split(&[]).1);
    }

    #[test]
    fn an_event_beyond_what_is_held_back_passes_in_pieces() {
        let big = vec![b'x'; HELD_BACK_MAX + 1];
        let (events, between) = split(&[b"data: ", &big, b"\n\n", b"data: 2\n\n"]);
        assert_eq!(events.len(), 3);
        assert_eq!(events[2], "data: 2\n\n");
        assert!(between);
    }

    #[test]
    fn data_lines_are_joined_and_comments_passed_over() {
        let event = read_event(b": hello\r\nevent: x\r\ndata: {\r\ndata:}\r\nid: 7\r\n\r\n");
        assert_eq!(event.name, Some(b"x".as_slice()));
        assert_eq!(event.data.as_ref(), b"{\n}");
        assert_eq!(read_event(b"\xef\xbb\xbfdata: 1\n\n").data.as_ref(), b"1");
        assert_eq!(read_event(b"database: 1\n\n"), Event::default());
    }

    proptest! {
        #[test]
        fn c3_events_are_the_same_wherever_the_bytes_were_cut(
            text in "(data: [a-c世]{0,3}(\n|\r|\r\n)|event: x(\n|\r\n)|: c\n|\n|\r\n|\r){0,12}",
            size in 1_usize..5,
        ) {
            let pieces: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
            let (whole, whole_between) = split(&[text.as_bytes()]);
            let (cut, cut_between) = split(&pieces);
            prop_assert_eq!(whole_between, cut_between);
            let data = |events: &[String]| -> Vec<Vec<u8>> {
                events.iter().map(|event| read_event(event.as_bytes()).data.to_vec())
                    .filter(|data| !data.is_empty()).collect()
            };
            prop_assert_eq!(data(&whole), data(&cut));
            prop_assert!(text.starts_with(&cut.concat()));
        }
    }
}
