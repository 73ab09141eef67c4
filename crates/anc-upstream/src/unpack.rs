//! Bodies that come compressed, unpacked piece by piece as they pass, in either direction.
//!
//! What is unpacked is bounded in two ways: by whoever reads it, who counts unpacked bytes, and here
//! by how much larger than its packed form it may become, so that a few kilobytes cannot keep a
//! thread busy with gigabytes.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use async_compression::tokio::bufread::{BrotliDecoder, GzipDecoder, ZstdDecoder};
use async_compression::zstd::DParameter;
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use http_body::{Body, Frame};
use http_body_util::BodyExt as _;
use tokio::io::AsyncRead;
use tokio_util::io::{ReaderStream, StreamReader};

/// How many times its packed size a body may have. Text of honest requests stays below 20.
const RATIO_MAX: u64 = 100;
/// So much may come out whatever went in: short texts that repeat themselves pack well.
const FREE_BYTES: u64 = 64 << 10;
/// What is unpacked at a time.
const PIECE_BYTES: usize = 32 << 10;
/// The window that a sender may ask us to keep, as a power of two: what RFC 9659 sets for HTTP.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;

/// How a body is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentEncoding {
    /// RFC 1952.
    Gzip,
    /// RFC 7932.
    Brotli,
    /// RFC 8878.
    Zstd,
}

/// An encoding that is not understood, or several on top of each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("content-encoding is gzip, br or zstd, one of them at most")]
pub struct UnknownEncoding;

/// The body became larger than its packed form explains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body unpacks to more than {RATIO_MAX} times its size")]
pub struct ExpandsTooFar;

impl ContentEncoding {
    /// What the headers say; `None` for a body that is as it is.
    pub fn of(headers: &HeaderMap) -> Result<Option<Self>, UnknownEncoding> {
        let mut values = headers.get_all(CONTENT_ENCODING).iter();
        let Some(value) = values.next() else { return Ok(None) };
        let name = value.to_str().map_err(|_| UnknownEncoding)?.trim().to_ascii_lowercase();
        if values.next().is_some() {
            return Err(UnknownEncoding);
        }
        match name.as_str() {
            "" | "identity" => Ok(None),
            "gzip" | "x-gzip" => Ok(Some(Self::Gzip)),
            "br" => Ok(Some(Self::Brotli)),
            "zstd" => Ok(Some(Self::Zstd)),
            _ => Err(UnknownEncoding),
        }
    }
}

type Unpacker = Pin<Box<dyn AsyncRead + Send>>;

/// A body, unpacked. Dropping it drops what it comes from.
pub struct Unpacked {
    pieces: ReaderStream<Unpacker>,
    packed: Arc<AtomicU64>,
    given_out: u64,
}

impl std::fmt::Debug for Unpacked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unpacked").field("given_out", &self.given_out).finish_non_exhaustive()
    }
}

impl Unpacked {
    /// Unpacks `body` as it is read.
    pub fn new<B>(encoding: ContentEncoding, body: B) -> Self
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let packed = Arc::<AtomicU64>::default();
        let counter = Arc::clone(&packed);
        let reader = StreamReader::new(body.into_data_stream().map(move |piece| {
            let piece: Bytes = piece.map_err(io::Error::other)?;
            counter.fetch_add(piece.len() as u64, Ordering::Relaxed);
            io::Result::Ok(piece)
        }));
        let unpacker: Unpacker = match encoding {
            ContentEncoding::Gzip => {
                let mut decoder = GzipDecoder::new(reader);
                decoder.multiple_members(true);
                Box::pin(decoder)
            }
            ContentEncoding::Brotli => Box::pin(BrotliDecoder::new(reader)),
            ContentEncoding::Zstd => {
                let window = DParameter::window_log_max(ZSTD_WINDOW_LOG_MAX);
                let mut decoder = ZstdDecoder::with_params(reader, &[window]);
                decoder.multiple_members(true);
                Box::pin(decoder)
            }
        };
        Self { pieces: ReaderStream::with_capacity(unpacker, PIECE_BYTES), packed, given_out: 0 }
    }
}

