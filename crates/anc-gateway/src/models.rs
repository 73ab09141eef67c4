//! `GET /v1/models`: the models that the token may use, in one shape for both vendors' clients.

use anc_domain::RelayError;
use anc_wire::ModelListing;
use http::Response;
use http::header::{CONTENT_TYPE, HeaderValue};

use crate::ingress::Call;
use crate::{Gateway, GatewayBody, admission};

/// Lists the models that are served, priced and allowed for the token, by name.
pub(crate) async fn list_models(
    gateway: &Gateway,
    call: &Call,
) -> Result<Response<GatewayBody>, RelayError> {
    let caller = gateway.authenticate(call).await?;
    admission::check_address(&caller, call.client)?;
    let catalog = gateway.catalog.load();
    let listings: Vec<ModelListing<'_>> = catalog
        .usable()
        .filter(|(name, _)| caller.0.models.allow(name))
        .map(|(name, model)| ModelListing {
            id: name.as_str(),
            owned_by: &model.provider,
            context: model.context,
            max_output: model.max_output,
        })
        .collect();
    let mut response = Response::new(GatewayBody::full(anc_wire::models_body(&listings)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    anc_wire::add_request_id(headers, call.protocol, call.request_id);
    Ok(response)
}
