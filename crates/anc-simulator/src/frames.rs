//! Frames of a body in their order, and what can be done to them on the way.

use std::time::Duration;

use bytes::Bytes;

/// Bytes that are sent together, so long after the frame before them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TimedFrame {
    pub(crate) after: Duration,
    pub(crate) bytes: Bytes,
}

impl TimedFrame {
    pub(crate) const fn now(bytes: Bytes) -> Self {
        Self { after: Duration::ZERO, bytes }
    }
}

/// The frames of one body, made as they are asked for.
pub(crate) type Frames = Box<dyn Iterator<Item = TimedFrame> + Send>;

/// Where frames are cut into smaller ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slicing {
    /// After every so many bytes.
    Every(usize),
    /// Within every character of more than one byte.
    InsideCharacters,
}

/// No more than `bytes_max` bytes of the frames.
pub(crate) fn limited(frames: Frames, bytes_max: u64) -> Frames {
    let mut left = usize::try_from(bytes_max).unwrap_or(usize::MAX);
    Box::new(frames.map_while(move |mut frame| {
        if left == 0 {
            return None;
        }
        frame.bytes.truncate(left);
        left -= frame.bytes.len();
        Some(frame)
    }))
}

/// The same lines ended as Windows does.
pub(crate) fn with_crlf(frames: Frames) -> Frames {
    Box::new(frames.map(|frame| {
        let mut bytes = Vec::with_capacity(frame.bytes.len() + 8);
        for byte in frame.bytes {
            if byte == b'\n' {
                bytes.push(b'\r');
            }
            bytes.push(byte);
        }
        TimedFrame { after: frame.after, bytes: bytes.into() }
    }))
}

/// Each frame at least `every` after the one before it.
pub(crate) fn spaced(frames: Frames, every: Duration) -> Frames {
    Box::new(
        frames.map(move |frame| TimedFrame { after: frame.after.max(every), bytes: frame.bytes }),
    )
}

/// The same bytes in smaller frames.
pub(crate) fn sliced(frames: Frames, slicing: Slicing) -> Frames {
    Box::new(frames.flat_map(move |frame| slices(frame, slicing)))
}

fn slices(frame: TimedFrame, slicing: Slicing) -> impl Iterator<Item = TimedFrame> + Send {
    let TimedFrame { mut after, bytes: mut rest } = frame;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let bytes = rest.split_to(first_slice(&rest, slicing));
        Some(TimedFrame { after: std::mem::take(&mut after), bytes })
    })
}

fn first_slice(bytes: &[u8], slicing: Slicing) -> usize {
    match slicing {
        Slicing::Every(size) => size.clamp(1, bytes.len()),
        // A byte that begins a longer character is the last of its slice.
        Slicing::InsideCharacters => {
            bytes.iter().position(|byte| *byte >= 0xc0).map_or(bytes.len(), |at| at + 1)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(texts: &[&'static str]) -> Frames {
        let frames: Vec<_> = texts
            .iter()
            .map(|text| TimedFrame { after: Duration::from_millis(5), bytes: Bytes::from(*text) })
            .collect();
        Box::new(frames.into_iter())
    }

    fn texts(frames: Frames) -> Vec<Vec<u8>> {
        frames.map(|frame| frame.bytes.to_vec()).collect()
    }

    #[test]
    fn a_limit_holds_across_frames() {
        assert_eq!(texts(limited(frames(&["abc", "def"]), 4)), [b"abc".to_vec(), b"d".to_vec()]);
        assert!(texts(limited(frames(&["abc"]), 0)).is_empty());
    }

    #[test]
    fn slices_keep_every_byte_and_wait_only_before_the_first() {
        let sliced: Vec<_> = sliced(frames(&["ab", "c"]), Slicing::Every(1)).collect();
        let waits: Vec<_> = sliced.iter().map(|frame| frame.after.as_millis()).collect();
        assert_eq!(waits, [5, 0, 5]);
        assert_eq!(sliced.len(), 3);
    }

    #[test]
    fn every_long_character_is_split() {
        let parts = texts(sliced(frames(&["aé日b"]), Slicing::InsideCharacters));
        assert_eq!(parts.concat(), "aé日b".as_bytes());
        assert!(parts.iter().take(2).all(|part| std::str::from_utf8(part).is_err()));
    }

    #[test]
    fn crlf_ends_every_line() {
        assert_eq!(texts(with_crlf(frames(&["a\n\n"]))), [b"a\r\n\r\n".to_vec()]);
    }
}
