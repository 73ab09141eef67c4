//! How many connections there are, in all and from each address, and what those read that find no
//! place.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anc_domain::TrustedProxies;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use crate::config::ListenerLimits;

/// Connections that are told why they are closed, at the same time. Beyond them they are closed
/// without a word: under a flood the words would cost more than they help.
const TOLD_AT_ONCE: usize = 64;
/// For how long somebody who is turned away may take to read why.
const TELLING: Duration = Duration::from_secs(1);

/// Counts connections.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    taken: Arc<Mutex<Taken>>,
    limits: ListenerLimits,
    /// Many clients come through each of them, so that they have no limit of their own.
    proxies: Arc<TrustedProxies>,
    telling: Arc<Semaphore>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// Why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoPlace {
    /// The relay has as many connections as it may.
    InAll,
    /// This address has.
    ForAddress,
}

/// A connection's place. Dropping it frees it.
#[derive(Debug)]
pub(crate) struct Place {
    taken: Arc<Mutex<Taken>>,
    counted_for: Option<IpAddr>,
}

/// Whom a connection is counted for. One household or machine has a /64 of IPv6 addresses.
fn counted_for(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

fn lock(taken: &Mutex<Taken>) -> MutexGuard<'_, Taken> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Places {
    pub(crate) fn new(limits: ListenerLimits, proxies: Arc<TrustedProxies>) -> Self {
        let telling = Arc::new(Semaphore::new(TOLD_AT_ONCE));
        Self { taken: Arc::default(), limits, proxies, telling }
    }

    /// A place for a connection from `peer`.
    pub(crate) fn take(&self, peer: IpAddr) -> Result<Place, NoPlace> {
        let counted_for = (!self.proxies.trusts(peer.to_canonical())).then(|| counted_for(peer));
        let mut taken = lock(&self.taken);
        if taken.all >= self.limits.connections {
            return Err(NoPlace::InAll);
        }
        if let Some(address) = counted_for {
            let count = taken.by_address.entry(address).or_default();
            if *count >= self.limits.connections_per_address {
                return Err(NoPlace::ForAddress);
            }
            *count += 1;
        }
        taken.all += 1;
        metrics::gauge!("anc_connections").set(u32::try_from(taken.all).unwrap_or(u32::MAX));
        Ok(Place { taken: Arc::clone(&self.taken), counted_for })
    }

    /// Closes a connection, and says why where there is time for that.
    pub(crate) fn turn_away(&self, stream: TcpStream, why: NoPlace) {
        metrics::counter!("anc_limit_hits_total", "limit" => why.limit()).increment(1);
        let Ok(permit) = Arc::clone(&self.telling).try_acquire_owned() else { return };
        tracing::warn!(limit = why.limit(), "too many connections; one was closed");
        tokio::spawn(async move {
            tokio::time::timeout(TELLING, tell(stream, why.answer())).await.ok();
            drop(permit);
        });
    }
}

/// Writes an answer and reads what was asked: a socket that is closed with bytes unread takes the
/// answer back.
async fn tell(mut stream: TcpStream, answer: String) -> std::io::Result<()> {
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await?;
    let mut unread = [0; 1_024];
    while stream.read(&mut unread).await? > 0 {}
    Ok(())
}

impl NoPlace {
    const fn limit(self) -> &'static str {
        match self {
            Self::InAll => "connections",
            Self::ForAddress => "connections_per_address",
        }
    }

    /// What is said before anything was asked, and so in no protocol: an error that all clients
    /// show.
    fn answer(self) -> String {
        let (status, code, message) = match self {
            Self::InAll => (
                "503 Service Unavailable",
                "relay_unavailable",
                "The relay has as many connections as it may. Try again shortly.",
            ),
            Self::ForAddress => (
                "429 Too Many Requests",
                "rate_limit_exceeded",
                "This address has as many connections to the relay as it may. Close some.",
            ),
        };
        let error = serde_json::json!({
            "type": "error",
            "error": {"type": "rate_limit_error", "code": code, "message": message, "param": null},
        });
        let body = error.to_string();
        format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\nx-relay-error: {code}\r\n\
             retry-after: 5\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = lock(&self.taken);
        taken.all = taken.all.saturating_sub(1);
        let Some(address) = self.counted_for else { return };
        if let Some(count) = taken.by_address.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                taken.by_address.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(connections: usize, connections_per_address: usize) -> Places {
        let limits = ListenerLimits {
            connections,
            connections_per_address,
            head: Duration::from_secs(1),
            idle: Duration::from_secs(1),
            write_stall: Duration::from_secs(1),
        };
        let proxies = TrustedProxies::new(vec!["127.0.0.1".parse().unwrap()]);
        Places::new(limits, Arc::new(proxies))
    }

    #[test]
    fn c9_an_address_has_its_share_and_gets_it_back() {
        let places = places(10, 2);
        let take = |address: &str| places.take(address.parse().unwrap());
        let first = take("203.0.113.1").unwrap();
        let _second = take("::ffff:203.0.113.1").unwrap();
        assert_eq!(take("203.0.113.1").unwrap_err(), NoPlace::ForAddress);
        assert!(take("203.0.113.2").is_ok());
        drop(first);
        assert!(take("203.0.113.1").is_ok());
        let _held = [take("2001:db8::1").unwrap(), take("2001:db8::ffff:2").unwrap()];
        assert_eq!(take("2001:db8::3").unwrap_err(), NoPlace::ForAddress);
        assert!(take("2001:db8:0:1::3").is_ok());
    }

    #[test]
    fn c9_a_proxy_has_no_share_but_the_relay_has_its_bound() {
        let places = places(3, 1);
        let take = || places.take("127.0.0.1".parse().unwrap());
        let held: Vec<Place> = (0..3).map(|_| take().unwrap()).collect();
        assert_eq!(take().unwrap_err(), NoPlace::InAll);
        drop(held);
        assert!(take().is_ok());
    }
}
