//! A connection that can be told to break.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// What a request's handler says to the connection that it came by, and hears from it.
///
/// hyper gathers frames that are ready together into one write, and throws away what it has not
/// written yet when a body fails. A body that waits for [`Line::poll_flushed`] between its frames
/// gets one write for each and loses nothing before a cut.
#[derive(Debug, Default)]
pub(crate) struct Line {
    state: Mutex<LineState>,
}

#[derive(Debug, Default)]
struct LineState {
    unflushed: bool,
    waker: Option<Waker>,
    /// Bytes that may still be written; after them the connection is reset.
    bytes_left: Option<usize>,
    reset: bool,
}

impl Line {
    fn state(&self) -> MutexGuard<'_, LineState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something was handed over to be written.
    pub(crate) fn handed_over(&self) {
        self.state().unflushed = true;
    }

    /// Ready once everything that was handed over has been written to the socket.
    pub(crate) fn poll_flushed(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.state();
        if !state.unflushed {
            return Poll::Ready(());
        }
        state.waker = Some(context.waker().clone());
        Poll::Pending
    }

    /// The connection will end with a reset instead of a close.
    pub(crate) fn reset_at_end(&self) {
        self.state().reset = true;
    }

    /// The connection will be reset after so many bytes more, wherever that is.
    pub(crate) fn reset_after(&self, bytes: usize) {
        let mut state = self.state();
        state.bytes_left = Some(bytes);
        state.reset = true;
    }

    fn flushed(&self) {
        let waker = {
            let mut state = self.state();
            state.unflushed = false;
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// How many of `wanted` bytes may be written now, or an error where none may.
    fn grant(&self, wanted: usize) -> io::Result<usize> {
        match self.state().bytes_left {
            Some(0) if wanted > 0 => Err(io::ErrorKind::ConnectionReset.into()),
            Some(left) => Ok(left.min(wanted)),
            None => Ok(wanted),
        }
    }

    fn written(&self, bytes: usize) {
        if let Some(left) = &mut self.state().bytes_left {
            *left = left.saturating_sub(bytes);
        }
    }
}

/// A socket under such a line.
#[derive(Debug)]
pub(crate) struct BreakableStream {
    socket: TcpStream,
    line: Arc<Line>,
}

impl BreakableStream {
    pub(crate) const fn new(socket: TcpStream, line: Arc<Line>) -> Self {
        Self { socket, line }
    }
}

impl Drop for BreakableStream {
    fn drop(&mut self) {
        if self.line.state().reset {
            // Without this the peer would see an orderly close. A failure only means that it does.
            let _ = self.socket.set_zero_linger();
        }
    }
}

impl AsyncRead for BreakableStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(context, buffer)
    }
}

impl AsyncWrite for BreakableStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let granted = self.line.grant(bytes.len())?;
        let bytes = bytes.get(..granted).unwrap_or(bytes);
        let written = std::task::ready!(Pin::new(&mut self.socket).poll_write(context, bytes))?;
        self.line.written(written);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // hyper flushes only after it has written all that it had.
        self.line.flushed();
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}
