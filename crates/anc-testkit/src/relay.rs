//! The relay as a process of its own, started, used and killed as people and machines do it.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use tempfile::TempDir;

use crate::Client;

/// The owner that [`Relay::set_up`] creates.
pub const OWNER_EMAIL: &str = "owner@example.com";
/// That owner's password.
pub const OWNER_PASSWORD: &str = "correct horse battery";

/// How long a hand in the database waits for the relay's own writes.
const BUSY: Duration = Duration::from_secs(5);

/// A relay with a data directory that goes when the value goes.
#[derive(Debug)]
pub struct Relay {
    binary: PathBuf,
    data: TempDir,
    process: Option<Child>,
    base_url: String,
    setup_link: Option<String>,
    environment: Vec<(String, String)>,
}

impl Relay {
    /// Starts `binary` on an empty data directory and a free port.
    pub fn start(binary: impl Into<PathBuf>) -> Self {
        Self::start_with(binary, &[])
    }

    /// The same with settings from the environment.
    pub fn start_with(binary: impl Into<PathBuf>, environment: &[(&str, &str)]) -> Self {
        let mut relay = Self {
            binary: binary.into(),
            data: tempfile::tempdir().expect("a temporary directory"),
            process: None,
            base_url: String::new(),
            setup_link: None,
            environment: environment
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        };
        relay.launch();
        relay
    }

