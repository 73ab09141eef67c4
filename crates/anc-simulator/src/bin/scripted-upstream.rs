//! The scripted upstream as a program: a provider for tests in any language and for benchmarks.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, UNIX_EPOCH};

use anc_simulator::{LoadShape, Pace, ScriptedUpstream, Simulator, UpstreamOptions};
use clap::{Parser, ValueEnum};
use tokio::net::TcpListener;

/// Answers Chat Completions and Messages without a model; does as told by POST /__script
#[derive(Debug, Parser)]
#[command(name = "anc-scripted-upstream", version)]
struct Arguments {
    /// The address to listen on; with port 0 a free one is taken
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// How fast honest answers come
    #[arg(long, value_enum, default_value_t = PaceName::Instant)]
    pace: PaceName,
    /// Makes every stream one of so many frames of text
    #[arg(long)]
    frames: Option<u32>,
    /// The wait before each of those frames
    #[arg(long, default_value_t = 20, requires = "frames")]
    frame_interval_ms: u64,
    /// How many requests GET /__requests remembers; 0 for none
    #[arg(long, default_value_t = 1000)]
    records_max: usize,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum PaceName {
    Instant,
    Lifelike,
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let arguments = Arguments::parse();
    let mut simulator = Simulator::new(match arguments.pace {
        PaceName::Instant => Pace::Instant,
        PaceName::Lifelike => Pace::Lifelike,
    })
    .with_clock(unix_seconds);
    if let Some(frames) = arguments.frames {
        let interval = Duration::from_millis(arguments.frame_interval_ms);
        simulator = simulator.with_load(LoadShape { frames, interval });
    }
    let listener = TcpListener::bind(arguments.listen).await?;
    let options = UpstreamOptions { simulator, records_max: arguments.records_max };
    let mut upstream = ScriptedUpstream::start_on(listener, options)?;
    println!("listening on {}", upstream.base_url());
    tokio::select! {
        () = upstream.serve_for_ever() => Ok(()),
        interrupted = tokio::signal::ctrl_c() => interrupted,
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where this program reads the clock")]
fn unix_seconds() -> u64 {
    std::time::SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
