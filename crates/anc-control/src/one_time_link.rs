//! Links with a code that works once. The code stands behind the `#`, which browsers send to nobody,
//! and the database has its hash alone.

use std::time::Duration;

use anc_domain::{Entropy, Secret};
use url::Url;

use crate::session::hex;

/// 128 bits, as hexadecimal.
const CODE_BYTES: usize = 16;

/// How long a link to register works: mail may wait for a morning.
pub(crate) const REGISTER: Duration = Duration::from_hours(24);
/// How long a link to set a new password works.
pub(crate) const RESET: Duration = Duration::from_mins(15);
/// How long a link to set a new password works that an operator hands over: it may wait for the next
/// time that they meet.
pub(crate) const HANDED_OVER: Duration = Duration::from_hours(24);

/// A new code.
pub(crate) fn new_code(entropy: &dyn Entropy) -> Secret {
    let mut bytes = [0; CODE_BYTES];
    entropy.fill(&mut bytes);
    Secret::new(hex(&bytes))
}

/// The link for whoever is to hand it on; where no `public_url` is set, its path alone.
pub(crate) fn shown(public_url: Option<&Url>, path: &str, behind: &str) -> String {
    match public_url {
        Some(url) => link(url, path, behind).expose().to_owned(),
        None => format!("{path}#{behind}"),
    }
}

/// The console's page of that path with something behind the `#`.
pub(crate) fn link(public_url: &Url, path: &str, behind: &str) -> Secret {
    let base = public_url.as_str().trim_end_matches('/');
    Secret::new(format!("{base}{path}#{behind}"))
}