    fn launch(&mut self) {
        // A bound on the size of files, by which a test makes the disk full, is to be an error of the
        // write and not a signal that ends the process.
        let mut process = Command::new("env")
            .arg("--ignore-signal=XFSZ")
            .arg(&self.binary)
            .args(["serve", "--listen", self.listen(), "--data"])
            .arg(self.data_path())
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::piped())
            .stderr(Stdio::from(self.log_file()))
            .spawn()
            .expect("the relay starts");
        let mut lines = BufReader::new(process.stdout.take().expect("piped")).lines();
        let Some(Ok(first)) = lines.next() else {
            panic!("the relay ended at its start: {}", self.log());
        };
        let base_url = first.strip_prefix("listening on ").expect("the address comes first");
        base_url.clone_into(&mut self.base_url);
        self.process = Some(process);
        let second = lines.next().and_then(Result::ok).unwrap_or_default();
        self.setup_link = second.strip_prefix("set-up link ").map(str::to_owned);
    }

    /// Where it is to listen: on a free port of IPv4, unless a test sets something else.
    fn listen(&self) -> &str {
        let set = self.environment.iter().find(|(name, _)| name == "ANC_LISTEN");
        set.map_or("127.0.0.1:0", |(_, address)| address)
    }

    /// A setting from the environment for its next lives and for commands.
    pub fn set_environment(&mut self, name: &str, value: &str) {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// Where the relay answers.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The one-time set-up link that was printed.
    pub fn setup_link(&self) -> Option<&str> {
        self.setup_link.as_deref()
    }

    /// A client of this relay.
    pub fn client(&self) -> Client {
        Client::new(self.base_url.clone())
    }

    /// Its data directory.
    pub fn data_path(&self) -> &Path {
        self.data.path()
    }

    /// The process's id.
    pub fn process_id(&self) -> u32 {
        self.process.as_ref().expect("the relay runs").id()
    }

    /// What it logged so far, over all its lives.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    fn log_path(&self) -> PathBuf {
        self.data_path().join("test.log")
    }

    fn log_file(&self) -> std::fs::File {
        std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.log_path())
            .expect("the log can be written")
    }

    /// Runs a command of the binary on this data directory, with `input` on its standard input.
    pub fn command<S: AsRef<OsStr>>(&self, arguments: &[S], input: &str) -> Output {
        let mut child = Command::new(&self.binary)
            .args(arguments)
            .arg("--data")
            .arg(self.data_path())
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command starts");
        let mut stdin = child.stdin.take().expect("piped");
        // A command that does not read its input may have closed it.
        stdin.write_all(input.as_bytes()).ok();
        drop(stdin);
        child.wait_with_output().expect("the command ends")
    }

    /// Runs a command that must succeed, and gives its standard output without the line's end.
    pub fn run<S: AsRef<OsStr>>(&self, arguments: &[S], input: &str) -> String {
        let output = self.command(arguments, input);
        assert!(
            output.status.success(),
            "{:?} failed: {}",
            arguments.iter().map(|one| one.as_ref().to_owned()).collect::<Vec<_>>(),
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// Creates the owner with a balance in dollars.
    pub fn set_up(&self, balance: &str) {
        let arguments = ["setup", "--email", OWNER_EMAIL, "--password-stdin", "--balance", balance];
        self.run(&arguments, OWNER_PASSWORD);
    }

    /// Connects a provider at a loopback address.
    pub fn connect(&self, provider: &str, base_url: &str, models: &str) {
        let arguments = [
            "channel",
            "add",
            "--name",
            provider,
            "--provider",
            provider,
            "--base-url",
            base_url,
            "--key-stdin",
            "--models",
            models,
            "--allow-private",
        ];
        self.run(&arguments, "sk-upstream-canary-9xQ2");
    }

    /// Makes a second account beside the owner's, with a person who signs in with `email`, and without
    /// a balance that could stop it. By a hand in the database: the relay cannot do it yet.
    pub async fn add_account(&self, email: &str) {
        let path = self.data_path().join("relay.db");
        let options = SqliteConnectOptions::new().filename(path).busy_timeout(BUSY);
        let mut database = options.connect().await.expect("the database opens");
        for sql in [
            "insert into account (id, name, tier_id, metered, created_at)
             select max(id) + 1, $1, min(tier_id), 0, max(created_at) from account",
            "insert into account_balance (account_id) select id from account where name = $1",
            "insert into app_user (id, email, password_hash, role, account_id, created_at)
             select id, name, '-', 'user', id, created_at from account where name = $1",
        ] {
            let done = sqlx::query(sql).bind(email).execute(&mut database).await;
            done.unwrap_or_else(|error| panic!("{sql}: {error}"));
        }
        database.close().await.expect("the database closes");
    }

    /// Creates a token of the account of `email` and gives its secret.
    pub fn create_token_of(&self, email: &str, name: &str, more: &[&str]) -> String {
        let mut arguments = vec!["token", "create", "--account", email, "--name", name];
        arguments.extend(more);
        self.run(&arguments, "")
    }

    /// Sets a model's price in dollars per million units.
    pub fn set_price(&self, model: &str, input: &str, output: &str) {
        self.run(&["price", "set", model, "--input", input, "--output", output], "");
    }

    /// Creates a token of the owner and gives its secret.
    pub fn create_token(&self, name: &str, more: &[&str]) -> String {
        self.create_token_of(OWNER_EMAIL, name, more)
    }

    /// A token as the command line shows it.
    pub fn token(&self, name: &str) -> Value {
        let text = self.run(&["token", "show", name, "--json"], "");
        serde_json::from_str(&text).expect("the command prints JSON")
    }

    /// A request to the control API with the operator's rights, as the command line sends them:
    /// through the socket in the data directory. Null for an empty answer.
    pub fn control(&self, method: &http::Method, path: &str, body: &Value) -> Value {
        let mut socket = UnixStream::connect(self.data_path().join("control.sock"))
            .expect("the relay listens on its socket");
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = format!(
            "{method} /api/v1{path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        socket.write_all(request.as_bytes()).expect("the socket takes the request");
        let mut answer = String::new();
        socket.read_to_string(&mut answer).expect("the answer is text");
        let (_, body) = answer.split_once("\r\n\r\n").expect("an HTTP answer");
        serde_json::from_str(body).unwrap_or_default()
    }

    /// Whether the books hold, and what the command says.
    pub fn verify(&self) -> Result<String, String> {
        let output = self.command(&["ledger", "verify"], "");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let failed = format!("{text}{}", String::from_utf8_lossy(&output.stderr));
        if output.status.success() { Ok(text) } else { Err(failed) }
    }

    /// Ends the process without any warning.
    pub fn kill(&mut self) {
        let mut process = self.process.take().expect("the relay runs");
        process.kill().expect("the process can be killed");
        process.wait().expect("the process ends");
    }

    /// Asks the process to stop and waits until it has.
    pub fn stop(&mut self) -> std::process::ExitStatus {
        let mut process = self.process.take().expect("the relay runs");
        let killed = Command::new("kill").arg(process.id().to_string()).status();
        assert!(killed.is_ok_and(|status| status.success()), "SIGTERM cannot be sent");
        let status = process.wait().expect("the process ends");
        // A thread that panics does not end the process, so that nothing else would show it.
        let log = self.log();
        assert!(!log.contains("panicked at"), "{log}");
        status
    }

    /// Starts again on the same data directory.
    pub fn start_again(&mut self) {
        self.launch();
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().ok();
            process.wait().ok();
        }
    }
}
