//! A connection to which a test writes bytes as it likes, in HTTP or not.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// How long anything may take to come.
const PATIENCE: Duration = Duration::from_secs(10);

/// A connection.
#[derive(Debug)]
pub struct RawConnection {
    stream: TcpStream,
}

impl RawConnection {
    /// Connects to the server at `base_url`.
    pub async fn open(base_url: &str) -> Self {
        let address = base_url.trim_start_matches("http://").trim_end_matches('/');
        let stream = TcpStream::connect(address).await.expect("the server accepts");
        stream.set_nodelay(true).expect("a socket");
        Self { stream }
    }

    /// Writes; false where the other end has closed.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).await.is_ok()
    }

    /// What is there next, at most `bytes` of it; empty where the other end has closed.
    pub async fn some(&mut self, bytes: usize) -> Vec<u8> {
        let mut buffer = vec![0; bytes];
        let read = tokio::time::timeout(PATIENCE, self.stream.read(&mut buffer));
        let count = read.await.expect("something comes").unwrap_or(0);
        buffer.truncate(count);
        buffer
    }

    /// All that comes until the other end closes, which it must.
    pub async fn rest(&mut self) -> String {
        let mut seen = Vec::new();
        loop {
            let piece = self.some(64 << 10).await;
            if piece.is_empty() {
                return String::from_utf8_lossy(&seen).into_owned();
            }
            seen.extend(piece);
        }
    }

    /// What comes until `end` was seen, which must come.
    pub async fn until(&mut self, end: &str) -> String {
        let mut seen = String::new();
        while !seen.contains(end) {
            let piece = self.some(64 << 10).await;
            assert!(!piece.is_empty(), "closed before {end:?}: {seen}");
            seen.push_str(&String::from_utf8_lossy(&piece));
        }
        seen
    }

    /// Whether the other end has closed, or does within the time.
    pub async fn closes_within(&mut self, time: Duration) -> bool {
        let mut buffer = [0; 1_024];
        let closed =
            async { while !matches!(self.stream.read(&mut buffer).await, Ok(0) | Err(_)) {} };
        tokio::time::timeout(time, closed).await.is_ok()
    }
}
