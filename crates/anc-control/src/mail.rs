//! The way out for mail, as far as sign-in needs one.

use anc_domain::Secret;

/// A mail in plain text.
#[derive(Debug, Clone)]
pub struct Mail {
    /// The one address that it goes to.
    pub to: String,
    /// One line.
    pub subject: &'static str,
    /// The text, which may hold a one-time link: it reaches no log.
    pub text: Secret,
}

/// Sends mail. It takes a mail over and gives no word of what became of it, so that no answer can
/// tell by its time or form whether a mail was sent.
pub trait SendMail: Send + Sync {
    /// Takes the mail over and returns at once.
    fn send(&self, mail: Mail);
}
