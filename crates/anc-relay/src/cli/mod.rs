//! The command line. Every command but `serve` is a request to the control API, with a server
//! beside it or without one, so that it can do what the console can and by the same rules.
//!
//! # To add a command
//! Its words in `arguments.rs`, what it asks and prints in `commands.rs`, a row in
//! `docs/command-line.md`.

mod accounts;
mod api;
mod arguments;
mod codes;
mod commands;
mod database;
mod demo;
mod mail;
mod people;
mod prices;
mod print;
mod seed;

use std::path::Path;
use std::process::ExitCode;

use clap::Parser as _;
use serde_json::Value;
use tokio::runtime;

use crate::cli::api::Api;
use crate::cli::arguments::{
    Arguments, Command, ConfigCommand, LedgerCommand, MailCommand, Price, Serve,
};
use crate::config::{self, Config, ConfigError, Overrides};
use crate::wiring::OpenError;
use crate::{logging, serve};

/// Threads of the control plane. Passwords are hashed elsewhere, so its work is short.
const CONTROL_THREADS: usize = 2;

/// A command could not be carried out.
#[derive(Debug, thiserror::Error)]
enum CliError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The control API's own words.
    #[error("{message} ({code}, {request_id})")]
    Refused { message: String, code: String, request_id: String },
    #[error("the relay did not answer: {0}")]
    Unanswered(String),
    #[error("{0} is expected on standard input")]
    NoInput(&'static str),
    #[error("nobody signs in with {0}")]
    NoSuchUser(String),
    #[error("there is no channel named {0}")]
    NoSuchChannel(String),
    #[error("the channel's provider did not answer well: {0}")]
    ChannelFailed(String),
    #[error("the body is not JSON: {0}")]
    BodyUnreadable(String),
    #[error("{0} cannot be read: {1}")]
    FileUnreadable(String, std::io::Error),
    #[error("nothing was changed: say --yes, or answer on a terminal")]
    NotConfirmed,
    #[error("there is no token named {0}")]
    NoSuchToken(String),
    #[error("several tokens are named {0}; use one's id, or name its account with --account")]
    SeveralTokens(String),
    #[error("there is no tier named {0}")]
    NoSuchTier(String),
    #[error("the books do not hold; see the checks above")]
    BooksDoNotHold,
    #[error("no mail server is set; see [mail] in docs/configuration.md")]
    NoMailServer,
    #[error("the mail was not sent: {0}")]
    MailNotSent(#[from] anc_upstream::MailFailure),
    #[error("standard output cannot be written: {0}")]
    Output(std::io::Error),
    #[error("the relay cannot start: {0}")]
    Serve(Box<dyn std::error::Error + Send + Sync>),
}

impl CliError {
    fn unanswered(error: impl std::fmt::Display) -> Self {
        Self::Unanswered(error.to_string())
    }

    fn refused(document: &Value) -> Self {
        let text = |key: &str| print::field(&document["error"], key);
        Self::Refused {
            message: text("message"),
            code: text("code"),
            request_id: text("request_id"),
        }
    }
}

/// Runs what the command line says.
#[expect(clippy::print_stderr, reason = "errors of a command go to standard error")]
pub(crate) fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<(), CliError> {
    let Arguments { command, data, database, config: file } = arguments;
    let (data, file) = (data.as_path(), file.as_deref());
    let overrides = Overrides { database, ..Overrides::default() };
    match command {
        Command::Version => print::line(env!("CARGO_PKG_VERSION")),
        Command::Openapi => {
            let document = serde_json::to_string_pretty(&anc_control::openapi());
            print::line(&document.map_err(CliError::unanswered)?)
        }
        Command::Config(ConfigCommand::Print) => print_config(file, data, overrides),
        Command::Serve(serve) => {
            let Serve { listen, public_url } = serve;
            let overrides = Overrides { listen, public_url, ..overrides };
            let config = config::load(file, data, overrides)?;
            logging::start(&config.log_level, config.log_format);
            let mut threads = runtime::Builder::new_multi_thread();
            let runtime = threads.worker_threads(CONTROL_THREADS).enable_all().build();
            let runtime = runtime.map_err(|error| CliError::Serve(error.into()))?;
            runtime.block_on(serve::serve(config, data)).map_err(CliError::Serve)
        }
        command => {
            logging::start("warn", config::LogFormat::Text);
            let runtime =
                runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
            let runtime = runtime.map_err(|error| CliError::Serve(error.into()))?;
            let config = config::load(file, data, overrides)?;
            runtime.block_on(ask(command, data, &config))
        }
    }
}

/// As a file would be written, each value with its source behind it.
fn print_config(file: Option<&Path>, data: &Path, overrides: Overrides) -> Result<(), CliError> {
    let mut table = "";
    let all = config::load_with_sources(file, data, overrides)?;
    for one in &all {
        let (in_table, key) = one.key.rsplit_once('.').unwrap_or(("", &one.key));
        if in_table != table {
            print::line(&format!("\n[{in_table}]"))?;
            table = in_table;
        }
        print::line(&format!("{key} = {one}"))?;
    }
    Ok(())
}

async fn ask(command: Command, data: &Path, config: &Config) -> Result<(), CliError> {
    match command {
        Command::Migrate(command) => {
            return database::migrate(command, data, &config.location(data)).await;
        }
        Command::Copy(command) => return database::copy(command, data).await,
        Command::Reseal => return database::reseal(data, config).await,
        Command::Demo => return demo::fill(data, config).await,
        Command::Mail(MailCommand::Test { address }) => return mail::test(config, &address).await,
        Command::Seed(seed) => return seed::fill(seed, data, config).await,
        _ => {}
    }
    let api = Api::open(data, config, matches!(command, Command::Setup(_))).await?;
    let outcome = match command {
        Command::Setup(setup) => commands::setup(&api, setup).await,
        Command::User(command) => people::user(&api, command).await,
        Command::Tier(command) => accounts::tier(&api, command).await,
        Command::Account(command) => accounts::account(&api, command).await,
        Command::Channel(command) => commands::channel(&api, command).await,
        Command::Price(Price::Set(price)) => commands::set_price(&api, price).await,
        Command::Price(Price::Import(import)) => prices::import(&api, import).await,
        Command::Token(command) => commands::token(&api, command).await,
        Command::Api(call) => commands::call(&api, call).await,
        Command::Credit(credit) => commands::credit(&api, credit).await,
        Command::Code(command) => codes::code(&api, command).await,
        Command::Ledger(LedgerCommand::Verify) => commands::verify(&api).await,
        Command::Usage(command) => commands::usage(&api, command).await,
        // Answered before: they need no API.
        Command::Serve(_)
        | Command::Openapi
        | Command::Version
        | Command::Config(_)
        | Command::Mail(_)
        | Command::Migrate(_)
        | Command::Copy(_)
        | Command::Reseal
        | Command::Demo
        | Command::Seed(_) => Ok(()),
    };
    api.close().await;
    outcome
}
