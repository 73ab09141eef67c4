//! Price lists of other programs: what would become of one, and that it does.

use std::collections::BTreeMap;

use anc_domain::NanoUsd;
use anc_store::{AuditNote, ImportPlan, ImportStep, PlannedPrice, PriceEntry};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use crate::audit;
use crate::error::{ApiError, ErrorBody};
use crate::price_diff::{Difference, differences};
use crate::price_list::{self, ListFault, PriceList, Whose};
use crate::principal::Principal;
use crate::state::ApiState;

/// Models that an audit note names; the rest is counted.
const NOTED_MODELS_MAX: usize = 200;

/// Which list, and what of it.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParams {
    /// Whose form the list has: `litellm`.
    #[param(inline)]
    format: ListFormat,
    /// Whose models to take, by the names of the list or of this relay, with commas between; `all`
    /// takes everybody's. Absent: those of the vendors that this relay knows.
    providers: Option<String>,
    /// Models to leave as they are, with commas between.
    except: Option<String>,
    /// What the preview said; needed to apply.
    digest: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ListFormat {
    /// `model_prices_and_context_window.json` of the `LiteLLM` project.
    Litellm,
}

/// What would become of a list, or became of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PriceImport {
    /// Stands for the list and for the prices that it was compared with.
    digest: String,
    added: usize,
    changed: usize,
    /// Models that keep the price that a person set.
    kept: usize,
    /// Models whose price is so already; they are not among the items.
    unchanged: usize,
    /// Prices that become more than ten times as much, or less than a tenth.
    jumps: usize,
    items: Vec<ImportItem>,
    skipped: Vec<SkippedEntry>,
    /// Entries of other kinds of models, by kind.
    other_kinds: BTreeMap<String, u64>,
    /// Entries of providers that were not asked for, by provider.
    other_providers: BTreeMap<String, u64>,
}

/// A model of the list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImportItem {
    model: String,
    provider: String,
    #[schema(inline)]
    step: ImportItemStep,
    /// Some of its prices jump.
    jump: bool,
    changes: Vec<PriceDifference>,
    /// Limits that change.
    limits: Vec<LimitDifference>,
    /// Keys of the list whose figures the price book has no place for, or takes in part.
    not_taken: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ImportItemStep {
    /// It had no price.
    Added,
    /// Its price or its limits change.
    Changed,
    /// A person set its price, which stays.
    Kept,
}

/// A price that changes: dollars per million units.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PriceDifference {
    /// What is priced, as in a price.
    meter: &'static str,
    /// Under which conditions, as in a price's rule; empty for the usual price.
    #[schema(value_type = Object)]
    condition: Value,
    /// Null: it had none of its own.
    #[schema(required, value_type = Option<String>)]
    before: Option<NanoUsd>,
    /// Null: it has none of its own any more.
    #[schema(required, value_type = Option<String>)]
    after: Option<NanoUsd>,
    /// What is paid becomes more than ten times as much, or less than a tenth.
    jump: bool,
}

/// A limit that changes, in units.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LimitDifference {
    /// `context` or `max_output`.
    limit: &'static str,
    #[schema(required)]
    before: Option<u64>,
    after: u64,
}

/// An entry that cannot be taken over.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SkippedEntry {
    name: String,
    /// `no_price`, `free`, `not_a_price`, `too_precise`, `tiers`, `name`, `twice`.
    reason: &'static str,
    /// The key of the list that is at fault.
    #[schema(required)]
    key: Option<String>,
}

/// Tells what a price list would change, and changes nothing. The body is the list itself.
#[utoipa::path(post, path = "/api/v1/price-imports/preview", tag = "models", params(ListParams),
    request_body(content = Object, content_type = "application/json"),
    responses((status = 200, body = PriceImport), (status = "default", body = ErrorBody)))]
pub(crate) async fn preview_prices(
    State(state): State<ApiState>,
    principal: Principal,
    params: Result<Query<ListParams>, QueryRejection>,
    request: Request,
) -> Result<Json<PriceImport>, ApiError> {
    principal.operator()?;
    let Query(params) = params.map_err(|_| ApiError::invalid(PARAMS))?;
    let (list, entries) = read(&state, &params, request).await?;
    let plan = state.store().prices().plan_import(entries).await?;
    Ok(Json(shown(list, &plan)))
}

/// Takes a price list over as the preview told, all at once: where a price changed meanwhile, or the
/// list is another, nothing is done. Prices that people set stay.
#[utoipa::path(post, path = "/api/v1/price-imports", tag = "models", params(ListParams),
    request_body(content = Object, content_type = "application/json"),
    responses((status = 200, body = PriceImport), (status = "default", body = ErrorBody)))]
pub(crate) async fn import_prices(
    State(state): State<ApiState>,
    principal: Principal,
    params: Result<Query<ListParams>, QueryRejection>,
    request: Request,
) -> Result<Json<PriceImport>, ApiError> {
    principal.operator()?;
    let Query(params) = params.map_err(|_| ApiError::invalid(PARAMS))?;
    let digest = params.digest.clone().ok_or_else(|| {
        ApiError::field("digest", "Ask for the preview first, and send its digest.")
    })?;
    let (list, entries) = read(&state, &params, request).await?;
    let plan = state.store().prices().import(entries, &digest).await?;
    note(&state, &principal, &plan).await;
    state.in_force().await;
    Ok(Json(shown(list, &plan)))
}

