//! The way out for mail, and what mails say.
//!
//! Links to register and to set a password are sent at once and kept nowhere: the database has
//! their hashes alone. Everything else goes through the outbox.

mod texts;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use anc_domain::Secret;
use anc_upstream::{MailFailure, Mailer};

pub(crate) use texts::{already_registered, registration, reset};

/// How long after a try the next one is made of a mail that is kept in memory only. Its link works
/// for a quarter of an hour at least.
const AGAIN: [Duration; 2] = [Duration::from_secs(5), Duration::from_mins(1)];

/// A mail in plain text.
#[derive(Debug, Clone)]
pub struct Mail {
    /// The one address that it goes to.
    pub to: String,
    /// One line.
    pub subject: String,
    /// The text, which may hold a one-time link: it reaches no log.
    pub text: Secret,
    /// What tells it from every other, so that a mail which is sent once more is the same one.
    pub id: Option<String>,
}

/// What becomes of a mail.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<(), MailFailure>> + Send + 'a>>;

/// Hands mail to a server.
pub trait SendMail: Send + Sync {
    /// One try.
    fn send(&self, mail: Mail) -> Sending<'_>;
}

impl SendMail for Mailer {
    fn send(&self, mail: Mail) -> Sending<'_> {
        Box::pin(async move {
            Self::send(self, &mail.to, &mail.subject, &mail.text, mail.id.as_deref()).await
        })
    }
}

/// The languages that mails are written in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Simplified Chinese.
    Chinese,
}

impl Language {
    /// The language of that tag (BCP 47).
    pub fn from_tag(tag: &str) -> Option<Self> {
        match tag {
            "en" => Some(Self::English),
            "zh-CN" => Some(Self::Chinese),
            _ => None,
        }
    }
}

/// How this instance sends mail.
#[derive(Clone)]
pub struct MailWay {
    /// By whom.
    pub by: Arc<dyn SendMail>,
    /// In which language.
    pub language: Language,
}

impl MailWay {
    /// Sends a mail that is kept nowhere else, and tries a few times. To be called apart from any
    /// answer, which must not tell by its time or form whether a mail was sent.
    pub(crate) async fn send_unkept(&self, mail: Mail) {
        let mut tries = 0;
        while let Err(failure) = self.by.send(mail.clone()).await {
            let wait = AGAIN.get(tries).filter(|_| failure.may_be_repeated);
            let Some(wait) = wait else {
                tracing::error!(why = failure.operator, "a mail with a link could not be sent");
                return;
            };
            tokio::time::sleep(*wait).await;
            tries += 1;
        }
    }
}
