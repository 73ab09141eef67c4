//! Settings of mail that make sense together.

use std::net::IpAddr;

use anc_control::Language;
use anc_domain::Secret;
use anc_upstream::{MailSecurity, MailServer, Mailer};
use url::Url;

use super::checked::wrong;
use super::payments::secret;
use super::raw::{ConfigError, RawMail};

/// How mail is sent.
#[derive(Debug, Clone)]
pub(crate) struct MailSettings {
    /// By which server.
    pub(crate) mailer: Mailer,
    /// In which language.
    pub(crate) language: Language,
}

/// `None` where there is no server. What is half set stops the start: people would wait for mail that
/// never comes.
pub(super) fn check_mail(
    raw: RawMail,
    public_url: Option<&Url>,
) -> Result<Option<MailSettings>, ConfigError> {
    let password =
        secret("mail.password", ("mail.password_file", &raw.password_file), &raw.password)?;
    let host = raw.smtp_host.trim().to_owned();
    if host.is_empty() {
        let set = !raw.from.is_empty() || !raw.username.is_empty() || !password.is_empty();
        return if set {
            Err(wrong("mail.smtp_host", "other settings of mail are set, but no server"))
        } else {
            Ok(None)
        };
    }
    let is_name = host.bytes().all(|one| one.is_ascii_alphanumeric() || b".-:".contains(&one));
    if !is_name {
        return Err(wrong("mail.smtp_host", "a name such as smtp.example.com, without a port"));
    }
    if raw.smtp_port == 0 {
        return Err(wrong("mail.smtp_port", "not a port"));
    }
    let security = match raw.security.as_str() {
        "starttls" => MailSecurity::StartTls,
        "tls" => MailSecurity::Tls,
        "none" if is_this_machine(&host) => MailSecurity::None,
        "none" => {
            return Err(wrong(
                "mail.security",
                "\"none\" is for a server on this machine alone; mails hold links that open accounts",
            ));
        }
        _ => return Err(wrong("mail.security", "\"starttls\", \"tls\" or \"none\"")),
    };
    let credentials = match (raw.username.is_empty(), password.is_empty()) {
        (true, true) => None,
        (false, false) => Some((raw.username, Secret::new(password))),
        (true, false) => return Err(wrong("mail.username", "there is a password but no name")),
        (false, true) => return Err(wrong("mail.password", "there is a name but no password")),
    };
    if public_url.is_none() {
        return Err(wrong("public_url", "mail needs it: its links lead there"));
    }
    let server = MailServer { host, port: raw.smtp_port, security, credentials, from: raw.from };
    Ok(Some(MailSettings {
        mailer: Mailer::new(&server).map_err(|error| wrong("mail.from", error.to_string()))?,
        language: Language::from_tag(&raw.language)
            .ok_or_else(|| wrong("mail.language", "\"en\" or \"zh-CN\""))?,
    }))
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(change: impl FnOnce(&mut RawMail)) -> Result<Option<MailSettings>, String> {
        let mut raw = RawMail {
            smtp_host: "smtp.example.com".into(),
            smtp_port: 587,
            security: "starttls".into(),
            username: "relay".into(),
            password: "hush-hush".into(),
            password_file: String::new(),
            from: "ANC Relay <relay@example.com>".into(),
            language: "en".into(),
        };
        change(&mut raw);
        let url: Url = "https://relay.example.com".parse().unwrap();
        check_mail(raw, Some(&url)).map_err(|error| error.to_string())
    }

    #[test]
    fn mail_that_is_half_set_stops_the_start_and_says_why() {
        type Change = fn(&mut RawMail);
        let cases: [(&str, Change); 11] = [
            ("mail.smtp_host", |raw| raw.smtp_host.clear()),
            ("mail.smtp_host", |raw| raw.smtp_host = "smtp://mail".into()),
            ("mail.smtp_port", |raw| raw.smtp_port = 0),
            ("this machine", |raw| raw.security = "none".into()),
            ("mail.security", |raw| raw.security = "ssl".into()),
            ("no password", |raw| raw.password.clear()),
            ("no name", |raw| raw.username.clear()),
            ("mail.from", |raw| raw.from.clear()),
            ("mail.from", |raw| raw.from = "a@b.example\r\nbcc: c@d.example".into()),
            ("mail.language", |raw| raw.language = "de".into()),
            ("cannot be read", |raw| {
                raw.password.clear();
                raw.password_file = "/nonexistent".into();
            }),
        ];
        for (said, change) in cases {
            let error = check(change).unwrap_err();
            assert!(error.contains(said), "{said}: {error}");
            assert!(!error.contains("hush-hush"), "{error}");
        }
    }

    #[test]
    fn mail_that_is_whole_is_taken_and_none_is_off() {
        assert!(check(|_| {}).unwrap().is_some());
        assert!(
            check(|raw| {
                raw.smtp_host = "127.0.0.1".into();
                raw.security = "none".into();
                raw.username.clear();
                raw.password.clear();
            })
            .unwrap()
            .is_some()
        );
        let off = check(|raw| {
            raw.smtp_host.clear();
            raw.username.clear();
            raw.password.clear();
            raw.from.clear();
        });
        assert!(off.unwrap().is_none());
    }
}
