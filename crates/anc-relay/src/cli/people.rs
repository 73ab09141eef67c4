//! Commands about people.

use http::Method;
use serde_json::{Map, Value, json};

use crate::cli::CliError;
use crate::cli::api::Api;
use crate::cli::arguments::{User, UserNamed, UserSet};
use crate::cli::commands::{encoded, from_stdin, items};
use crate::cli::print::{Table, field, line};

/// People asked for at once.
const PAGE: usize = 200;

pub(super) async fn user(api: &Api, command: User) -> Result<(), CliError> {
    match command {
        User::Add(add) => {
            let body = json!({
                "email": add.email,
                "password": from_stdin("the password")?,
                "role": add.role,
                "billing": if add.unmetered { "unmetered" } else { "metered" },
            });
            let user = api.post("/users", &body).await?;
            line(&format!("{} can now sign in to the console.", field(&user, "email")))
        }
        User::List(listed) => {
            let users = all(api, "").await?;
            if listed.json {
                return line(&Value::Array(users).to_string());
            }
            let mut table = Table::new(&["ID", "Email", "Role", "Account", "Disabled"]);
            for user in &users {
                let columns = ["id", "email", "role", "account", "disabled"];
                table.row(&columns.map(|key| field(user, key)));
            }
            table.print()
        }
        User::Set(set) => change(api, set).await,
        User::PasswordLink(UserNamed { email }) => {
            let path = format!("/users/{}/password-link", id_of(api, &email).await?);
            let made = api.post(&path, &json!({})).await?;
            line(&field(&made, "link"))
        }
        User::RemoveFactor(UserNamed { email }) => {
            let path = format!("/users/{}/factors", id_of(api, &email).await?);
            api.call(Method::DELETE, &path, None).await?;
            line(&format!("{email} now signs in with the password alone."))
        }
        User::Invite(invite) => {
            let body = json!({ "email": invite.email, "days": invite.days });
            let made = api.post("/invitations", &body).await?;
            line(&field(&made, "link"))
        }
    }
}

async fn change(api: &Api, set: UserSet) -> Result<(), CliError> {
    let mut body = Map::new();
    if let Some(role) = set.role {
        body.insert("role".to_owned(), json!(role));
    }
    if let Some(name) = set.name {
        body.insert("name".to_owned(), json!(name));
    }
    if set.enable || set.disable {
        body.insert("disabled".to_owned(), json!(set.disable));
    }
    let path = format!("/users/{}", id_of(api, &set.email).await?);
    let body = Value::Object(body);
    let user = api.call(Method::PATCH, &path, Some(&body)).await?;
    let state = if user["disabled"] == true { "disabled" } else { "enabled" };
    line(&format!("{} is {state}, with the role {}.", field(&user, "email"), field(&user, "role")))
}

/// The id of whoever signs in with that address.
async fn id_of(api: &Api, email: &str) -> Result<String, CliError> {
    let known = email.to_lowercase();
    let users = all(api, &known).await?;
    let user = users.iter().find(|user| field(user, "email") == known);
    user.map(|user| field(user, "id")).ok_or_else(|| CliError::NoSuchUser(email.to_owned()))
}

async fn all(api: &Api, search: &str) -> Result<Vec<Value>, CliError> {
    let (mut users, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/users?limit={PAGE}&search={}{cursor}", encoded(search));
        let page = api.get(&path).await?;
        users.extend(items(&page).iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={}", encoded(next)),
            None => return Ok(users),
        }
    }
}
