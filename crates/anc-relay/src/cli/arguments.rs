//! What can be written on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::cli::accounts::{Account, Tier};

/// A self-hosted relay for LLM APIs.
#[derive(Debug, Parser)]
#[command(name = "anc-relay", version, arg_required_else_help = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
    /// The data directory: database, master key and the running server's socket.
    #[arg(long, global = true, env = "ANC_DATA", default_value = "data", value_name = "DIR")]
    pub(super) data: PathBuf,
    /// The database: `postgres://…`, or none for SQLite in the data directory.
    #[arg(long, global = true, env = "ANC_DATABASE", value_name = "URL", hide_env_values = true)]
    pub(super) database: Option<String>,
    /// A configuration file instead of `config.toml` in the data directory.
    #[arg(long, global = true, env = "ANC_CONFIG", value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Start the relay.
    Serve(Serve),
    /// Create the owner, as the set-up link does in a browser.
    Setup(Setup),
    /// People who sign in.
    #[command(subcommand)]
    User(User),
    /// What accounts may do.
    #[command(subcommand)]
    Tier(Tier),
    /// The owners of balances, API tokens and usage.
    #[command(subcommand)]
    Account(Account),
    /// Connections to providers.
    #[command(subcommand)]
    Channel(Channel),
    /// What models cost.
    #[command(subcommand)]
    Price(Price),
    /// API tokens.
    #[command(subcommand)]
    Token(Token),
    /// Add money to an account's balance, or take it away with a negative amount.
    Credit(Credit),
    /// Redemption codes.
    #[command(subcommand)]
    Code(Code),
    /// The books.
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// The records of requests.
    #[command(subcommand)]
    Usage(UsageCommand),
    /// The versions of the database's schema.
    #[command(subcommand)]
    Migrate(Migrate),
    /// Copy the SQLite database of the data directory to an empty PostgreSQL database, and verify
    /// the copy.
    Copy(Copy),
    /// Seal every secret of the database under a new master key. No relay may serve it meanwhile.
    Reseal,
    /// The configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Mail.
    #[command(subcommand)]
    Mail(MailCommand),
    /// Fill an empty data directory with sample accounts, tokens and thirty days of usage.
    Demo,
    /// Fill an empty database with very many tokens and requests, for measuring.
    #[command(hide = true)]
    Seed(Seed),
    /// Call the control API with the operator's rights and print its answer.
    Api(ApiCall),
    /// Print the control API's OpenAPI document.
    Openapi,
    /// Print the version.
    Version,
}

#[derive(Debug, Args)]
pub(super) struct Seed {
    /// How many API tokens, about twenty an account.
    #[arg(long, value_name = "NUMBER", default_value_t = 400_000,
          value_parser = clap::value_parser!(u64).range(100..=10_000_000))]
    pub(super) tokens: u64,
    /// How many requests.
    #[arg(long, value_name = "NUMBER", default_value_t = 10_000_000,
          value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    pub(super) usage: u64,
    /// Over how many days until now.
    #[arg(long, value_name = "NUMBER", default_value_t = 90,
          value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(super) days: u32,
}

