//! Who is at the other end: the socket's peer, or what a trusted proxy says.

use std::net::IpAddr;

use crate::AddressRule;

/// Entries of a forwarding header that are looked at.
const ENTRIES_MAX: usize = 32;
/// Bytes of forwarding headers that are looked at.
const BYTES_MAX: usize = 2_048;

/// The address that a request is taken to come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress {
    /// The address, in its canonical form.
    pub address: IpAddr,
    /// False where a trusted proxy's header could not be read: the address is then the proxy's own
    /// and satisfies no IP restriction.
    pub certain: bool,
}

/// The proxies whose `X-Forwarded-For` is believed; by default none.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Vec<AddressRule>);

impl TrustedProxies {
    /// The proxies' addresses and ranges.
    pub const fn new(proxies: Vec<AddressRule>) -> Self {
        Self(proxies)
    }

    /// Whether an address, in its canonical form, is one of them.
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|rule| rule.covers(address))
    }

    /// The client's address: the peer itself unless it is a trusted proxy; then the first address
    /// from the right of `X-Forwarded-For` that is no trusted proxy. What stands left of it was
    /// written by the client and proves nothing.
    pub fn client<'h>(
        &self,
        peer: IpAddr,
        forwarded_for: impl Iterator<Item = &'h [u8]>,
    ) -> ClientAddress {
        let peer = peer.to_canonical();
        if !self.trusts(peer) {
            return ClientAddress { address: peer, certain: true };
        }
        let doubtful = ClientAddress { address: peer, certain: false };
        let headers: Vec<&[u8]> = forwarded_for.collect();
        if headers.iter().map(|value| value.len()).sum::<usize>() > BYTES_MAX {
            return doubtful;
        }
        let entries: Vec<&[u8]> =
            headers.iter().flat_map(|value| value.split(|byte| *byte == b',')).collect();
        if entries.len() > ENTRIES_MAX {
            return doubtful;
        }
        let mut nearest = peer;
        for entry in entries.iter().rev() {
            let Some(address) = parse_entry(entry) else { return doubtful };
            nearest = address;
            if !self.trusts(address) {
                break;
            }
        }
        ClientAddress { address: nearest, certain: true }
    }
}

/// An address alone, or as some proxies write it: `1.2.3.4:5678`, `[v6]`, `[v6]:5678`. Zone ids and
/// everything else are refused.
fn parse_entry(entry: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(entry).ok()?.trim_matches([' ', '\t']);
    let address: IpAddr = text
        .parse()
        .ok()
        .or_else(|| text.parse::<std::net::SocketAddr>().ok().map(|socket| socket.ip()))
        .or_else(|| text.strip_prefix('[')?.strip_suffix(']')?.parse().ok())?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(trusted: &[&str], peer: &str, headers: &[&str]) -> (String, bool) {
        let proxies =
            TrustedProxies::new(trusted.iter().map(|text| text.parse().unwrap()).collect());
        let seen =
            proxies.client(peer.parse().unwrap(), headers.iter().map(|header| header.as_bytes()));
        (seen.address.to_string(), seen.certain)
    }

    #[test]
    fn a1_a_forwarding_header_from_a_stranger_is_ignored() {
        let seen = client(&["127.0.0.1"], "203.0.113.9", &["10.0.0.1"]);
        assert_eq!(seen, ("203.0.113.9".to_owned(), true));
    }

    #[test]
    fn a1_the_first_untrusted_hop_from_the_right_is_the_client() {
        let seen = client(
            &["127.0.0.1", "10.0.0.0/8"],
            "127.0.0.1",
            &["1.1.1.1, 203.0.113.9", "10.1.2.3"],
        );
        assert_eq!(seen, ("203.0.113.9".to_owned(), true));
    }

    #[test]
    fn a2_a_header_that_cannot_be_read_is_doubtful() {
        let many = ["1.1.1.1"; 40].join(",");
        for header in ["junk", "fe80::1%eth0", "", many.as_str()] {
            assert!(!client(&["127.0.0.1"], "127.0.0.1", &[header]).1, "{header}");
        }
        // Junk left of the client was written by the client and is not even looked at.
        let seen = client(&["127.0.0.1"], "127.0.0.1", &["junk, 203.0.113.9"]);
        assert_eq!(seen, ("203.0.113.9".to_owned(), true));
    }

    #[test]
    fn a2_ports_and_brackets_are_understood() {
        for (header, address) in [
            ("203.0.113.9:4711", "203.0.113.9"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("::ffff:203.0.113.9", "203.0.113.9"),
        ] {
            let seen = client(&["127.0.0.1"], "127.0.0.1", &[header]);
            assert_eq!(seen, (address.to_owned(), true));
        }
    }

    #[test]
    fn without_a_header_the_proxy_itself_is_the_client() {
        assert_eq!(client(&["127.0.0.1"], "127.0.0.1", &[]), ("127.0.0.1".to_owned(), true));
    }
}
