//! Mail, from the relay as it runs to a server on loopback.

use std::process::Command;

use anc_testkit::{Client, MailCatcher, OWNER_EMAIL, OWNER_PASSWORD, Relay};
use http::Method;
use serde_json::{Value, json};

const CONSOLE: [(&str, &str); 1] = [("x-anc-console", "1")];
const PUBLIC_URL: &str = "http://relay.example";
const BINARY: &str = env!("CARGO_BIN_EXE_anc-relay");

fn with_mail(catcher: &MailCatcher, more: &[(&str, &str)]) -> Relay {
    let set = catcher.environment();
    let mut settings: Vec<(&str, &str)> =
        set.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    settings.push(("ANC_PUBLIC_URL", PUBLIC_URL));
    settings.extend(more);
    Relay::start_with(BINARY, &settings)
}

async fn post(client: &Client, path: &str, body: &Value) -> u16 {
    client.call_with(Method::POST, path, &CONSOLE, body).await.status.as_u16()
}

async fn sign_in(client: &Client, password: &str) -> u16 {
    let credentials = json!({ "email": OWNER_EMAIL, "password": password });
    post(client, "/api/v1/session", &credentials).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forgotten_password_is_replaced_by_mail() {
    let catcher = MailCatcher::start().await;
    let sign_in_there =
        [("ANC_MAIL__USERNAME", "relay"), ("ANC_MAIL__PASSWORD", "hush-mail-canary")];
    let relay = with_mail(&catcher, &sign_in_there);
    relay.set_up("0");
    let client = relay.client();
    let asked = json!({ "email": OWNER_EMAIL });
    // A server that is busy is asked again.
    catcher.refuse("451 4.3.0 later");
    assert_eq!(post(&client, "/api/v1/password-resets", &asked).await, 202);
    let mail = catcher.wait_for(1).await.remove(0);
    assert_eq!(mail.to, [OWNER_EMAIL]);
    assert_eq!(mail.from, "relay@example.com");
    assert_eq!(mail.header("Subject"), Some("Your new password"));
    assert!(mail.text.contains(&format!("{PUBLIC_URL}/reset#code=")), "{}", mail.text);
    assert!(!catcher.sign_ins().is_empty());

    // Nobody is told whether an address is known, and a stranger's gets no mail.
    let stranger = json!({ "email": "stranger@example.com" });
    assert_eq!(post(&client, "/api/v1/password-resets", &stranger).await, 202);

    let new = json!({ "code": mail.code(), "password": "another horse battery" });
    assert_eq!(post(&client, "/api/v1/password-resets/confirm", &new).await, 204);
    assert_ne!(post(&client, "/api/v1/password-resets/confirm", &new).await, 204, "used up");
    assert_eq!(sign_in(&client, OWNER_PASSWORD).await, 401);
    assert_eq!(sign_in(&client, "another horse battery").await, 200);
    assert_eq!(catcher.caught().len(), 1);
    let log = relay.log();
    assert!(!log.contains(mail.code()) && !log.contains("hush-mail-canary"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_is_shown_to_be_ones_own_before_one_is_added() {
    let catcher = MailCatcher::start().await;
    let relay = with_mail(&catcher, &[("ANC_SIGN_UP", "open")]);
    relay.set_up("0");
    let client = relay.client();
    let body = json!({ "email": "new@example.com", "password": "chosen by a stranger" });
    assert_eq!(post(&client, "/api/v1/registrations", &body).await, 202);
    let mail = catcher.wait_for(1).await.remove(0);
    assert_eq!(mail.to, ["new@example.com"]);
    let finished = json!({ "code": mail.code(), "password": "chosen by its owner" });
    assert_eq!(post(&client, "/api/v1/registrations/confirm", &finished).await, 201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_mail_server_can_be_tried_from_the_command_line() {
    let catcher = MailCatcher::start().await;
    let relay = with_mail(&catcher, &[]);
    let said = relay.run(&["mail", "test", "you@example.com"], "");
    assert!(said.contains("you@example.com"), "{said}");
    assert_eq!(catcher.wait_for(1).await[0].to, ["you@example.com"]);

    catcher.refuse("550 5.7.1 we do not know you");
    let refused = relay.command(&["mail", "test", "you@example.com"], "");
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && why.contains("we do not know you"), "{why}");

    for bad in ["nobody", "a@b.example\r\nRCPT TO:<c@d.example>", "a@b.example, c@d.example", ""] {
        assert!(!relay.command(&["mail", "test", bad], "").status.success(), "{bad}");
    }
    assert_eq!(catcher.caught().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_encryption_is_sent_nothing_unless_it_is_this_machine() {
    let catcher = MailCatcher::start().await;
    let relay = with_mail(&catcher, &[("ANC_MAIL__SECURITY", "starttls")]);
    let refused = relay.command(&["mail", "test", "you@example.com"], "");
    assert!(!refused.status.success());
    assert!(catcher.caught().is_empty() && catcher.sign_ins().is_empty());
}

#[test]
fn mail_that_is_half_set_does_not_start_and_says_why() {
    let data = tempfile::tempdir().unwrap();
    for (name, value, said) in [
        ("ANC_MAIL__FROM", "relay@example.com", "mail.smtp_host"),
        ("ANC_MAIL__SMTP_HOST", "smtp.example.com", "public_url"),
    ] {
        let output = Command::new(BINARY)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data.path())
            .env(name, value)
            .output()
            .unwrap();
        let why = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && why.contains(said), "{why}");
    }
}
