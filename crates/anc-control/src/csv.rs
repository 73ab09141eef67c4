//! Tables that spreadsheets read, RFC 4180.

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};

use crate::error::ApiError;

/// Rows of one table: as many as a spreadsheet takes.
pub(crate) const ROWS_MAX: usize = 1_000_000;

/// What comes row by row from short reads of the store.
pub(crate) trait Pages: Send + 'static {
    /// The next rows, each with its line's end; `None` behind the last.
    fn page(&mut self) -> impl Future<Output = Result<Option<String>, ApiError>> + Send;
}

/// Sends `head` and all pages as a file of that name, each page when it was read.
pub(crate) async fn send(
    file: &str,
    head: &str,
    mut pages: impl Pages,
) -> Result<Response, ApiError> {
    // What fails at once is told as an error; what fails later can only break the table off.
    let first = format!("{head}{}", pages.page().await?.unwrap_or_default());
    let rest = stream::try_unfold(pages, async |mut pages| {
        let page = pages.page().await.map_err(|error| error.message)?;
        Ok::<_, String>(page.map(|page| (Bytes::from(page), pages)))
    });
    let first = stream::once(async { Ok::<_, String>(Bytes::from(first)) });
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{file}\"")),
    ];
    Ok((headers, Body::from_stream(first.chain(rest))).into_response())
}

/// A cell. What a spreadsheet would take for a formula is told from one by an apostrophe.
pub(crate) fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let safe = if formula { format!("'{text}") } else { text.to_owned() };
    if safe.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", safe.replace('"', "\"\""))
    } else {
        safe
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_no_cell_breaks_its_row() {
        assert_eq!(cell("plain"), "plain");
        assert_eq!(cell("=1+1"), "'=1+1");
        assert_eq!(cell("@x, \"y\"\n"), "\"'@x, \"\"y\"\"\n\"");
    }
}
