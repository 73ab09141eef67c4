//! What a request asks for beside its model, and what has a price of its own.

/// The options of a request that can change its price, as far as it names them with another value
/// than the provider's usual one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PricedOptions {
    /// Its provider's tier of service.
    pub service_tier: Option<Box<str>>,
    /// How fast it is to be served.
    pub speed: Option<Box<str>>,
    /// Where it is to be served.
    pub inference_geo: Option<Box<str>>,
}
