//! Price lists of other programs: what they would change, and a yes before it does.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};

use bytes::Bytes;
use http::Method;
use serde_json::Value;

use crate::cli::CliError;
use crate::cli::api::Api;
use crate::cli::arguments::PriceImport;
use crate::cli::commands::encoded;
use crate::cli::print::{Table, dollars, field, line};

/// Names of a kind that are told one by one.
const NAMED_MAX: usize = 40;

pub(super) async fn import(api: &Api, import: PriceImport) -> Result<(), CliError> {
    let PriceImport { format, providers, except, dry_run, yes, file } = import;
    let list = tokio::fs::read(&file)
        .await
        .map_err(|error| CliError::FileUnreadable(file.display().to_string(), error))?;
    let list = Bytes::from(list);
    let mut query = format!("format={}", encoded(&format));
    for (key, values) in [("providers", providers), ("except", except)] {
        if !values.is_empty() {
            // Writing to a text cannot fail.
            let _ = write!(query, "&{key}={}", encoded(&values.join(",")));
        }
    }
    let ask = async |path: String| -> Result<Value, CliError> {
        let answer = api.send(Method::POST, &path, list.clone()).await?;
        serde_json::from_slice(&answer).map_err(CliError::unanswered)
    };
    let preview = ask(format!("/price-imports/preview?{query}")).await?;
    tell(&preview)?;
    let changing = number(&preview, "added") + number(&preview, "changed");
    if changing == 0 {
        return line("Nothing changes.");
    }
    if dry_run {
        return line("Nothing was changed.");
    }
    if !yes && !confirmed(changing)? {
        return Err(CliError::NotConfirmed);
    }
    let digest = field(&preview, "digest");
    let done = ask(format!("/price-imports?{query}&digest={}", encoded(&digest))).await?;
    let (added, changed) = (number(&done, "added"), number(&done, "changed"));
    line(&format!("{added} models were added, and {changed} changed."))
}

/// Asks on the terminal; without one nobody can say yes.
fn confirmed(changing: u64) -> Result<bool, CliError> {
    if !std::io::stdin().is_terminal() {
        return Ok(false);
    }
    let mut out = std::io::stdout();
    write!(out, "Change the prices of {changing} models? [y/N] ").map_err(CliError::Output)?;
    out.flush().map_err(CliError::Output)?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).map_err(CliError::Output)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn number(document: &Value, key: &str) -> u64 {
    document[key].as_u64().unwrap_or(0)
}

fn tell(preview: &Value) -> Result<(), CliError> {
    let items = preview["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    let of = |step: &'static str| items.iter().filter(move |item| item["step"] == step);
    let mut table = Table::new(&["MODEL", "PRICE", "WHEN", "NOW", "THEN", ""]);
    let mut rows = 0;
    for item in of("changed") {
        for change in item["changes"].as_array().into_iter().flatten() {
            let price = |key: &str| change[key].as_str().map_or_else(|| "-".to_owned(), dollars);
            let jump = change["jump"] == true;
            table.row(&[
                field(item, "model"),
                field(change, "meter"),
                condition(&change["condition"]),
                price("before"),
                price("after"),
                if jump { "OVER 10×".to_owned() } else { String::new() },
            ]);
            rows += 1;
        }
        for limit in item["limits"].as_array().into_iter().flatten() {
            let units = |key: &str| limit[key].as_u64().map_or("-".to_owned(), |n| n.to_string());
            let (before, after) = (units("before"), units("after"));
            let when = String::new();
            let model = field(item, "model");
            table.row(&[model, field(limit, "limit"), when, before, after, String::new()]);
            rows += 1;
        }
    }
    if rows > 0 {
        line("Prices that change, in dollars per million units:")?;
        table.print()?;
    }
    tell_added(of("added"))?;
    tell_names("Set by hand, and kept", of("kept").map(|item| field(item, "model")))?;
    let changing = items.iter().filter(|item| item["step"] != "kept");
    let partly = changing.filter_map(|item| {
        let keys = item["not_taken"].as_array().filter(|keys| !keys.is_empty())?;
        let keys: Vec<&str> = keys.iter().filter_map(Value::as_str).collect();
        Some(format!("{} ({})", field(item, "model"), keys.join(", ")))
    });
    tell_names("Figures of the list that the price book has no place for", partly)?;
    let skipped = preview["skipped"].as_array().into_iter().flatten();
    let skipped = skipped.map(|one| {
        let (name, reason, key) = (field(one, "name"), field(one, "reason"), field(one, "key"));
        let key = if key.is_empty() { key } else { format!(": {key}") };
        format!("{name} ({reason}{key})")
    });
    tell_names("Not taken over", skipped)?;
    let counts = |key: &str| {
        let counts = preview[key].as_object().into_iter().flatten();
        counts.map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>()
    };
    tell_names("Other kinds of models, left out", counts("other_kinds").into_iter())?;
    let others = counts("other_providers");
    tell_names("Other providers, left out unless named by --providers", others.into_iter())?;
    line(&format!(
        "{} added, {} changed, {} kept, {} as they are.",
        number(preview, "added"),
        number(preview, "changed"),
        number(preview, "kept"),
        number(preview, "unchanged"),
    ))?;
    match number(preview, "jumps") {
        0 => Ok(()),
        jumps => line(&format!(
            "WARNING: {jumps} prices become more than ten times as much, or less than a tenth."
        )),
    }
}

fn tell_added<'a>(items: impl Iterator<Item = &'a Value>) -> Result<(), CliError> {
    let mut table = Table::new(&["MODEL", "INPUT", "OUTPUT", "OTHERS"]);
    let mut rows = 0;
    for item in items {
        let changes = item["changes"].as_array().map(Vec::as_slice).unwrap_or_default();
        let usual =
            |change: &&Value| change["condition"].as_object().is_none_or(serde_json::Map::is_empty);
        let price = |meter: &str| {
            let named = changes.iter().filter(usual).find(|change| change["meter"] == meter);
            named.and_then(|one| one["after"].as_str()).map(dollars).unwrap_or_default()
        };
        let others = changes.len().saturating_sub(2).to_string();
        table.row(&[field(item, "model"), price("input"), price("output"), others]);
        rows += 1;
    }
    if rows == 0 {
        return Ok(());
    }
    line("Models that get a price, in dollars per million units:")?;
    table.print()
}

fn tell_names(what: &str, names: impl Iterator<Item = String>) -> Result<(), CliError> {
    let names: Vec<String> = names.collect();
    if names.is_empty() {
        return Ok(());
    }
    let more = names.len().saturating_sub(NAMED_MAX);
    let shown = names.get(..NAMED_MAX).unwrap_or(&names).join(", ");
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    line(&format!("{what}: {shown}{more}"))
}

/// A rule's conditions as people read them: `input_above 272000, service_tier priority`.
fn condition(condition: &Value) -> String {
    let conditions = condition.as_object().into_iter().flatten();
    let words = conditions.map(|(key, _)| format!("{key} {}", field(condition, key)));
    words.collect::<Vec<_>>().join(", ")
}
