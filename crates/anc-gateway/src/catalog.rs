//! Models, prices and channels: one immutable picture, swapped whole when it changes.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use anc_domain::{ChannelId, Dialect, ModelName, PpmMultiplier, Provider, Secret, UnixMillis};
use anc_ledger::ModelPrice;
use anc_store::{CUSTOM_PROVIDER, ChannelRecord, ChannelRouting, PriceVersion, Store, StoreError};
use anc_upstream::Endpoint;
use anc_wire::{Family, Protocol};

/// A channel that can be dialled.
#[derive(Debug)]
pub(crate) struct Channel {
    pub(crate) id: ChannelId,
    pub(crate) provider: Provider,
    /// `None` for the provider inside the binary.
    pub(crate) endpoint: Option<Endpoint>,
    /// None where the provider needs none.
    pub(crate) keys: Vec<Secret>,
    /// By what each of the keys is known where it must not be told.
    pub(crate) key_digests: Vec<u64>,
    pub(crate) routing: ChannelRouting,
    /// The factor on the price book at which its provider bills the operator.
    pub(crate) cost_multiplier: PpmMultiplier,
}

impl Channel {
    /// The name by which its provider knows a model, where that is another one.
    pub(crate) fn upstream_name(&self, model: &ModelName) -> Option<ModelName> {
        self.routing.model_map.get(model.as_str())?.parse().ok()
    }

    /// The key of a digest, if the channel still has it.
    pub(crate) fn key_of(&self, digest: u64) -> Option<usize> {
        self.key_digests.iter().position(|one| *one == digest)
    }

    /// Whether the channel's provider has the protocol natively.
    pub(crate) fn speaks(&self, protocol: Protocol) -> bool {
        match self.provider.dialect() {
            Dialect::OpenAi => protocol.family() == Family::OpenAi,
            Dialect::Anthropic => protocol.family() == Family::Anthropic,
            Dialect::Gemini => protocol.family() == Family::Gemini,
            Dialect::Every => true,
        }
    }
}

/// A price and since when it holds.
#[derive(Debug, Clone)]
pub(crate) struct DatedPrice {
    from: UnixMillis,
    pub(crate) version: i64,
    pub(crate) price: ModelPrice,
}

/// What is known of a model.
#[derive(Debug, Clone)]
pub(crate) struct Model {
    /// The price that holds, and those whose time has not come, in the order of their times.
    prices: Vec<DatedPrice>,
    pub(crate) context: Option<u64>,
    pub(crate) max_output: Option<u64>,
    pub(crate) provider: String,
    /// The enabled channels that have it.
    pub(crate) channels: Vec<Arc<Channel>>,
}

impl Model {
    fn unpriced(provider: String) -> Self {
        Self { prices: Vec::new(), context: None, max_output: None, provider, channels: Vec::new() }
    }

    /// What it costs at a time.
    pub(crate) fn price_at(&self, now: UnixMillis) -> Option<&DatedPrice> {
        self.prices.iter().rev().find(|one| one.from <= now)
    }
}

/// The picture of one moment.
#[derive(Debug, Default)]
pub(crate) struct Catalog {
    models: BTreeMap<ModelName, Model>,
    groups: HashMap<String, PpmMultiplier>,
}

impl Catalog {
    /// Reads the picture anew.
    pub(crate) async fn load(store: &Store) -> Result<Self, StoreError> {
        let mut models: BTreeMap<ModelName, Model> = BTreeMap::new();
        let mut by_provider: HashMap<String, Vec<ModelName>> = HashMap::new();
        for record in store.prices().list().await? {
            by_provider.entry(record.provider.clone()).or_default().push(record.model.clone());
            let dated = DatedPrice {
                from: record.valid_from,
                version: record.version,
                price: record.price,
            };
            let model = Model {
                prices: vec![dated],
                context: record.context,
                max_output: record.max_output,
                provider: record.provider,
                channels: Vec::new(),
            };
            models.insert(record.model, model);
        }
        for one in store.prices().upcoming().await? {
            let model = models
                .entry(one.model)
                .or_insert_with(|| Model::unpriced(CUSTOM_PROVIDER.to_owned()));
            let PriceVersion { valid_from: from, version, price, .. } = one;
            model.prices.push(DatedPrice { from, version, price });
        }
        for record in store.channels().list().await?.into_iter().filter(|one| one.enabled) {
            let Some(channel) = dialable(&record) else { continue };
            // A channel without a list serves all that the price book has of its provider.
            let all = || by_provider.get(&record.provider).cloned().unwrap_or_default();
            let mut served = if record.models.is_empty() { all() } else { record.models.clone() };
            // A mapped name is served, listed or not.
            let mapped = record.routing.model_map.keys().filter_map(|name| name.parse().ok());
            served.extend(mapped.filter(|name| !served.contains(name)).collect::<Vec<_>>());
            for name in served {
                let model =
                    models.entry(name).or_insert_with(|| Model::unpriced(record.provider.clone()));
                model.channels.push(Arc::clone(&channel));
            }
        }
        let groups = store.groups().list().await?;
        let groups = groups.into_iter().map(|one| (one.name, one.multiplier)).collect();
        Ok(Self { models, groups })
    }

    /// The factor of a group on every price; one for a group that is gone.
    pub(crate) fn group_multiplier(&self, group: &str) -> PpmMultiplier {
        self.groups.get(group).copied().unwrap_or(PpmMultiplier::ONE)
    }

    /// A model that some channel serves.
    pub(crate) fn served(&self, name: &ModelName) -> Option<&Model> {
        self.models.get(name).filter(|model| !model.channels.is_empty())
    }

    /// The price of a model at a time, served or not.
    pub(crate) fn price(&self, name: &ModelName, now: UnixMillis) -> Option<&DatedPrice> {
        self.models.get(name)?.price_at(now)
    }

    /// Every model that some channel serves and that has a price at a time, by name.
    pub(crate) fn usable(&self, now: UnixMillis) -> impl Iterator<Item = (&ModelName, &Model)> {
        let usable =
            move |model: &Model| !model.channels.is_empty() && model.price_at(now).is_some();
        self.models.iter().filter(move |(_, model)| usable(model))
    }
}

/// The channel for the data plane; `None` where its record cannot be used, which is the operator's
/// to mend and stops no other channel.
fn dialable(record: &ChannelRecord) -> Option<Arc<Channel>> {
    let provider = Provider::from_name(&record.provider)?;
    let endpoint = match &record.base_url {
        Some(url) => match Endpoint::new(url, record.allow_private) {
            Ok(endpoint) => Some(endpoint),
            Err(error) => {
                tracing::warn!(channel = %record.id, %error, "a channel's base URL cannot be used");
                return None;
            }
        },
        None => provider
            .default_base_url()
            .and_then(|url| Endpoint::new(url, record.allow_private).ok()),
    };
    if endpoint.is_none() && provider != Provider::Simulated {
        return None;
    }
    let lines = record.key.iter().flat_map(|key| key.expose().lines());
    let keys: Vec<Secret> = lines.filter(|line| !line.is_empty()).map(Secret::new).collect();
    let key_digests = keys.iter().map(digest).collect();
    let routing = record.routing.clone();
    let (id, cost_multiplier) = (record.id, record.cost_multiplier);
    Some(Arc::new(Channel { id, provider, endpoint, keys, key_digests, routing, cost_multiplier }))
}

/// The beginning of a key's hash.
fn digest(key: &Secret) -> u64 {
    key.hash().as_bytes().iter().take(8).fold(0, |digest, byte| (digest << 8) | u64::from(*byte))
}
