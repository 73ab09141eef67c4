//! Where a request has to go because of what it refers to, and where it best goes because of the
//! session that it belongs to.

use std::collections::BTreeSet;

use anc_domain::{RelayError, SecretHash, TokenCount};
use anc_routing::{Affinity, Choice};
use anc_wire::RequestFacts;

use crate::admission::Admitted;
use crate::ingress::Call;
use crate::upstream::KeyChoice;
use crate::{Gateway, error, stored};

/// What binds a request to channels and keys.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bond {
    affinity: Option<Affinity>,
    /// What decides among the keys of a channel.
    pub(crate) keys: KeyChoice,
    /// Units that the model reads beside the request's own: what it goes on from.
    pub(crate) reads_again: TokenCount,
}

impl Bond {
    /// What binds this request. One that goes on from a stored response, or refers to
    /// stored items, goes to the channel that has them and to no other: the channels of `admitted`
    /// are reduced to that one.
    pub(crate) async fn of(
        gateway: &Gateway,
        call: &Call,
        facts: &RequestFacts,
        admitted: &mut Admitted,
    ) -> Result<Self, RelayError> {
        let named = facts.previous_response.iter().chain(&facts.references);
        if named.clone().next().is_some() {
            return Self::to_what_is_stored(gateway, named, admitted).await;
        }
        let session =
            facts.session.as_deref().or_else(|| anc_wire::session_of_headers(&call.headers));
        // The account belongs to it: what two accounts call their sessions is nobody's concern.
        let affinity = session.map(|session| {
            let named = format!("{}:{session}", admitted.caller.account_id());
            let hash = SecretHash::of(&named);
            let number = hash.as_bytes().iter().take(8);
            Affinity::from_hash(number.fold(0, |sum, byte| (sum << 8) | u64::from(*byte)))
        });
        let keys = affinity.map_or(KeyChoice::Any, KeyChoice::Affinity);
        Ok(Self { affinity, keys, reads_again: 0 })
    }

    /// All that a request refers to must be its account's own, and lie where one channel has it.
    async fn to_what_is_stored(
        gateway: &Gateway,
        named: impl Iterator<Item = &String>,
        admitted: &mut Admitted,
    ) -> Result<Self, RelayError> {
        let ids: BTreeSet<&String> = named.collect();
        let (mut keys, mut reads_again) = (KeyChoice::Any, 0_u64);
        let ids: Vec<String> = ids.into_iter().cloned().collect();
        let found = stored::find_all(gateway, &admitted.caller, &ids).await?;
        for stored in &found {
            admitted.channels.retain(|channel| channel.id == stored.channel_id);
            if admitted.channels.is_empty() {
                return Err(error::stored_response_not_found(&stored.response_id));
            }
            keys = stored.key_digest.map_or(keys, KeyChoice::Only);
            reads_again = reads_again.saturating_add(stored.units);
        }
        Ok(Self { affinity: None, keys, reads_again })
    }

    /// How it is chosen among equal channels.
    pub(crate) fn choice<'d>(&self, dice: &'d mut dyn FnMut(u64) -> u64) -> Choice<'d> {
        self.affinity.map_or(Choice::Dice(dice), Choice::Affinity)
    }
}
