//! Sending mail by the operator's SMTP server.

use std::time::Duration;

use anc_domain::Secret;
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};

/// How long one step of the conversation with the server may take.
const STEP_TIMEOUT: Duration = Duration::from_secs(20);
/// How long the whole of it may take.
const TIMEOUT: Duration = Duration::from_mins(1);
/// What is shown of a server's own words.
const WORDS_SHOWN_MAX: usize = 300;

/// How the connection to the server is kept from being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailSecurity {
    /// Not at all: for a server on this machine.
    None,
    /// It begins in the open and goes on encrypted; a server that cannot is refused (RFC 3207).
    StartTls,
    /// From the first byte (RFC 8314).
    Tls,
}

/// The server, and who sends.
#[derive(Debug, Clone)]
pub struct MailServer {
    /// Its name, for which its certificate must be.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: MailSecurity,
    /// Name and password; `None` where the server asks for none.
    pub credentials: Option<(String, Secret)>,
    /// Who sends: `relay@example.com` or `ANC Relay <relay@example.com>`.
    pub from: String,
}

/// The sender is no address.
#[derive(Debug, thiserror::Error)]
#[error("not an address such as \"ANC Relay <relay@example.com>\"")]
pub struct SenderError;

/// A mail was not taken over by the server. The text is for operators, without secrets.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{operator}")]
pub struct MailFailure {
    /// Whether the same mail may be taken over later.
    pub may_be_repeated: bool,
    /// What happened.
    pub operator: String,
}

/// Sends mails, each over a connection of its own: they are few.
#[derive(Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl std::fmt::Debug for Mailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mailer").finish_non_exhaustive()
    }
}

impl Mailer {
    /// Connects to nobody yet.
    pub fn new(server: &MailServer) -> Result<Self, SenderError> {
        let from: Mailbox = server.from.parse().map_err(|_| SenderError)?;
        let tls = || TlsParameters::new_rustls(server.host.clone()).map_err(|_| SenderError);
        let tls = match server.security {
            MailSecurity::None => Tls::None,
            MailSecurity::StartTls => Tls::Required(tls()?),
            MailSecurity::Tls => Tls::Wrapper(tls()?),
        };
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&server.host)
            .port(server.port)
            .tls(tls)
            .timeout(Some(STEP_TIMEOUT));
        if let Some((name, password)) = &server.credentials {
            let password = password.expose().to_owned();
            transport = transport.credentials(Credentials::new(name.clone(), password));
        }
        Ok(Self { transport: transport.build(), from })
    }

    /// Whether a mail could go there.
    pub fn is_address(text: &str) -> bool {
        text.parse::<Address>().is_ok()
    }

    /// Hands one mail in plain text to the server. `id` becomes its `Message-ID`, so that a mail
    /// which is sent once more is the same one. What could begin a header of its own in the subject
    /// becomes a blank.
    pub async fn send(
        &self,
        to: &str,
        subject: &str,
        text: &Secret,
        id: Option<&str>,
    ) -> Result<(), MailFailure> {
        let never = |what: &str| MailFailure { may_be_repeated: false, operator: what.to_owned() };
        let to: Address = to.parse().map_err(|_| never("the recipient is no address"))?;
        let subject: String =
            subject.chars().map(|one| if one.is_control() { ' ' } else { one }).collect();
        let id = id.map(|id| format!("<{id}@{}>", self.from.email.domain()));
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(subject)
            .message_id(id)
            .header(ContentType::TEXT_PLAIN)
            .body(text.expose().to_owned())
            .map_err(|_| never("the mail cannot be put together"))?;
        match tokio::time::timeout(TIMEOUT, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(failure(&error)),
            Err(_) => Err(MailFailure {
                may_be_repeated: true,
                operator: "the server did not answer in time".to_owned(),
            }),
        }
    }
}

/// Only a lasting refusal (5xx, RFC 5321) ends it: all else may be otherwise later.
fn failure(error: &lettre::transport::smtp::Error) -> MailFailure {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(here) = cause {
        text.push_str(": ");
        text.push_str(&here.to_string());
        cause = here.source();
    }
    let clean = text.chars().map(|one| if one.is_control() { ' ' } else { one });
    MailFailure {
        may_be_repeated: !error.is_permanent(),
        operator: clean.take(WORDS_SHOWN_MAX).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mailer(from: &str) -> Result<Mailer, SenderError> {
        Mailer::new(&MailServer {
            host: "127.0.0.1".into(),
            port: 1,
            security: MailSecurity::None,
            credentials: None,
            from: from.into(),
        })
    }

    #[test]
    fn no_address_and_no_name_begins_a_header_or_a_command_of_its_own() {
        assert!(mailer("ANC Relay <relay@example.com>").is_ok());
        for bad in [
            "relay@example.com\r\nBcc: other@example.com",
            "Relay\r\nBcc: other@example.com <relay@example.com>",
            "",
            "relay",
        ] {
            assert!(mailer(bad).is_err(), "{bad:?}");
        }
        for bad in ["a@b.example\r\n", "a@b.example\nRCPT", "a@b.example>", "a b@c.example", "@"] {
            assert!(!Mailer::is_address(bad), "{bad:?}");
        }
        assert!(Mailer::is_address("somebody@example.com"));
    }

    #[tokio::test]
    async fn a_server_that_is_away_may_be_asked_again_and_a_wrong_address_not() {
        let mailer = mailer("relay@example.com").unwrap();
        let text = Secret::new("text");
        let away = mailer.send("you@example.com", "s", &text, None).await.unwrap_err();
        assert!(away.may_be_repeated, "{away}");
        let wrong = mailer.send("you", "s", &text, None).await.unwrap_err();
        assert!(!wrong.may_be_repeated, "{wrong}");
    }
}