#[derive(Debug, Args)]
pub(super) struct Serve {
    /// The address and port to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(super) listen: Option<String>,
    /// The address under which browsers and clients reach the relay.
    #[arg(long, value_name = "URL")]
    pub(super) public_url: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Setup {
    /// The owner's email address.
    #[arg(long)]
    pub(super) email: String,
    /// Read the owner's password from standard input.
    #[arg(long, required = true)]
    pub(super) password_stdin: bool,
    /// Count what is used without charging anybody.
    #[arg(long, conflicts_with = "balance")]
    pub(super) unmetered: bool,
    /// The balance to begin with, in dollars.
    #[arg(long, value_name = "USD", default_value = "0")]
    pub(super) balance: String,
}

#[derive(Debug, Subcommand)]
pub(super) enum User {
    /// Add a person with an account of their own.
    Add(UserAdd),
    /// List everybody who signs in.
    List(Listed),
    /// Print a link with which somebody can register, once.
    Invite(UserInvite),
    /// Change what somebody may do, keep them out, or let them in again.
    Set(UserSet),
    /// Print a link with which somebody can set a new password, once.
    PasswordLink(UserNamed),
    /// Take away the second factor of somebody who lost theirs.
    RemoveFactor(UserNamed),
}

#[derive(Debug, Args)]
pub(super) struct UserNamed {
    /// The person's email address.
    #[arg(long)]
    pub(super) email: String,
}

#[derive(Debug, Args)]
pub(super) struct UserSet {
    /// The person's email address.
    #[arg(long)]
    pub(super) email: String,
    /// What they may do.
    #[arg(long, value_parser = ["user", "admin", "owner"])]
    pub(super) role: Option<String>,
    /// What operators call them.
    #[arg(long)]
    pub(super) name: Option<String>,
    /// Keep them from signing in, and stop the tokens of an account that has nobody else.
    #[arg(long, conflicts_with = "enable")]
    pub(super) disable: bool,
    /// Let them sign in again.
    #[arg(long)]
    pub(super) enable: bool,
}

#[derive(Debug, Args)]
pub(super) struct UserInvite {
    /// The only email address that may use it.
    #[arg(long)]
    pub(super) email: Option<String>,
    /// For how many days it works.
    #[arg(long, default_value_t = 7)]
    pub(super) days: u32,
}

#[derive(Debug, Args)]
pub(super) struct UserAdd {
    /// The person's email address.
    #[arg(long)]
    pub(super) email: String,
    /// Read the person's password from standard input.
    #[arg(long, required = true)]
    pub(super) password_stdin: bool,
    /// What they may do.
    #[arg(long, value_parser = ["user", "admin"], default_value = "user")]
    pub(super) role: String,
    /// Count what is used without charging anybody.
    #[arg(long)]
    pub(super) unmetered: bool,
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(super) enum ConfigCommand {
    /// Print every setting, its value and where it comes from.
    Print,
}

#[derive(Debug, Subcommand)]
pub(super) enum MailCommand {
    /// Send a mail by the configured server, and fail where it does not take it.
    Test {
        /// Where to.
        address: String,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum Channel {
    /// Connect a provider.
    Add(ChannelAdd),
    /// List the connections.
    List(Listed),
    /// Ask a connection's provider something small; fails where it does not answer well.
    Test(ChannelTest),
}

#[derive(Debug, Args)]
pub(super) struct ChannelTest {
    /// The channel's name or id.
    pub(super) name: String,
    /// Which model to ask; none: the first that it serves.
    #[arg(long)]
    pub(super) model: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct ChannelAdd {
    /// A name for people.
    #[arg(long)]
    pub(super) name: String,
    /// Whose models it has; `openai` is every server that speaks OpenAI's protocol.
    #[arg(long, value_parser = ["openai", "anthropic", "gemini", "deepseek", "xai", "mistral",
                                "qwen", "moonshot", "cohere", "groq", "simulated"])]
    pub(super) provider: String,
    /// The provider's address, such as `https://api.openai.com/v1`.
    #[arg(long, value_name = "URL")]
    pub(super) base_url: Option<String>,
    /// Read the provider's key from standard input.
    #[arg(long)]
    pub(super) key_stdin: bool,
    /// The models to serve; none: all that the price book has of the provider.
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    pub(super) models: Vec<String>,
    /// Allow an address in a private network, or on this machine.
    #[arg(long)]
    pub(super) allow_private: bool,
    /// Higher ones are tried first.
    #[arg(long, value_name = "NUMBER", default_value_t = 0, allow_hyphen_values = true)]
    pub(super) priority: i64,
    /// Among those of one priority, its share of first attempts.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(super) weight: u32,
    /// The set of channels that it belongs to.
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub(super) group: String,
    /// What its provider bills, by parts per million of the price book; 0: nothing.
    #[arg(long, value_name = "PPM", default_value_t = 1_000_000)]
    pub(super) cost_ppm: u32,
}

#[derive(Debug, Args)]
pub(super) struct ApiCall {
    /// GET, POST, PUT, PATCH or DELETE.
    pub(super) method: http::Method,
    /// The path below `/api/v1`, such as `/usage?account=all`.
    pub(super) path: String,
    /// The body as JSON; `-` reads it from standard input.
    #[arg(long, value_name = "JSON")]
    pub(super) body: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Price {
    /// Set what a model costs, in dollars per million units.
    Set(PriceSet),
    /// Take over a price list of another program. Prices that were set by hand stay.
    Import(PriceImport),
}

#[derive(Debug, Args)]
pub(super) struct PriceImport {
    /// Whose form the list has.
    #[arg(long, value_parser = ["litellm"])]
    pub(super) format: String,
    /// Whose models to take, by the list's names or by ours; `all`: everybody's. Without it, those of
    /// the vendors that the relay knows.
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    pub(super) providers: Vec<String>,
    /// Models to leave as they are.
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    pub(super) except: Vec<String>,
    /// Only tell what would change.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Do not ask.
    #[arg(long, conflicts_with = "dry_run")]
    pub(super) yes: bool,
    /// The list.
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct PriceSet {
    /// The model's name.
    pub(super) model: String,
    /// Input.
    #[arg(long, value_name = "USD_PER_M")]
    pub(super) input: String,
    /// Output.
    #[arg(long, value_name = "USD_PER_M")]
    pub(super) output: String,
    /// Input read from a cache.
    #[arg(long, value_name = "USD_PER_M")]
    pub(super) cached_input: Option<String>,
    /// Input written to a cache.
    #[arg(long, value_name = "USD_PER_M")]
    pub(super) cache_write: Option<String>,
    /// Input written to a cache that lives an hour.
    #[arg(long = "cache-write-1h", value_name = "USD_PER_M")]
    pub(super) cache_write_1h: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Token {
    /// Create a token and print its secret, which is shown only this once.
    Create(TokenCreate),
    /// List tokens.
    List(TokenList),
    /// Show one token.
    Show(TokenName),
    /// Refuse the token's requests from now on.
    Disable(TokenName),
    /// Accept them again.
    Enable(TokenName),
    /// Give the token a new secret and print it, which is shown only this once.
    Rotate(TokenRotate),
    /// Delete the token for good.
    Delete(TokenName),
}

#[derive(Debug, Args)]
pub(super) struct TokenCreate {
    /// The account's owner.
    #[arg(long, value_name = "EMAIL")]
    pub(super) account: String,
    /// A name for people.
    #[arg(long)]
    pub(super) name: String,
    /// How much the token may spend in all, in dollars; without it, as much as the account has.
    #[arg(long, value_name = "USD")]
    pub(super) quota: Option<String>,
    /// When it expires: a day (its midnight UTC), a time such as `2027-01-31T18:00:00Z`, or `never`.
    /// Without it, as the account's tier says.
    #[arg(long, value_name = "DATE")]
    pub(super) expires: Option<String>,
    /// Models that it may use; `*` stands for any characters, a leading `!` excludes.
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    pub(super) models: Vec<String>,
    /// Addresses or ranges that it may be used from.
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    pub(super) ip: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct TokenList {
    /// Only this account's, by its owner's email address.
    #[arg(long, value_name = "EMAIL")]
    pub(super) account: Option<String>,
    #[command(flatten)]
    pub(super) listed: Listed,
}

#[derive(Debug, Args)]
pub(super) struct TokenName {
    /// The token's name or id.
    pub(super) name: String,
    /// The account's owner, where several accounts have a token of that name.
    #[arg(long, value_name = "EMAIL")]
    pub(super) account: Option<String>,
    #[command(flatten)]
    pub(super) listed: Listed,
}

#[derive(Debug, Args)]
pub(super) struct TokenRotate {
    #[command(flatten)]
    pub(super) token: TokenName,
    /// For how long the secret before goes on working.
    #[arg(long, value_parser = ["now", "1h", "24h", "7d"], default_value = "24h")]
    pub(super) overlap: String,
}

#[derive(Debug, Args)]
pub(super) struct Listed {
    /// Print JSON; money is a decimal string in dollars.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Credit {
    /// The account's owner.
    #[arg(long, value_name = "EMAIL")]
    pub(super) account: String,
    /// Dollars; negative to take away.
    #[arg(long, value_name = "USD", allow_hyphen_values = true)]
    pub(super) amount: String,
    /// What it is. Where absent, a grant above zero and an adjustment below.
    #[arg(long, value_parser = ["top_up", "grant", "adjustment", "reversal"])]
    pub(super) kind: Option<String>,
    /// Why, for the books.
    #[arg(long)]
    pub(super) reason: String,
}

#[derive(Debug, Subcommand)]
pub(super) enum Code {
    /// Make codes and print them as a table, which is shown only this once.
    Create(CodeCreate),
    /// List codes.
    List(CodeList),
    /// End what is left of a code, or of a batch. What was redeemed stays.
    Revoke(CodeRevoke),
}

#[derive(Debug, Args)]
pub(super) struct CodeCreate {
    /// What each use of each code is worth, in dollars.
    #[arg(long, value_name = "USD")]
    pub(super) amount: String,
    /// How many codes.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) count: u32,
    /// How often each may be redeemed.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) uses: u32,
    /// Let one account redeem the same code more than once.
    #[arg(long)]
    pub(super) again_by_account: bool,
    /// When they expire: a day (its midnight UTC) or a time such as `2027-01-31T18:00:00Z`.
    #[arg(long, value_name = "DATE")]
    pub(super) expires: Option<String>,
    /// What the operator calls them.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(super) note: String,
}

#[derive(Debug, Args)]
pub(super) struct CodeList {
    /// Only those that were made together.
    #[arg(long, value_name = "ID")]
    pub(super) batch: Option<String>,
    /// Only those in this state.
    #[arg(long, value_parser = ["open", "used_up", "revoked", "expired"])]
    pub(super) state: Option<String>,
    #[command(flatten)]
    pub(super) listed: Listed,
}

#[derive(Debug, Args)]
pub(super) struct CodeRevoke {
    /// The id of a code (`rc_…`) or of a batch (`rcb_…`).
    pub(super) id: String,
}

#[derive(Debug, Subcommand)]
pub(super) enum LedgerCommand {
    /// Check that every balance is the sum of its entries, and more of that kind.
    Verify,
}

#[derive(Debug, Subcommand)]
pub(super) enum UsageCommand {
    /// Remove the records of old requests. Balances, quotas and sums stay what they are.
    Prune(UsagePrune),
}

#[derive(Debug, Args)]
pub(super) struct UsagePrune {
    /// Those that ended before: a day (its midnight UTC) or a time such as `2027-01-31T18:00:00Z`.
    #[arg(long, value_name = "DATE")]
    pub(super) before: String,
    /// Only tell what would be removed.
    #[arg(long)]
    pub(super) dry_run: bool,
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(super) enum Migrate {
    /// List the versions, and which of them the database has.
    Status,
    /// Bring the database up to date, as `serve` does at its start.
    Up,
}

#[derive(Debug, Args)]
pub(super) struct Copy {
    /// The database to copy to.
    #[arg(long, value_name = "URL")]
    pub(super) to: String,
}
