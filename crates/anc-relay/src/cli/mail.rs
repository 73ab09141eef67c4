//! Commands on mail, which need neither the database nor a running relay.

use anc_domain::Secret;

use crate::cli::{CliError, print};
use crate::config::Config;

/// Sends a mail and tells what became of it.
pub(super) async fn test(config: &Config, address: &str) -> Result<(), CliError> {
    let mail = config.mail.as_ref().ok_or(CliError::NoMailServer)?;
    let text = Secret::new("This relay can send mail.\n");
    mail.mailer.send(address, "A mail from ANC Relay", &text, None).await?;
    print::line(&format!("the server took a mail to {address}"))
}
