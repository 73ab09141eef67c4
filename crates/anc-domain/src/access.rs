//! From which addresses a token may be used.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

use crate::ClientAddress;

/// One address or range: `203.0.113.7`, `10.0.0.0/8`, `2001:db8::/32`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressRule(IpNet);

/// A text is not an address or range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressRuleError {
    /// Not an address, with or without a prefix length, in its full decimal or hexadecimal form.
    #[error("not an IP address or a range such as 10.0.0.0/8")]
    Malformed,
    /// Bits beyond the prefix are set, so that it is not clear what was meant.
    #[error("the range has bits set beyond its prefix; {suggestion} is probably meant")]
    HostBits {
        /// The range with those bits cleared.
        suggestion: String,
    },
}

impl FromStr for AddressRule {
    type Err = AddressRuleError;

    fn from_str(text: &str) -> Result<Self, AddressRuleError> {
        let net = match text.split_once('/') {
            // `IpNet` would read `/+8` and `/08`, which other programs read otherwise.
            Some((_, length))
                if length.len() > 1 && !matches!(length.as_bytes()[0], b'1'..=b'9') =>
            {
                return Err(AddressRuleError::Malformed);
            }
            Some(_) => text.parse::<IpNet>().map_err(|_| AddressRuleError::Malformed)?,
            None => IpNet::from(text.parse::<IpAddr>().map_err(|_| AddressRuleError::Malformed)?),
        };
        if net.trunc() != net {
            return Err(AddressRuleError::HostBits { suggestion: net.trunc().to_string() });
        }
        Ok(Self(net))
    }
}

impl fmt::Display for AddressRule {
    /// A single address without its prefix length, as people write it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.prefix_len() == self.0.max_prefix_len() {
            write!(f, "{}", self.0.addr())
        } else {
            write!(f, "{}", self.0)
        }
    }
}

/// The rules of one token. None at all allows every address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AddressRules(Vec<AddressRule>);

impl AddressRules {
    /// The rules as given.
    pub const fn new(rules: Vec<AddressRule>) -> Self {
        Self(rules)
    }

    /// Whether the token may be used from `address`. An IPv4 address that came over an IPv6 socket
    /// counts as IPv4, on both sides.
    pub fn allow(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.is_empty() || self.0.iter().any(|rule| rule.covers(address))
    }

    /// Whether the token may be used by a client. An address that is not certain satisfies no rule.
    pub fn allow_client(&self, client: ClientAddress) -> bool {
        self.0.is_empty() || (client.certain && self.allow(client.address))
    }

    /// The rules in order.
    pub fn iter(&self) -> impl Iterator<Item = &AddressRule> {
        self.0.iter()
    }
}

impl AddressRule {
    /// Whether the rule covers an address in its canonical form.
    pub fn covers(&self, address: IpAddr) -> bool {
        match (self.0, address) {
            (IpNet::V6(net), IpAddr::V4(v4)) if net.prefix_len() >= 96 => {
                net.contains(&v4.to_ipv6_mapped())
            }
            (net, address) => net.contains(&address),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(texts: &[&str]) -> AddressRules {
        AddressRules::new(texts.iter().map(|text| text.parse().unwrap()).collect())
    }

    #[test]
    fn a3_a_mapped_address_counts_as_ipv4() {
        assert!(rules(&["1.2.3.4"]).allow("::ffff:1.2.3.4".parse().unwrap()));
        assert!(rules(&["::ffff:1.2.3.4"]).allow("1.2.3.4".parse().unwrap()));
        assert!(!rules(&["::/0"]).allow("1.2.3.4".parse().unwrap()));
        assert!(rules(&["0.0.0.0/0", "::/0"]).allow("1.2.3.4".parse().unwrap()));
    }

    #[test]
    fn a4_a_doubtful_range_is_refused_at_save() {
        for text in [
            "10.0.0.0/33",
            "010.0.0.1",
            "10.1",
            "",
            " 10.0.0.1",
            "10.0.0.1\r\n",
            "10.0.0.0/+8",
            "10.0.0.0/08",
            "fe80::1%eth0",
        ] {
            assert_eq!(text.parse::<AddressRule>(), Err(AddressRuleError::Malformed), "{text:?}");
        }
        let error = "10.1.0.0/8".parse::<AddressRule>().unwrap_err();
        assert_eq!(error, AddressRuleError::HostBits { suggestion: "10.0.0.0/8".into() });
        assert!("1.2.3.4/0".parse::<AddressRule>().is_err());
    }

    #[test]
    fn no_rule_allows_every_address() {
        assert!(AddressRules::default().allow("203.0.113.9".parse().unwrap()));
        assert!(!rules(&["10.0.0.0/8"]).allow("203.0.113.9".parse().unwrap()));
        assert!(rules(&["10.0.0.0/8"]).allow("10.255.0.1".parse().unwrap()));
    }

    #[test]
    fn a_rule_prints_as_people_write_it() {
        assert_eq!("10.0.0.1/32".parse::<AddressRule>().unwrap().to_string(), "10.0.0.1");
        assert_eq!("2001:db8::/32".parse::<AddressRule>().unwrap().to_string(), "2001:db8::/32");
    }
}
