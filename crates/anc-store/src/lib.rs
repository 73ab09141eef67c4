//! Everything durable: one module for each aggregate, the ledger writer, the change feed.
//!
//! Two engines, SQLite in a file and PostgreSQL, under one text of SQL (`sql.rs`) but for the ledger
//! writer. People's edits go through sqlx in short write
//! transactions; money goes through the ledger writer, a thread of its own that decides with the
//! pure functions of `anc-ledger` and commits for all who wait. Both take one fair gate, since
//! SQLite has one writer and no queue.
//!
//! # To add …
//! * a table or column: the next number in `migrations/sqlite/`, `strict`, with CHECKs and a comment
//!   on what is not plain; a file that was released is never edited.
//! * an aggregate: `src/<aggregate>.rs` with a handle that borrows the store, its records, and SQL
//!   that PostgreSQL could run too (`$1`, `returning`, `on conflict`); a door in this file; its
//!   contract in `tests/contract/`.
//! * a write that others keep copies of: begin it with `Database::write` and call
//!   `WriteTx::change` before the commit, so that the change feed tells of it in order.
//! * an operation on balances: an `Op` in `ledger/`, its rule as a pure function in `anc-ledger`,
//!   its sums in `verify.rs`. Nothing else may touch `account_balance` or `api_token_spend`.
//! * a model with a price of its own: a line in its vendor's file in `prices/`, and the next number in
//!   `prices/builtin.json`.

mod account;
mod alert;
mod audit;
mod change;
mod channel;
mod copy;
mod cursor;
mod database;
mod error;
mod factor;
mod group;
mod idempotency;
mod identity;
mod invitation;
mod ledger;
mod mail_code;
mod management_key;
mod migrate;
mod open;
mod outbox;
mod payment;
mod pending_sign_in;
mod price;
mod provider_sign_in;
mod redemption;
mod reseal;
mod retention;
mod row;
mod running;
mod seal;
mod seed;
mod session;
mod setting;
mod sign_in;
mod sql;
mod statement;
mod stored_response;
mod sync;
mod tier;
mod token;
mod usage;
mod usage_digest;
mod usage_health;
mod usage_log;
mod usage_margin;
mod user;
mod verify;

pub use account::{
    AccountChanges, AccountPage, AccountQuery, AccountRecord, AccountSort, AccountUse, Accounts,
    NO_TIER, Person,
};
pub use alert::{
    AccountFacts, AlertKind, AlertPage, AlertPreference, AlertReader, AlertRecord, Alerts,
    ChannelHour, ExpiringToken, Judged, NewAlert, NewNetworks, Observed, SpendHistory, TokenFacts,
    UsageSince, Webhook,
};
pub use audit::{AuditEntry, AuditNote, AuditPage, AuditQuery, Audits};
pub use change::{Change, Changes, Follower, Topic};
pub use channel::{ChannelChanges, ChannelRecord, ChannelRouting, Channels, NewChannel, key_hint};
pub use cursor::FOREIGN_CURSOR;
pub use error::StoreError;
pub use factor::{FactorRecord, Factors};
pub use group::{DEFAULT_GROUP, GroupRecord, Groups};
pub use idempotency::{Idempotency, Repeat};
pub use identity::{
    Connected, Disconnected, Identities, IdentityRecord, NewIdentity, RegisteredBy,
};
pub use invitation::{InvitationRecord, Invitations, NewInvitation};
pub use ledger::{
    Credit, EntryKind, FailedAttempt, HoldRequest, Ledger, OpenHold, OptionsKept, Redeemed,
    RedemptionAsk, Settlement, WORD_OF_ANOTHER,
};
pub use mail_code::{MailCodes, NewMailCode, Registered};
pub use management_key::{ManagementKeyRecord, ManagementKeys, NewManagementKey};
pub use migrate::Migration;
pub use open::{Durability, Location, OpenOptions, Store};
pub use outbox::{Outbox, Outgoing, SendBy, Sent};
pub use payment::{
    Claim, ClaimKind, NewPayment, NotBegun, PaymentFact, PaymentMode, PaymentNotice, PaymentPage,
    PaymentRecord, PaymentState, Payments, SessionFact, SessionOutcome, TakenIn,
};
pub use pending_sign_in::PendingSignIns;
pub use price::{
    CUSTOM_PROVIDER, ImportPlan, ImportStep, PlannedPrice, PriceEntry, PriceRecord, PriceSource,
    PriceVersion, Prices,
};
pub use provider_sign_in::{NewProviderSignIn, ProviderPurpose, ProviderSignIns};
pub use redemption::{
    CodeBatch, CodePage, CodeQuery, CodeStatus, NewCodeBatch, RedemptionCodeRecord,
    RedemptionCodes, RedemptionPage, RedemptionRecord,
};
pub use retention::{Prunable, Pruned, Retention, USAGE_DAYS_MIN};
pub use running::{RunningRecord, RunningView};
pub use seed::{Seed, SeedModel};
pub use session::{Client, NewSession, SessionRecord, SessionView, Sessions};
pub use setting::Settings;
pub use sign_in::{NewSignIn, SignInRecord, SignIns};
pub use statement::{
    DayOfUsage, LineKind, LinePlace, StatementLine, StatementPage, StatementQuery, Statements,
};
pub use stored_response::{StoredResponse, StoredResponses};
pub use tier::{TierNeeded, TierRecord, TierTerms, TierUse, Tiers};
pub use token::{
    CallerTier, Credential, NewToken, NotCreated, OldSecret, PLAYGROUND_SECRETS_MAX,
    PlaygroundGrant, TokenChanges, TokenLimitReached, TokenPage, TokenQuery, TokenRates,
    TokenRecord, TokenSort, TokenStatus, TokenStop, TokenTraits, Tokens, VERSION_CONFLICT,
    WindowUse,
};
pub use usage::{OwnCost, UsageFilter, UsageRecord, UsageTotals, UsageView};
pub use usage_digest::{Digest, DigestQuery, PeriodSums, TokenSum, WeekHourSum};
pub use usage_health::{AccountSum, HealthHour, Outcome};
pub use usage_log::{ClientUse, LogPage, LogQuery, SeriesBy, SeriesPoint, SeriesQuery};
pub use usage_margin::{MarginBy, MarginDay, MarginItem, MarginOf, MarginQuery, MarginSums};
pub use user::{
    ChangedUser, Changer, NO_PASSWORD, NewOwner, NewUser, NotChanged, PeoplePage, PeopleQuery,
    PersonRecord, Role, SetupDone, UserChanges, UserRecord, Users,
};
pub use verify::Check;
