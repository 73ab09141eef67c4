//! Which addresses are one network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use anc_domain::UnixMillis;

/// The network of an address: what its provider usually gives to one place, /24 of IPv4 and /48 of
/// IPv6.
pub(super) fn network_of(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            format!("{}/24", Ipv4Addr::new(a, b, c, 0))
        }
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            format!("{}/48", Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
        }
    }
}

/// Networks, each with an address in it, that appear since a moment for the first time, and how many
/// there were before.
pub(super) fn new_networks(
    addresses: &[(String, UnixMillis)],
    since: UnixMillis,
) -> (Vec<(String, IpAddr)>, usize) {
    let mut known = Vec::new();
    let mut new: Vec<(String, IpAddr)> = Vec::new();
    let parsed =
        addresses.iter().filter_map(|(text, first)| Some((text.parse::<IpAddr>().ok()?, *first)));
    for (address, first) in parsed {
        let network = network_of(address);
        if first < since {
            known.push(network);
        } else if new.iter().all(|(other, _)| *other != network) {
            new.push((network, address));
        }
    }
    known.sort_unstable();
    known.dedup();
    new.retain(|(network, _)| known.binary_search(network).is_err());
    (new, known.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_one_network_in_every_spelling() {
        let network = |text: &str| network_of(text.parse().unwrap());
        assert_eq!(network("203.0.113.7"), "203.0.113.0/24");
        assert_eq!(network("::ffff:203.0.113.9"), "203.0.113.0/24");
        assert_eq!(network("2001:db8:1:2::5"), "2001:db8:1::/48");
    }

    #[test]
    fn a_network_is_new_when_no_address_of_it_came_before() {
        let at = |millis| UnixMillis::from_millis(millis);
        let addresses = [
            ("203.0.113.7".to_owned(), at(10)),
            ("203.0.113.8".to_owned(), at(100)),
            ("198.51.100.1".to_owned(), at(100)),
            ("198.51.100.2".to_owned(), at(101)),
            ("nonsense".to_owned(), at(101)),
        ];
        let (new, known) = new_networks(&addresses, at(100));
        let names: Vec<&str> = new.iter().map(|(network, _)| network.as_str()).collect();
        assert_eq!((names, known), (vec!["198.51.100.0/24"], 1));
    }
}
