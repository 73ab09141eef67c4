//! Bodies compressed as HTTP knows it.

use async_compression::tokio::write::{BrotliEncoder, GzipEncoder, ZstdEncoder};
use tokio::io::AsyncWriteExt as _;

/// `bytes` as a body with that `content-encoding`.
pub async fn packed(encoding: &str, bytes: &[u8]) -> Vec<u8> {
    macro_rules! packed {
        ($encoder:ident) => {{
            let mut encoder = $encoder::new(Vec::new());
            encoder.write_all(bytes).await.expect("memory takes it");
            encoder.shutdown().await.expect("memory takes it");
            encoder.into_inner()
        }};
    }
    match encoding {
        "gzip" => packed!(GzipEncoder),
        "br" => packed!(BrotliEncoder),
        "zstd" => packed!(ZstdEncoder),
        other => panic!("no encoding is called {other}"),
    }
}