impl Body for Unpacked {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let piece = ready!(Pin::new(&mut self.pieces).poll_next(context)).transpose()?;
        let Some(piece) = piece else { return Poll::Ready(None) };
        self.given_out += piece.len() as u64;
        let packed = self.packed.load(Ordering::Relaxed);
        if self.given_out > packed.saturating_mul(RATIO_MAX).max(FREE_BYTES) {
            return Poll::Ready(Some(Err(io::Error::other(ExpandsTooFar))));
        }
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }
}

#[cfg(test)]
mod tests {
    use async_compression::tokio::write::{BrotliEncoder, GzipEncoder, ZstdEncoder};
    use http::HeaderValue;
    use http_body_util::{Full, StreamBody};
    use tokio::io::{AsyncWrite, AsyncWriteExt as _};

    use super::*;

    const ALL: [ContentEncoding; 3] =
        [ContentEncoding::Gzip, ContentEncoding::Brotli, ContentEncoding::Zstd];

    async fn packed(encoding: ContentEncoding, text: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut encoder: Pin<Box<dyn AsyncWrite + '_>> = match encoding {
            ContentEncoding::Gzip => Box::pin(GzipEncoder::new(&mut out)),
            ContentEncoding::Brotli => Box::pin(BrotliEncoder::new(&mut out)),
            ContentEncoding::Zstd => Box::pin(ZstdEncoder::new(&mut out)),
        };
        encoder.write_all(text).await.unwrap();
        encoder.shutdown().await.unwrap();
        drop(encoder);
        out
    }

    async fn unpacked(encoding: ContentEncoding, bytes: Vec<u8>) -> io::Result<Bytes> {
        let body = Unpacked::new(encoding, Full::new(Bytes::from(bytes)));
        body.collect().await.map(http_body_util::Collected::to_bytes)
    }

    #[test]
    fn c5_one_known_encoding_is_taken_and_no_more() {
        let of = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(CONTENT_ENCODING, HeaderValue::from_static(value));
            }
            ContentEncoding::of(&headers)
        };
        assert_eq!(of(&[]), Ok(None));
        assert_eq!(of(&["identity"]), Ok(None));
        assert_eq!(of(&["GZIP"]), Ok(Some(ContentEncoding::Gzip)));
        assert_eq!(of(&["br"]), Ok(Some(ContentEncoding::Brotli)));
        for values in [&["gzip, gzip"][..], &["gzip", "br"], &["deflate"], &["identity, br"]] {
            assert_eq!(of(values), Err(UnknownEncoding), "{values:?}");
        }
    }

    #[tokio::test]
    async fn what_was_packed_comes_out_again() {
        let text = "The quick brown fox. ".repeat(2_000).into_bytes();
        for encoding in ALL {
            let packed = packed(encoding, &text).await;
            assert_eq!(unpacked(encoding, packed).await.unwrap(), text, "{encoding:?}");
        }
    }

    #[tokio::test]
    async fn c5_a_bomb_is_stopped_long_before_it_is_unpacked() {
        for encoding in ALL {
            let bomb = packed(encoding, &vec![0; 50 << 20]).await;
            let error = unpacked(encoding, bomb).await.unwrap_err();
            let cause = error
                .get_ref()
                .is_some_and(<dyn std::error::Error + Send + Sync>::is::<ExpandsTooFar>);
            assert!(cause, "{encoding:?}: {error}");
        }
    }

    #[tokio::test]
    async fn half_a_packed_body_is_an_error_and_no_shorter_body() {
        let text: Vec<u8> = (0..20_000_u32).flat_map(u32::to_le_bytes).collect();
        for encoding in ALL {
            let mut packed = packed(encoding, &text).await;
            packed.truncate(packed.len() / 2);
            assert!(unpacked(encoding, packed).await.is_err(), "{encoding:?}");
        }
    }

    #[tokio::test]
    async fn what_was_flushed_comes_out_at_once() {
        let mut encoder = GzipEncoder::new(Vec::new());
        encoder.write_all(b"data: 1\n\n").await.unwrap();
        encoder.flush().await.unwrap();
        let first = Frame::data(Bytes::copy_from_slice(encoder.get_ref()));
        let frames = futures_util::stream::once(std::future::ready(io::Result::Ok(first)));
        let frames = StreamBody::new(frames.chain(futures_util::stream::pending()));
        let mut body = Unpacked::new(ContentEncoding::Gzip, frames);
        let frame = body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!(frame.as_ref(), b"data: 1\n\n");
    }
}
