//! Figures for Prometheus, on a listener of their own: they are the operator's and nobody else's.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use http::header::CONTENT_TYPE;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

/// How often what was recorded is folded together.
const UPKEEP: Duration = Duration::from_secs(5);

/// Bounds of the histograms of seconds: from a relayed frame to a long answer.
const SECONDS: [f64; 14] =
    [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1_800.0];

/// Begins to record, and serves what was recorded at `/metrics` of `address`. An address that is
/// taken is said aloud and stops nothing else.
pub(crate) async fn start(address: SocketAddr) -> Result<(), BuildError> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
        .install_recorder()?;
    describe();
    let upkeep = handle.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(UPKEEP).await;
            upkeep.run_upkeep();
        }
    });
    match tokio::net::TcpListener::bind(address).await {
        Ok(listener) => {
            if let Ok(bound) = listener.local_addr() {
                tracing::info!(address = %bound, "metrics are served");
            }
            tokio::spawn(async move {
                if let Err(error) = axum::serve(listener, router(handle)).await {
                    tracing::error!(%error, "the metrics' listener failed");
                }
            });
        }
        Err(error) => {
            tracing::warn!(%address, %error, "metrics cannot be served; set metrics_listen");
        }
    }
    Ok(())
}

fn router(handle: PrometheusHandle) -> Router {
    let render = move || {
        let text = handle.render();
        async move { ([(CONTENT_TYPE, "text/plain; version=0.0.4")], text) }
    };
    Router::new().route("/metrics", get(render))
}

/// What each figure means, for the one who reads them.
fn describe() {
    use metrics::{describe_counter, describe_gauge, describe_histogram};

    describe_counter!("anc_requests_total", "requests by protocol and outcome: ok, or the code");
    describe_counter!("anc_settled_total", "requests that had a hold, by how they ended");
    describe_counter!("anc_units_total", "units that were charged, by direction");
    describe_counter!("anc_charged_nano_usd_total", "what was charged, in nano-dollars");
    describe_counter!("anc_attempts_total", "channels that were tried, by outcome");
    describe_counter!("anc_suspect_usage_total", "reports of providers that cannot be");
    describe_counter!("anc_limit_hits_total", "limits of the configuration that stopped something");
    describe_gauge!("anc_requests_running", "requests that run");
    describe_gauge!("anc_connections", "connections that are open");
    describe_gauge!("anc_feed_stale", "1 while the change feed cannot be read");
    describe_histogram!("anc_first_content_seconds", "time to the first content of an answer");
    describe_histogram!("anc_request_seconds", "time to the end of an answer");
    describe_histogram!("anc_ledger_commit_seconds", "time of one of the ledger's transactions");
    describe_histogram!("anc_ledger_batch", "operations of one of the ledger's transactions");
    describe_gauge!("anc_ledger_kept", "ends of holds that could not be written yet");
}
