//! The log: to standard error, never with bodies or secrets.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

use crate::config::LogFormat;

/// Begins to log. A filter that cannot be read is replaced by `info`.
pub(crate) fn start(level: &str, format: LogFormat) {
    let filter = EnvFilter::try_new(level).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(quiet(filter))
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        // A line that cannot be written, as on a full disk, is lost: telling so on the same standard
        // error would fail as well, and take the request with it.
        .log_internal_errors(false);
    match format {
        LogFormat::Text => builder.init(),
        LogFormat::Json => builder.json().init(),
    }
}

/// The embedded console's server tells of every file that it has; nobody asked.
fn quiet(filter: EnvFilter) -> EnvFilter {
    match "memory_serve=warn".parse() {
        Ok(directive) => filter.add_directive(directive),
        Err(_) => filter,
    }
}
