//! Models, prices and channels: one immutable picture, swapped whole when it changes.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use anc_domain::{ChannelId, ModelName, Provider, Secret};
use anc_ledger::ModelPrice;
use anc_store::{ChannelRecord, Store, StoreError};
use anc_upstream::Endpoint;
use anc_wire::Protocol;

/// A channel that can be dialled.
#[derive(Debug)]
pub(crate) struct Channel {
    pub(crate) id: ChannelId,
    pub(crate) provider: Provider,
    /// `None` for the provider inside the binary.
    pub(crate) endpoint: Option<Endpoint>,
    pub(crate) key: Option<Secret>,
}

impl Channel {
    /// Whether the channel's provider has the protocol natively.
    pub(crate) fn speaks(&self, protocol: Protocol) -> bool {
        match self.provider {
            Provider::OpenAi => protocol == Protocol::OpenAiChat,
            Provider::Anthropic => protocol == Protocol::AnthropicMessages,
            Provider::Simulated => true,
        }
    }
}

/// What is known of a model.
#[derive(Debug, Clone)]
pub(crate) struct Model {
    pub(crate) price: Option<ModelPrice>,
    pub(crate) context: Option<u64>,
    pub(crate) max_output: Option<u64>,
    pub(crate) provider: String,
    /// The enabled channels that have it.
    pub(crate) channels: Vec<Arc<Channel>>,
}

/// The picture of one moment.
#[derive(Debug, Default)]
pub(crate) struct Catalog {
    models: BTreeMap<ModelName, Model>,
}

impl Catalog {
    /// Reads the picture anew.
    pub(crate) async fn load(store: &Store) -> Result<Self, StoreError> {
        let mut models: BTreeMap<ModelName, Model> = BTreeMap::new();
        let mut by_provider: HashMap<String, Vec<ModelName>> = HashMap::new();
        for record in store.prices().list().await? {
            by_provider.entry(record.provider.clone()).or_default().push(record.model.clone());
            let model = Model {
                price: Some(record.price),
                context: record.context,
                max_output: record.max_output,
                provider: record.provider,
                channels: Vec::new(),
            };
            models.insert(record.model, model);
        }
        for record in store.channels().list().await?.into_iter().filter(|one| one.enabled) {
            let Some(channel) = dialable(&record) else { continue };
            // A channel without a list serves all that the price book has of its provider.
            let all = || by_provider.get(&record.provider).cloned().unwrap_or_default();
            let served = if record.models.is_empty() { all() } else { record.models.clone() };
            for name in served {
                let model = models.entry(name).or_insert_with(|| Model {
                    price: None,
                    context: None,
                    max_output: None,
                    provider: record.provider.clone(),
                    channels: Vec::new(),
                });
                model.channels.push(Arc::clone(&channel));
            }
        }
        Ok(Self { models })
    }

    /// A model that some channel serves.
    pub(crate) fn served(&self, name: &ModelName) -> Option<&Model> {
        self.models.get(name).filter(|model| !model.channels.is_empty())
    }

    /// Every model that some channel serves and that has a price, by name.
    pub(crate) fn usable(&self) -> impl Iterator<Item = (&ModelName, &Model)> {
        self.models.iter().filter(|(_, model)| !model.channels.is_empty() && model.price.is_some())
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
    Some(Arc::new(Channel { id: record.id, provider, endpoint, key: record.key.clone() }))
}
