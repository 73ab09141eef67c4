//! The log: to standard error, never with bodies or secrets.

use tracing_subscriber::EnvFilter;

use crate::config::LogFormat;

/// Begins to log. A filter that cannot be read is replaced by `info`.
pub(crate) fn start(level: &str, format: LogFormat) {
    let filter = EnvFilter::try_new(level).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => builder.init(),
        LogFormat::Json => builder.json().init(),
    }
}
