//! The endpoints, one file for each resource.

mod account;
mod accounts;
mod alert_preferences;
mod alerts;
mod audit;
mod audit_note;
mod channel_probe;
mod channels;
mod credits;
mod dashboard;
mod factors;
mod groups;
mod identities;
mod instance;
mod invitations;
pub(crate) mod key_scopes;
mod ledger;
mod management_keys;
mod margins;
mod model_health;
mod models;
mod overview;
mod password;
mod password_resets;
mod payments;
mod playground;
mod price_body;
mod price_book;
mod price_imports;
mod prices;
mod provider_sign_ins;
mod redemption_codes;
mod redemptions;
mod registrations;
mod session;
mod session_steps;
mod sessions;
pub(crate) mod settings;
pub(crate) mod setup;
mod statement;
mod statement_export;
pub(crate) mod step_up;
mod tier_body;
mod tiers;
mod token_actions;
mod token_advice;
mod token_body;
mod token_history;
mod token_tier;
mod tokens;
mod usage;
mod usage_export;
mod usage_pruning;
mod user_factors;
mod user_password;
mod users;

use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::ApiState;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "ANC Relay control API",
        description = "What the console and the command line use. Amounts are decimal strings in \
                       US dollars, times are RFC 3339, ids have a prefix that tells their kind. \
                       Requests that change something carry `x-anc-console: 1`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(crate::error::ErrorBody))
)]
struct Document;

/// Every endpoint with its description.
pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(instance::get_instance))
        .routes(routes!(instance::get_openapi))
        .routes(routes!(settings::list_settings))
        .routes(routes!(setup::set_up))
        .routes(routes!(session::get_session, session::sign_in, session::sign_out))
        .routes(routes!(session_steps::second_step))
        .routes(routes!(session_steps::step_up))
        .routes(routes!(provider_sign_ins::begin_provider_step_up))
        .routes(routes!(provider_sign_ins::begin_provider_sign_in))
        .routes(routes!(provider_sign_ins::finish_provider_sign_in))
        .routes(routes!(identities::list_identities, identities::connect_identity))
        .routes(routes!(identities::disconnect_identity))
        .routes(routes!(sessions::list_sessions, sessions::end_other_sessions))
        .routes(routes!(sessions::end_session))
        .routes(routes!(sessions::list_sign_ins))
        .routes(routes!(password::change_password))
        .routes(routes!(factors::get_factors))
        .routes(routes!(factors::propose_totp, factors::remove_totp))
        .routes(routes!(factors::confirm_totp))
        .routes(routes!(factors::new_recovery_codes))
        .routes(routes!(registrations::register))
        .routes(routes!(registrations::confirm_registration))
        .routes(routes!(password_resets::ask_reset))
        .routes(routes!(password_resets::confirm_reset))
        .routes(routes!(invitations::list_invitations, invitations::create_invitation))
        .routes(routes!(invitations::withdraw_invitation))
        .routes(routes!(account::get_account))
        .routes(routes!(alerts::list_alerts))
        .routes(routes!(alerts::see_alerts))
        .routes(routes!(
            alert_preferences::get_alert_preferences,
            alert_preferences::set_alert_preferences
        ))
        .routes(routes!(alert_preferences::set_webhook, alert_preferences::remove_webhook))
        .routes(routes!(alert_preferences::test_webhook))
        .routes(routes!(accounts::list_accounts))
        .routes(routes!(accounts::get_managed_account, accounts::update_account))
        .routes(routes!(tiers::list_tiers, tiers::create_tier))
        .routes(routes!(tiers::update_tier, tiers::delete_tier))
        .routes(routes!(statement::get_statement))
        .routes(routes!(statement_export::export_statement))
        .routes(routes!(management_keys::list_keys, management_keys::create_key))
        .routes(routes!(management_keys::delete_key))
        .routes(routes!(tokens::list_tokens, tokens::create_token))
        .routes(routes!(tokens::get_token, tokens::update_token, tokens::delete_token))
        .routes(routes!(token_actions::rotate_token))
        .routes(routes!(playground::create_playground_secret))
        .routes(routes!(token_actions::create_tokens))
        .routes(routes!(token_actions::change_tokens))
        .routes(routes!(token_actions::get_token_detail))
        .routes(routes!(token_actions::check_address))
        .routes(routes!(models::list_models))
        .routes(routes!(prices::set_price))
        .routes(routes!(price_book::list_prices))
        .routes(routes!(price_imports::preview_prices))
        .routes(routes!(price_imports::import_prices))
        .routes(routes!(prices::list_price_versions))
        .routes(routes!(prices::withdraw_price))
        .routes(routes!(model_health::list_model_health))
        .routes(routes!(channels::list_channels, channels::create_channel))
        .routes(routes!(channels::update_channel, channels::delete_channel))
        .routes(routes!(channel_probe::test_channel))
        .routes(routes!(channel_probe::fetch_models))
        .routes(routes!(channels::list_providers))
        .routes(routes!(groups::list_groups))
        .routes(routes!(groups::set_group))
        .routes(routes!(credits::create_credit))
        .routes(routes!(payments::list_payments, payments::begin_payment))
        .routes(routes!(payments::get_payment))
        .routes(routes!(redemptions::redeem_code))
        .routes(routes!(redemption_codes::list_codes, redemption_codes::create_codes))
        .routes(routes!(redemption_codes::get_code))
        .routes(routes!(redemption_codes::revoke_code))
        .routes(routes!(redemption_codes::revoke_codes))
        .routes(routes!(usage::list_usage))
        .routes(routes!(usage_export::export_usage))
        .routes(routes!(usage::get_usage))
        .routes(routes!(usage::get_series))
        .routes(routes!(margins::get_margins))
        .routes(routes!(margins::export_margins))
        .routes(routes!(usage_pruning::prune_usage))
        .routes(routes!(dashboard::get_dashboard))
        .routes(routes!(overview::get_overview))
        .routes(routes!(usage::list_running))
        .routes(routes!(usage::end_running))
        .routes(routes!(users::list_users, users::create_user))
        .routes(routes!(users::get_user, users::update_user))
        .routes(routes!(user_password::create_password_link))
        .routes(routes!(user_factors::remove_user_factors))
        .routes(routes!(audit::list_audit))
        .routes(routes!(ledger::verify_ledger))
}
