//! A response body that is written by an async function, without a task or a channel between.
//!
//! hyper asks the body for its next frame only when the client's connection can take one, and that
//! alone moves the writer on: a slow client slows the upstream, and nothing piles up. When the
//! client leaves, hyper drops the body and with it the writer, at the place where it waits.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame};

/// The place for one frame between the writer and the connection.
type Slot = Arc<Mutex<Option<Bytes>>>;

/// The stream must not look complete to the client: its connection is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the answer was cut short")]
pub struct CutShort;

/// Where the writer puts its frames.
#[derive(Debug)]
pub(crate) struct FrameSink(Slot);

impl FrameSink {
    /// Hands a frame over and waits until the connection has taken it.
    pub(crate) async fn send(&mut self, frame: Bytes) {
        *lock(&self.0) = Some(frame);
        // Nobody needs to wake this: taking the frame is followed by the next poll.
        poll_fn(|_| if lock(&self.0).is_none() { Poll::Ready(()) } else { Poll::Pending }).await;
    }
}

fn lock(slot: &Slot) -> std::sync::MutexGuard<'_, Option<Bytes>> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

type Writer = Pin<Box<dyn Future<Output = Result<(), CutShort>> + Send>>;

/// A body whose frames an async function writes.
pub struct WrittenBody {
    slot: Slot,
    writer: Option<Writer>,
}

impl std::fmt::Debug for WrittenBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WrittenBody").field("ended", &self.writer.is_none()).finish_non_exhaustive()
    }
}

impl WrittenBody {
    /// A body that `write` fills. Nothing runs until the first poll.
    pub(crate) fn new<F>(write: impl FnOnce(FrameSink) -> F) -> Self
    where
        F: Future<Output = Result<(), CutShort>> + Send + 'static,
    {
        let slot = Slot::default();
        let writer = write(FrameSink(Arc::clone(&slot)));
        Self { slot, writer: Some(Box::pin(writer)) }
    }
}

impl Body for WrittenBody {
    type Data = Bytes;
    type Error = CutShort;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, CutShort>>> {
        let Some(writer) = &mut self.writer else { return Poll::Ready(None) };
        let progress = writer.as_mut().poll(context);
        // The last frame may have been put down in the same poll that ended the writer.
        let frame = lock(&self.slot).take();
        match (frame, progress) {
            (Some(frame), _) => Poll::Ready(Some(Ok(Frame::data(frame)))),
            (None, Poll::Pending) => Poll::Pending,
            (None, Poll::Ready(outcome)) => {
                self.writer = None;
                Poll::Ready(outcome.err().map(Err))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    #[tokio::test]
    async fn frames_arrive_one_by_one_in_order() {
        let mut body = WrittenBody::new(|mut sink| async move {
            for frame in ["a", "b", "c"] {
                sink.send(Bytes::from_static(frame.as_bytes())).await;
            }
            Ok(())
        });
        let mut seen = String::new();
        while let Some(frame) = body.frame().await {
            seen.push_str(std::str::from_utf8(&frame.unwrap().into_data().unwrap()).unwrap());
        }
        assert_eq!(seen, "abc");
    }

    #[tokio::test]
    async fn a_cut_answer_ends_in_an_error_and_not_politely() {
        let mut body = WrittenBody::new(|mut sink| async move {
            sink.send(Bytes::from_static(b"half")).await;
            Err(CutShort)
        });
        assert!(body.frame().await.unwrap().is_ok());
        assert_eq!(body.frame().await.unwrap().unwrap_err(), CutShort);
        assert!(body.frame().await.is_none());
    }

    #[tokio::test]
    async fn dropping_the_body_drops_the_writer_where_it_waits() {
        let guard = Arc::new(());
        let held = Arc::clone(&guard);
        let mut body = WrittenBody::new(|mut sink| async move {
            sink.send(Bytes::from_static(b"one")).await;
            std::future::pending::<()>().await;
            drop(held);
            Ok(())
        });
        assert!(body.frame().await.unwrap().is_ok());
        assert_eq!(Arc::strong_count(&guard), 2);
        drop(body);
        assert_eq!(Arc::strong_count(&guard), 1);
    }
}