const PARAMS: &str =
    "Say `format=litellm`; `providers`, `except` and `digest` may stand beside it.";

async fn read(
    state: &ApiState,
    params: &ListParams,
    request: Request,
) -> Result<(PriceList, Vec<PriceEntry>), ApiError> {
    let most = state.shared.settings.price_list_bytes;
    let body = axum::body::to_bytes(request.into_body(), most).await;
    let body = body.map_err(|_| ApiError::price_list_too_large(most))?;
    let words = |text: &Option<String>| -> Vec<String> {
        let words = text.iter().flat_map(|text| text.split(','));
        words.map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
    };
    let providers = words(&params.providers);
    let whose = match providers.as_slice() {
        [] => Whose::Known,
        [all] if all == "all" => Whose::Everybody,
        _ => Whose::Named(providers),
    };
    let ListFormat::Litellm = params.format;
    let mut list = understand(body, whose).await?;
    let except = words(&params.except);
    let entries = &mut list.entries;
    entries.retain(|one| !except.iter().any(|name| name == one.entry.model.as_str()));
    let entries = list.entries.iter().map(|one| one.entry.clone()).collect();
    Ok((list, entries))
}

/// A list of megabytes takes a while; nobody else waits for it.
async fn understand(body: Bytes, whose: Whose) -> Result<PriceList, ApiError> {
    let read = tokio::task::spawn_blocking(move || price_list::read(&body, &whose)).await;
    let read = read.map_err(|error| {
        tracing::error!(%error, "a price list could not be read");
        ApiError::internal()
    })?;
    read.map_err(|fault| match fault {
        ListFault::NotAList(why) => {
            ApiError::invalid(format!("This is no price list of that form: {why}."))
        }
        ListFault::NoSuchProvider(name) => {
            ApiError::field("providers", format!("The list has no model of {name}."))
        }
    })
}

fn shown(list: PriceList, plan: &ImportPlan) -> PriceImport {
    let count = |step| plan.items.iter().filter(|one| one.step == step).count();
    let mut items = Vec::new();
    for (planned, listed) in plan.items.iter().zip(list.entries) {
        let step = match planned.step {
            ImportStep::Added => ImportItemStep::Added,
            ImportStep::Changed => ImportItemStep::Changed,
            ImportStep::Kept => ImportItemStep::Kept,
            ImportStep::Unchanged => continue,
        };
        items.push(item(planned, step, listed.not_taken));
    }
    let jumps = |item: &ImportItem| item.changes.iter().filter(|change| change.jump).count();
    let changing = items.iter().filter(|item| item.step != ImportItemStep::Kept);
    PriceImport {
        digest: plan.digest.clone(),
        added: count(ImportStep::Added),
        changed: count(ImportStep::Changed),
        kept: count(ImportStep::Kept),
        unchanged: count(ImportStep::Unchanged),
        jumps: changing.map(jumps).sum(),
        items,
        skipped: list
            .skipped
            .into_iter()
            .map(|one| SkippedEntry { name: one.name, reason: one.reason.name(), key: one.key })
            .collect(),
        other_kinds: list.other_kinds,
        other_providers: list.other_providers,
    }
}

fn item(planned: &PlannedPrice, step: ImportItemStep, not_taken: Vec<String>) -> ImportItem {
    let PlannedPrice { entry, before, .. } = planned;
    let changes: Vec<PriceDifference> =
        differences(before.as_ref().map(|before| &before.price), &entry.price)
            .into_iter()
            .map(PriceDifference::from)
            .collect();
    let known = before.as_ref();
    let limits = [
        ("context", known.and_then(|one| one.context), entry.context),
        ("max_output", known.and_then(|one| one.max_output), entry.max_output),
    ];
    let limits = limits.into_iter().filter_map(|(limit, before, after)| {
        let after = after.filter(|after| before != Some(*after))?;
        Some(LimitDifference { limit, before, after })
    });
    let provider = entry.provider.as_deref().or(known.map(|one| one.provider.as_str()));
    ImportItem {
        model: entry.model.to_string(),
        provider: provider.unwrap_or(anc_store::CUSTOM_PROVIDER).to_owned(),
        step,
        jump: changes.iter().any(|change| change.jump),
        changes,
        limits: limits.collect(),
        not_taken,
    }
}

impl From<Difference> for PriceDifference {
    fn from(one: Difference) -> Self {
        let Difference { condition, meter, before, after, is_jump } = one;
        Self { meter, condition: Value::Object(condition), before, after, jump: is_jump }
    }
}

async fn note(state: &ApiState, principal: &Principal, plan: &ImportPlan) {
    let names = |step| {
        let of_step = plan.items.iter().filter(move |one| one.step == step);
        of_step.map(|one| one.entry.model.to_string())
    };
    let (added, changed) = (ImportStep::Added, ImportStep::Changed);
    if names(added).chain(names(changed)).next().is_none() {
        return;
    }
    let some = |step| names(step).take(NOTED_MODELS_MAX).collect::<Vec<_>>();
    let detail = json!({
        "added": names(added).count(),
        "changed": names(changed).count(),
        "models_added": some(added),
        "models_changed": some(changed),
        "digest": plan.digest,
    });
    let note = AuditNote {
        actor: principal.actor(),
        action: "price.import",
        object: None,
        account: None,
        detail: detail.to_string(),
        address: None,
    };
    audit::keep(state, note).await;
}
