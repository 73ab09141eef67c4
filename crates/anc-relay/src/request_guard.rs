//! Requests' heads, looked at before the HTTP parser gets them.
//!
//! The parser is lenient where two programs in a row could read the same bytes as different
//! requests: two lengths, a length beside chunks, lines that end without a carriage return. Here
//! such a head is refused, by handing the parser a byte in its place that it refuses itself, so
//! that the answer is its own 400 and comes in its turn. And a head that has begun must end in time,
//! while a connection between two requests may rest for longer.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// For how long, and for how many bytes, what is still sent of a refused request is read and thrown
/// away. A socket that is closed with bytes unread takes back the answer that says why.
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 8 << 20;

/// What no parser takes for a part of a head. The blank line is what ours waits for.
const REFUSED: &[u8] = b"\0\r\n\r\n";

/// A connection whose requests must be framed in one way only.
#[derive(Debug)]
pub(crate) struct RequestGuard<S> {
    stream: S,
    framing: Framing,
    body_under_way: BodyUnderWay,
    head_limit: Duration,
    /// Armed while a head is under way.
    deadline: Option<Pin<Box<Sleep>>>,
    /// How much of [`REFUSED`] was handed on, once something had to be refused.
    refused: Option<usize>,
    /// Set while the end of a request is awaited that nobody reads any more.
    lingering: Option<Lingering>,
}

/// Whether a body is on its way that has not all come: who answers meanwhile must say that the
/// connection ends, or the client would send its next request into it. Of a chunked body the end is
/// not seen, so that it is always on its way.
#[derive(Debug, Clone, Default)]
pub(crate) struct BodyUnderWay(Arc<AtomicBool>);

