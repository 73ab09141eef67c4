//! Redemption codes on the command line.

use std::fmt::Write as _;

use http::Method;
use serde_json::{Value, json};
use url::form_urlencoded::byte_serialize;

use crate::cli::CliError;
use crate::cli::api::Api;
use crate::cli::arguments::{Code, CodeCreate, CodeList, CodeRevoke};
use crate::cli::commands::point_in_time;
use crate::cli::print::{Table, field, line, money_or};

/// Codes asked for at once when a list is printed.
const PAGE: usize = 200;

pub(super) async fn code(api: &Api, command: Code) -> Result<(), CliError> {
    match command {
        Code::Create(create) => create_codes(api, create).await,
        Code::List(list) => list_codes(api, list).await,
        Code::Revoke(revoke) => revoke_codes(api, revoke).await,
    }
}

/// Prints the table with the codes, which nothing shows again.
async fn create_codes(api: &Api, create: CodeCreate) -> Result<(), CliError> {
    let body = json!({
        "count": create.count,
        "amount": create.amount,
        "uses": create.uses,
        "again_by_account": create.again_by_account,
        "expires_at": create.expires.map(|text| point_in_time(&text)),
        "note": create.note,
    });
    let made = api.post("/redemption-codes", &body).await?;
    line(field(&made, "csv").trim_end())
}

async fn list_codes(api: &Api, list: CodeList) -> Result<(), CliError> {
    let mut query = format!("?limit={PAGE}");
    for (key, value) in [("batch", list.batch), ("state", list.state)] {
        if let Some(value) = value {
            let value: String = byte_serialize(value.as_bytes()).collect();
            let _ = write!(query, "&{key}={value}");
        }
    }
    let (mut codes, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = api.get(&format!("/redemption-codes{query}{cursor}")).await?;
        codes.extend(page["items"].as_array().into_iter().flatten().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    if list.listed.json {
        return line(&Value::Array(codes).to_string());
    }
    let mut table =
        Table::new(&["ID", "Code", "Amount", "Redeemed", "State", "Expires", "Batch", "Note"]);
    for code in &codes {
        table.row(&[
            field(code, "id"),
            field(code, "hint"),
            money_or(code, "amount", ""),
            format!("{} of {}", field(code, "used"), field(code, "uses")),
            field(code, "state"),
            field(code, "expires_at"),
            field(code, "batch"),
            field(code, "note"),
        ]);
    }
    table.print()
}

async fn revoke_codes(api: &Api, revoke: CodeRevoke) -> Result<(), CliError> {
    let id = revoke.id;
    if id.starts_with("rcb_") {
        let path = format!("/redemption-batches/{id}/revoke");
        let answer = api.call(Method::POST, &path, None).await?;
        return line(&format!("{} codes of {id} are revoked.", field(&answer, "revoked")));
    }
    let answer = api.call(Method::POST, &format!("/redemption-codes/{id}/revoke"), None).await?;
    let (hint, state) = (field(&answer, "hint"), field(&answer, "state"));
    line(&format!("Code {hint} ({id}) is {}.", state.replace('_', " ")))
}
