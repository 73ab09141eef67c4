//! A mail server on loopback that keeps what it is handed.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How long a test waits for a mail.
const PATIENCE: Duration = Duration::from_secs(20);

/// A mail as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaughtMail {
    /// Of the envelope.
    pub from: String,
    /// Of the envelope: everybody who gets it.
    pub to: Vec<String>,
    /// Headers and text, lines ended by `\n`. The text is decoded where it was quoted-printable.
    pub text: String,
}

/// The server. Dropping it closes its port.
#[derive(Debug)]
pub struct MailCatcher {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    count: watch::Receiver<usize>,
    serving: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct State {
    caught: Vec<CaughtMail>,
    /// What it answers to the next mails instead of taking them.
    refusals: VecDeque<&'static str>,
    /// What clients said to sign in.
    sign_ins: Vec<String>,
}

impl CaughtMail {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        let head = self.text.split("\n\n").next().unwrap_or_default();
        head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    /// What stands behind `#code=` in the link that the mail holds.
    pub fn code(&self) -> &str {
        let behind = self.text.split("#code=").nth(1).unwrap_or_default();
        behind.split_whitespace().next().unwrap_or_default()
    }
}

impl MailCatcher {
    /// Starts on a free port of 127.0.0.1.
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("it listens");
        let state: Arc<Mutex<State>> = Arc::default();
        let (counted, count) = watch::channel(0);
        let shared = Arc::clone(&state);
        let serving = tokio::spawn(async move {
            let counted = Arc::new(counted);
            while let Ok((socket, _)) = listener.accept().await {
                let (state, counted) = (Arc::clone(&shared), Arc::clone(&counted));
                tokio::spawn(async move {
                    // A client may hang up anywhere.
                    converse(socket, &state, &counted).await.ok();
                });
            }
        });
        Self { address, state, count, serving }
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Settings of a relay that sends by it.
    pub fn environment(&self) -> Vec<(String, String)> {
        [
            ("ANC_MAIL__SMTP_HOST", "127.0.0.1".to_owned()),
            ("ANC_MAIL__SMTP_PORT", self.port().to_string()),
            ("ANC_MAIL__SECURITY", "none".to_owned()),
            ("ANC_MAIL__FROM", "ANC Relay <relay@example.com>".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    /// The next mail is answered with this line, such as `451 later`, instead of being taken.
    pub fn refuse(&self, line: &'static str) {
        lock(&self.state).refusals.push_back(line);
    }

    /// What came so far.
    pub fn caught(&self) -> Vec<CaughtMail> {
        lock(&self.state).caught.clone()
    }

    /// What clients said to sign in.
    pub fn sign_ins(&self) -> Vec<String> {
        lock(&self.state).sign_ins.clone()
    }

    /// Waits until so many came.
    pub async fn wait_for(&self, count: usize) -> Vec<CaughtMail> {
        let mut counted = self.count.clone();
        let waited = tokio::time::timeout(PATIENCE, counted.wait_for(|n| *n >= count)).await;
        assert!(waited.is_ok(), "{} of {count} mails came", self.caught().len());
        self.caught()
    }
}

impl Drop for MailCatcher {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn converse(
    socket: TcpStream,
    state: &Mutex<State>,
    counted: &watch::Sender<usize>,
) -> std::io::Result<()> {
    let mut socket = BufReader::new(socket);
    socket.write_all(b"220 catcher\r\n").await?;
    let (mut from, mut to) = (String::new(), Vec::new());
    loop {
        let mut line = String::new();
        if socket.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let line = line.trim_end();
        let word = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let address = || {
            let inner = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
            inner.map_or(String::new(), |(address, _)| address.to_owned())
        };
        let answer = match word.as_str() {
            "EHLO" => "250-catcher\r\n250 AUTH PLAIN LOGIN".to_owned(),
            "AUTH" => {
                lock(state).sign_ins.push(line.to_owned());
                "235 welcome".to_owned()
            }
            "MAIL" => {
                (from, to) = (address(), Vec::new());
                "250 fine".to_owned()
            }
            "RCPT" => {
                to.push(address());
                "250 fine".to_owned()
            }
            "DATA" => {
                socket.write_all(b"354 go on\r\n").await?;
                let text = read_data(&mut socket).await?;
                let text = decoded(&text);
                let refusal = lock(state).refusals.pop_front();
                if refusal.is_none() {
                    let mut state = lock(state);
                    state.caught.push(CaughtMail { from: from.clone(), to: to.clone(), text });
                    counted.send_replace(state.caught.len());
                }
                refusal.unwrap_or("250 taken").to_owned()
            }
            "QUIT" => {
                socket.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => "250 fine".to_owned(),
        };
        socket.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
}

async fn read_data(socket: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let mut text = String::new();
    loop {
        let mut line = String::new();
        if socket.read_line(&mut line).await? == 0 || line.trim_end() == "." {
            return Ok(text);
        }
        // A leading dot was doubled (RFC 5321, 4.5.2).
        text.push_str(line.strip_prefix('.').unwrap_or(&line).trim_end_matches(['\r', '\n']));
        text.push('\n');
    }
}

/// Undoes quoted-printable (RFC 2045, 6.7).
fn decoded(text: &str) -> String {
    let Some((head, body)) = text.split_once("\n\n") else { return text.to_owned() };
    if !head.to_ascii_lowercase().contains("content-transfer-encoding: quoted-printable") {
        return text.to_owned();
    }
    let body = body.replace("=\n", "");
    let mut bytes = Vec::new();
    let mut rest = body.as_bytes();
    while let Some((byte, behind)) = rest.split_first() {
        let hex = behind.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let coded = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(|_| *byte == b'=');
        bytes.push(coded.unwrap_or(*byte));
        rest = if coded.is_some() { behind.get(2..).unwrap_or_default() } else { behind };
    }
    format!("{head}\n\n{}", String::from_utf8_lossy(&bytes))
}
