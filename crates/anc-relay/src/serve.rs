//! `anc-relay serve`: starts everything, says where it is, and stops it in order.

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anc_control::{Control, ControlSettings};
use anc_domain::Clock;
use anc_gateway::DataPlane;
use anc_upstream::Upstream;
use axum::Router;
use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::config::Config;
use crate::console;
use crate::data_dir::DataDir;
use crate::listener::Workers;
use crate::planes::Planes;
use crate::simulated::Simulated;
use crate::wiring::Base;
use crate::{health, metrics, retention};

/// How often a drain looks whether the last request has ended.
const DRAIN_POLL: Duration = Duration::from_millis(50);

/// How long requests that are ended may take to settle and to say so.
const END_WAIT: Duration = Duration::from_secs(5);

type ServeError = Box<dyn std::error::Error + Send + Sync>;

/// Runs the relay until it is told to stop.
pub(crate) async fn serve(config: Config, data: &Path) -> Result<(), ServeError> {
    // Each stream needs two file descriptors; the usual soft limit is far below what we allow.
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::warn!(%error, "the limit of open files could not be raised");
    }
    if let Some(address) = config.metrics_listen {
        metrics::start(address).await?;
    }
    let base = Base::open(data, &config).await?;
    let listener = TcpListener::bind(config.listen)
        .map_err(|error| format!("cannot listen on {}: {error}", config.listen))?;
    let address = listener.local_addr()?;
    let control = base.control(ControlSettings {
        public_url: config.public_url.clone(),
        insecure_http: config.insecure_http,
        sign_up: config.sign_up,
        version: env!("CARGO_PKG_VERSION"),
        payments: config.payments.clone(),
        redemption: config.redemption,
        alerts: config.alerts.clone(),
        price_list_bytes: config.price_list_bytes,
        identities: config.identities.clone(),
    });
    let data_plane = DataPlane::start(
        base.store.clone(),
        Arc::clone(&base.clock),
        Arc::clone(&base.entropy),
        config.limits.clone(),
        base.parked.clone(),
    )
    .await?;
    let health = health::routes(base.store.clone(), data_plane.clone());
    let public = control.router().merge(health);
    let workers = start_workers(&config, &data_plane, public, Arc::clone(&base.clock))?;
    serve_command_line(&base.data, control.local_router())?;

    tokio::spawn(retention::keep_to(config.retention, base.store.clone(), Arc::clone(&base.clock)));
    tokio::spawn(control.clone().look_after_payments());
    tokio::spawn(control.clone().look_after_alerts());
    announce(&config, address, &control).await?;
    accept_until_drained(&workers, listener, &data_plane, config.drain).await?;
    // Connections that rest between requests end here; what still runs is cut with the process
    // and closed by the next start as interrupted.
    tokio::task::spawn_blocking(move || workers.finish_within(DRAIN_POLL * 20)).await?;
    base.store.close().await;
    std::fs::remove_file(base.data.socket()).ok();
    Ok(())
}

/// While it drains the relay still answers: that it takes no new requests, and to those that look
/// whether it is ready, so that whoever sends requests sends them elsewhere.
async fn accept_until_drained(
    workers: &Workers,
    listener: TcpListener,
    data_plane: &DataPlane,
    limit: Duration,
) -> Result<(), ServeError> {
    let (stop, stopping) = watch::channel(false);
    let accepting = workers.accept(listener, stopping);
    tokio::pin!(accepting);
    tokio::select! {
        ended = &mut accepting => ended?,
        () = told_to_stop() => {
            tracing::info!("stopping: no new requests, running ones may finish");
            data_plane.drain();
            tokio::select! {
                ended = &mut accepting => ended?,
                () = drain(data_plane, limit) => {}
            }
            stop.send_replace(true);
            accepting.await?;
        }
    }
    Ok(())
}

fn start_workers(
    config: &Config,
    data_plane: &DataPlane,
    public: Router,
    clock: Arc<dyn Clock>,
) -> Result<Workers, ServeError> {
    let public = public.fallback_service(console::routes(config.public_url.as_ref()));
    let (data_plane, timeouts) = (data_plane.clone(), config.timeouts);
    let trusted_proxies = Arc::new(config.trusted_proxies.clone());
    let (control_runtime, cors) = (Handle::current(), config.cors);
    let simulated = Arc::new(Simulated::new(clock));
    let proxies = Arc::clone(&trusted_proxies);
    let planes = move || Planes {
        gateway: data_plane.worker(Upstream::new(timeouts, simulated.clone())),
        control: public.clone(),
        control_runtime: control_runtime.clone(),
        trusted_proxies: Arc::clone(&trusted_proxies),
        cors,
    };
    Ok(Workers::start(config.workers, config.listener, proxies, planes)?)
}

/// The same API for the command line, with the owner's rights, behind the file system's.
fn serve_command_line(data: &DataDir, router: Router) -> Result<(), ServeError> {
    use std::os::unix::fs::PermissionsExt as _;

    let path = data.socket();
    // The directory's lock is ours, so a socket that is there is of a process that died.
    std::fs::remove_file(&path).ok();
    let listener = tokio::net::UnixListener::bind(&path)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "the command line's socket failed");
        }
    });
    Ok(())
}

/// Standard output is for people and scripts that wait for these lines.
async fn announce(
    config: &Config,
    address: SocketAddr,
    control: &Control,
) -> Result<(), ServeError> {
    let origin = match &config.public_url {
        Some(url) => url.as_str().trim_end_matches('/').to_owned(),
        None => format!("http://{address}"),
    };
    let second = match control.issue_setup_code().await? {
        Some(code) => format!(
            "set-up link {origin}/setup#code={}\n\
             Open the link to create the owner. It works once and changes at each start.",
            code.expose()
        ),
        None => format!("console {origin}/"),
    };
    let text = format!("listening on http://{address}\n{second}\n");
    // In one piece, and come what may: whoever reads may close the pipe after the line that it
    // waited for.
    std::io::stdout().write_all(text.as_bytes()).ok();
    Ok(())
}

async fn told_to_stop() {
    let signals = signal(SignalKind::terminate()).and_then(|terminate| {
        signal(SignalKind::interrupt()).map(|interrupt| (terminate, interrupt))
    });
    match signals {
        Ok((mut terminate, mut interrupt)) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        }
        Err(error) => {
            tracing::error!(%error, "signals cannot be received; stop the process by force");
            std::future::pending::<()>().await;
        }
    }
}

async fn emptied(data_plane: &DataPlane) {
    while data_plane.running() > 0 {
        tokio::time::sleep(DRAIN_POLL).await;
    }
}

async fn drain(data_plane: &DataPlane, limit: Duration) {
    if tokio::time::timeout(limit, emptied(data_plane)).await.is_err() {
        tracing::warn!(running = data_plane.running(), "ending the requests that still run");
        data_plane.end_all();
        tokio::time::timeout(END_WAIT, emptied(data_plane)).await.ok();
    }
}
