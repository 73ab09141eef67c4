//! The relay's own figures, as the operator scrapes them.

use anc_testkit::Client;
use http::Method;
use serde_json::Value;

/// Where a relay is to serve its figures.
pub(crate) struct Figures(String);

impl Figures {
    /// On a port that was free a moment ago.
    pub(crate) fn somewhere() -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self(format!("127.0.0.1:{port}"))
    }

    /// The setting that says so.
    pub(crate) fn setting(&self) -> (&'static str, &str) {
        ("ANC_METRICS_LISTEN", &self.0)
    }

    /// How often a limit has stopped something.
    pub(crate) async fn limit_hits(&self, limit: &str) -> u64 {
        self.value(&format!("anc_limit_hits_total{{limit=\"{limit}\"}} ")).await
    }

    /// A figure by the beginning of its line; 0 where it was never counted.
    pub(crate) async fn value(&self, line: &str) -> u64 {
        let client = Client::new(format!("http://{}", self.0));
        let scraped = client.call(Method::GET, "/metrics", "", &Value::Null).await;
        let text = String::from_utf8(scraped.body.to_vec()).unwrap();
        let found = text.lines().find_map(|one| one.strip_prefix(line));
        found.map_or(0, |value| value.trim().parse().unwrap())
    }
}
