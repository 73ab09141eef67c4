//! Phases 2 and 4: who calls, and whether it may have what it asks for.

use std::sync::Arc;

use anc_domain::{
    ClientAddress, Clock, ModelName, RelayError, RelayErrorCode as Code, Secret, TokenText,
};
use anc_ledger::PriceSnapshot;
use anc_store::Store;

use crate::catalog::{Catalog, Channel};
use crate::directory::{Caller, Directory};
use crate::error;

/// Phase 2: the presented secret → the caller. A token that works in principle; its money is asked
/// when it is held.
pub(crate) async fn authenticate(
    directory: &Directory,
    store: &Store,
    clock: &dyn Clock,
    credential: Option<&Secret>,
) -> Result<Caller, RelayError> {
    let presented = credential.ok_or_else(error::invalid_api_key)?;
    TokenText::classify(presented.expose()).map_err(|_| error::invalid_api_key())?;
    let found = directory
        .find(store, presented.hash())
        .await
        .map_err(|failure| error::store_down(&failure))?
        .ok_or_else(error::invalid_api_key)?;
    if found.deleted {
        return Err(error::invalid_api_key());
    }
    if !found.enabled {
        return Err(error::token_disabled());
    }
    if found.expires_at.is_some_and(|end| end <= clock.now()) {
        return Err(error::token_expired());
    }
    if found.account_suspended {
        return Err(error::account_suspended());
    }
    Ok(Caller(found))
}

/// The token's IP restriction. The message names the address seen, never the list.
pub(crate) fn check_address(caller: &Caller, client: ClientAddress) -> Result<(), RelayError> {
    if caller.0.ip_rules.allow_client(client) {
        return Ok(());
    }
    Err(RelayError::new(
        Code::IpNotAllowed,
        format!(
            "This API token may not be used from {}. Its IP restriction can be changed on the \
             Tokens page of the console.",
            client.address
        ),
    ))
}

/// A caller who may use a model at a price. Only [`authorize`] makes one.
#[derive(Debug)]
pub(crate) struct Admitted {
    pub(crate) caller: Caller,
    pub(crate) model: ModelName,
    pub(crate) price: PriceSnapshot,
    pub(crate) max_output: Option<u64>,
    pub(crate) channels: Vec<Arc<Channel>>,
}

/// Phase 4: caller × model × address → admitted.
pub(crate) fn authorize(
    caller: Caller,
    model: ModelName,
    client: ClientAddress,
    catalog: &Catalog,
) -> Result<Admitted, RelayError> {
    check_address(&caller, client)?;
    if !caller.0.models.allow(&model) {
        return Err(RelayError::new(
            Code::ModelNotAllowed,
            format!(
                "This API token may not use the model {model}. Its model restriction can be \
                 changed on the Tokens page of the console."
            ),
        ));
    }
    let served = catalog.served(&model).ok_or_else(|| error::model_not_found(model.as_str()))?;
    let price = served.price.ok_or_else(|| error::model_unpriced(&model))?;
    Ok(Admitted {
        price: price.snapshot(caller.0.multiplier),
        max_output: served.max_output,
        channels: served.channels.clone(),
        caller,
        model,
    })
}