impl BodyUnderWay {
    pub(crate) fn is_true(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

#[derive(Debug)]
struct Lingering {
    until: Pin<Box<Sleep>>,
    bytes_left: usize,
}

impl<S> RequestGuard<S> {
    pub(crate) fn new(stream: S, head_limit: Duration) -> Self {
        Self {
            stream,
            framing: Framing::default(),
            body_under_way: BodyUnderWay::default(),
            head_limit,
            deadline: None,
            refused: None,
            lingering: None,
        }
    }

    pub(crate) fn body_under_way(&self) -> BodyUnderWay {
        self.body_under_way.clone()
    }

    fn refuse(&mut self, buffer: &mut ReadBuf<'_>) {
        let from = self.refused.unwrap_or(0);
        let rest = REFUSED.get(from..).filter(|rest| !rest.is_empty()).unwrap_or(REFUSED);
        let count = rest.len().min(buffer.remaining());
        buffer.put_slice(rest.get(..count).unwrap_or_default());
        self.refused = Some(REFUSED.len() - rest.len() + count);
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for RequestGuard<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.refused.is_some() {
            this.refuse(buffer);
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        if let Poll::Ready(read) = Pin::new(&mut this.stream).poll_read(context, buffer) {
            read?;
            let arrived = buffer.filled().get(before..).unwrap_or_default();
            if let Err(Ambiguous { at }) = this.framing.advance(arrived) {
                metrics::counter!("anc_ambiguous_heads_total").increment(1);
                buffer.set_filled(before + at);
                this.refuse(buffer);
            }
            let in_body = matches!(this.framing, Framing::Body(_) | Framing::Chunked);
            this.body_under_way.0.store(in_body, Ordering::Relaxed);
            if !this.framing.is_in_head() {
                this.deadline = None;
            }
            return Poll::Ready(Ok(()));
        }
        if this.framing.is_in_head() {
            let limit = this.head_limit;
            let deadline = this.deadline.get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
            ready!(deadline.as_mut().poll(context));
            metrics::counter!("anc_limit_hits_total", "limit" => "request_head_seconds")
                .increment(1);
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Poll::Pending
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for RequestGuard<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, buffer)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, buffers)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.lingering.is_none() {
            ready!(Pin::new(&mut this.stream).poll_shutdown(context))?;
        }
        if this.refused.is_none() && this.framing.is_at_rest() {
            return Poll::Ready(Ok(()));
        }
        let lingering = this.lingering.get_or_insert_with(|| Lingering {
            until: Box::pin(tokio::time::sleep(LINGER)),
            bytes_left: LINGER_BYTES,
        });
        let mut unread = [0; 8 << 10];
        while lingering.until.as_mut().poll(context).is_pending() {
            let mut buffer = ReadBuf::new(&mut unread);
            let read = ready!(Pin::new(&mut this.stream).poll_read(context, &mut buffer));
            let count = buffer.filled().len();
            lingering.bytes_left = lingering.bytes_left.saturating_sub(count);
            if read.is_err() || count == 0 || lingering.bytes_left == 0 {
                break;
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// A head that two programs could read differently; the place is where it became so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ambiguous {
    at: usize,
}

/// Where in its requests a connection is.
#[derive(Debug)]
enum Framing {
    Head(Head),
    /// So many bytes of a body are still to come.
    Body(u64),
    /// A chunked body. The connection ends after it, so no other head follows.
    Chunked,
}

/// What is known of a head so far.
#[derive(Debug, Default)]
struct Head {
    /// The beginning of a line whose end has not come.
    line: Vec<u8>,
    /// The request line was there.
    requested: bool,
    length: Option<u64>,
    chunked: bool,
}

impl Default for Framing {
    fn default() -> Self {
        Self::Head(Head::default())
    }
}

impl Framing {
    fn is_in_head(&self) -> bool {
        matches!(self, Self::Head(head) if head.requested || !head.line.is_empty())
    }

    /// Whether no part of a request is under way.
    fn is_at_rest(&self) -> bool {
        matches!(self, Self::Head(_)) && !self.is_in_head()
    }

    fn advance(&mut self, arrived: &[u8]) -> Result<(), Ambiguous> {
        let mut rest = arrived;
        while !rest.is_empty() {
            match self {
                Self::Chunked => return Ok(()),
                Self::Body(left) => {
                    let taken = rest.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                    *left -= taken as u64;
                    rest = rest.get(taken..).unwrap_or_default();
                    if *left == 0 {
                        *self = Self::default();
                    }
                }
                Self::Head(head) => {
                    let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
                        // The parser bounds a head's size, and with it this line.
                        head.line.extend_from_slice(rest);
                        return Ok(());
                    };
                    let (line, after) = rest.split_at(end);
                    let over = head.line_ends(line).map_err(|NotOneReading| Ambiguous {
                        at: arrived.len() - rest.len() + end,
                    })?;
                    rest = after.get(1..).unwrap_or_default();
                    if over {
                        *self = head.framing_of_body();
                    }
                }
            }
        }
        Ok(())
    }
}

/// A line that has no single reading.
#[derive(Debug, Clone, Copy)]
struct NotOneReading;

impl Head {
    /// Takes the end of a line; true where it was the last one.
    fn line_ends(&mut self, end: &[u8]) -> Result<bool, NotOneReading> {
        if self.line.is_empty() {
            return self.take_line(end);
        }
        let mut line = std::mem::take(&mut self.line);
        line.extend_from_slice(end);
        self.take_line(&line)
    }

    fn take_line(&mut self, line: &[u8]) -> Result<bool, NotOneReading> {
        let Some(line) = line.strip_suffix(b"\r").filter(|line| !line.contains(&b'\r')) else {
            return Err(NotOneReading);
        };
        if line.is_empty() {
            // Before the request line a blank one may stand: some clients end a body with it.
            return Ok(self.requested);
        }
        if !self.requested {
            self.requested = true;
            return Ok(false);
        }
        self.header(line).map(|()| false)
    }

    fn header(&mut self, line: &[u8]) -> Result<(), NotOneReading> {
        let colon = line.iter().position(|byte| *byte == b':').ok_or(NotOneReading)?;
        let (name, value) = line.split_at(colon);
        // A fold goes on with the line before; a blank before the colon makes two names of one.
        if name.is_empty() || name.iter().any(|byte| matches!(byte, b' ' | b'\t')) {
            return Err(NotOneReading);
        }
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        if name.eq_ignore_ascii_case(b"content-length") {
            let digits = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
            let length = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
            let alone = self.length.is_none() && !self.chunked;
            self.length = Some(length.filter(|_| digits && alone).ok_or(NotOneReading)?);
        }
        if name.eq_ignore_ascii_case(b"transfer-encoding") {
            let alone = self.length.is_none() && !self.chunked;
            if !alone || !value.eq_ignore_ascii_case(b"chunked") {
                return Err(NotOneReading);
            }
            self.chunked = true;
        }
        Ok(())
    }

    fn framing_of_body(&self) -> Framing {
        match self.length {
            _ if self.chunked => Framing::Chunked,
            Some(length) if length > 0 => Framing::Body(length),
            _ => Framing::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    fn reads(bytes: &[u8], step: usize) -> Result<(), usize> {
        let mut framing = Framing::default();
        for (number, piece) in bytes.chunks(step).enumerate() {
            framing.advance(piece).map_err(|Ambiguous { at }| number * step + at)?;
        }
        Ok(())
    }

    const GOOD: &[u8] = b"\r\nPOST /a HTTP/1.1\r\nhost: x\r\nContent-Length: 5\r\n\r\n\nb\n\r\r\
        GET /b HTTP/1.1\r\nhost: x\r\n\r\n\
        POST /c HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n5\nhello\n0\n\n";

    #[test]
    fn a_plain_request_has_one_reading_however_it_arrives() {
        for step in 1..=GOOD.len() {
            assert_eq!(reads(GOOD, step), Ok(()), "{step}");
        }
    }

    #[test]
    fn c6_what_could_be_read_in_two_ways_is_refused() {
        for headers in [
            "content-length: 5\r\ntransfer-encoding: chunked",
            "transfer-encoding: chunked\r\ncontent-length: 5",
            "content-length: 5\r\ncontent-length: 6",
            "content-length: 5\r\ncontent-length: 5",
            "content-length: 5, 5",
            "content-length: +5",
            "content-length: 0x5",
            "content-length:",
            "content-length : 5",
            "content-length: 99999999999999999999999",
            "transfer-encoding: chunked, identity",
            "transfer-encoding: gzip, chunked",
            "transfer-encoding: chunked\r\ntransfer-encoding: chunked",
            "transfer-encoding: xchunked",
            "a: b\r\n c",
            "a: b\r\n\tc: d",
            "a: b\nc: d",
            "a: b\rc: d",
            "a b: c",
            "no colon",
            ": nameless",
        ] {
            let request = format!("POST / HTTP/1.1\r\nhost: x\r\n{headers}\r\n\r\nhello");
            for step in [1, 7, request.len()] {
                assert!(reads(request.as_bytes(), step).is_err(), "{headers:?} {step}");
            }
        }
    }

    #[tokio::test]
    async fn c6_the_parser_gets_a_byte_that_it_refuses_instead() {
        let bytes: &[u8] = b"GET / HTTP/1.1\r\nhost: x\nx: y\r\n\r\n";
        let mut guard = RequestGuard::new(bytes, Duration::from_secs(1));
        let mut seen = [0; 28];
        guard.read_exact(&mut seen).await.unwrap();
        assert_eq!(&seen, b"GET / HTTP/1.1\r\nhost: x\0\r\n\r\n");
    }

    #[tokio::test]
    async fn a_refused_request_is_read_on_so_that_its_answer_arrives() {
        let (near, mut far) = tokio::io::duplex(64);
        let mut guard = RequestGuard::new(near, Duration::from_secs(1));
        let head = b"POST / HTTP/1.1\r\ncontent-length: 10000\r\n\r\n";
        far.write_all(head).await.unwrap();
        let mut seen = vec![0; head.len()];
        guard.read_exact(&mut seen).await.unwrap();
        guard.write_all(b"413").await.unwrap();
        let closing = tokio::spawn(async move { guard.shutdown().await });
        far.write_all(&[b'x'; 10_000]).await.unwrap();
        let mut answer = String::new();
        far.read_to_string(&mut answer).await.unwrap();
        assert_eq!(answer, "413");
        drop(far);
        closing.await.unwrap().unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn c3_a_head_that_has_begun_must_end_in_time() {
        let (near, mut far) = tokio::io::duplex(64);
        let mut guard = RequestGuard::new(near, Duration::from_secs(10));
        let mut buffer = [0; 64];
        // Between requests it may rest for as long as others allow.
        let rest = tokio::time::timeout(Duration::from_mins(1), guard.read(&mut buffer)).await;
        assert!(rest.is_err());
        far.write_all(b"GET / HT").await.unwrap();
        assert_eq!(guard.read(&mut buffer).await.unwrap(), 8);
        let error = guard.read(&mut buffer).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
