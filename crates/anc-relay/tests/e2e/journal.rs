//! What clients have seen of many requests, against what the books say of them and what the provider
//! was asked.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anc_domain::{Entropy as _, OsEntropy};
use anc_testkit::{Client, Events, Relay};
use http::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{CHAT_MODEL, chat, messages, nanos, price_of};

/// Clients at once.
const CLIENTS: u64 = 16;

/// A number below `below`, of dice that need not be repeated: what failed is in the journal.
pub(crate) fn dice(below: u64) -> u64 {
    let mut bytes = [0; 8];
    OsEntropy.fill(&mut bytes);
    u64::from_le_bytes(bytes) % below
}

/// What one request came to, as its client saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Its last word was read, and it told of so many units of input and output.
    Complete { input: i128, output: i128 },
    /// It was refused.
    Refused,
    /// It was cut, or left by the client.
    Part,
}

/// What the clients of one life of the relay have seen, by request id.
pub(crate) type Journal = HashMap<String, Seen>;

/// The last report of units in a text of any of the protocols.
fn reported(text: &str) -> Option<Seen> {
    let last = |name: &str| -> Option<i128> {
        let (_, rest) = text.rsplit_once(&format!("\"{name}\":"))?;
        let digits: String = rest.trim_start().chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    };
    let input = last("prompt_tokens").or_else(|| last("input_tokens"))?;
    let output = last("completion_tokens").or_else(|| last("output_tokens"))?;
    Some(Seen::Complete { input, output })
}

/// One request of a random kind; `None` where the relay was gone before its head came.
async fn one_request(client: &Client, token: &str, number: u64) -> Option<(String, Seen)> {
    let streams = dice(3) > 0;
    let (path, mut body) = match dice(2) {
        0 => ("/v1/chat/completions", chat(streams)),
        _ => ("/v1/messages", messages(streams)),
    };
    let ask = format!("write {} words, request {number}", 1 + dice(40));
    body["messages"] = json!([{"role": "user", "content": ask}]);
    if streams && body["model"] == CHAT_MODEL {
        body["stream_options"] = json!({"include_usage": true});
    }
    let mut events = client.stream(path, token, &body).await.ok()?;
    let id = events.request_id();
    if events.status != 200 {
        return Some((id, Seen::Refused));
    }
    // One in eight leaves in the middle.
    let leaves_after = if dice(8) == 0 { 1 + dice(5) } else { u64::MAX };
    let whole = read(&mut events, leaves_after).await;
    let is_over = whole && (!streams || events.is_complete());
    let seen = if is_over { reported(events.text()).unwrap_or(Seen::Part) } else { Seen::Part };
    Some((id, seen))
}

/// Reads to the end, or so many frames; whether the end came.
async fn read(events: &mut Events, frames: u64) -> bool {
    for _ in 0..frames {
        match events.more().await {
            Ok(true) => {}
            Ok(false) => return true,
            Err(_) => return false,
        }
    }
    false
}

/// Mixed load until `stop`, and what it saw.
pub(crate) fn load(
    client: &Client,
    tokens: &[String],
    stop: &Arc<AtomicBool>,
    count: &Arc<AtomicU64>,
) -> JoinSet<Journal> {
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        let token = tokens[usize::try_from(number).unwrap() % tokens.len()].clone();
        let (client, stop, count) = (client.clone(), Arc::clone(stop), Arc::clone(count));
        clients.spawn(async move {
            let mut journal = Journal::new();
            while !stop.load(Ordering::Relaxed) {
                let number = count.fetch_add(1, Ordering::Relaxed);
                match one_request(&client, &token, number).await {
                    Some((id, seen)) => {
                        assert!(journal.insert(id, seen).is_none(), "an id was given twice");
                    }
                    None => tokio::time::sleep(Duration::from_millis(2)).await,
                }
            }
            journal
        });
    }
    clients
}

/// Every usage row, newest first.
pub(crate) fn usage_rows(relay: &Relay) -> Vec<Value> {
    let mut rows = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = relay.control(&Method::GET, &format!("/usage?limit=200{cursor}"), &Value::Null);
        rows.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return rows,
        }
    }
}

/// Every answer that a client has whole is charged once and exactly; nothing else is charged that
/// was refused; nobody is charged for what the provider never saw.
pub(crate) fn compare(journal: &Journal, rows: &[Value], upstream_requests: u64) {
    let mut by_id: HashMap<&str, &Value> = HashMap::new();
    for row in rows {
        let id = row["request_id"].as_str().unwrap();
        assert!(by_id.insert(id, row).is_none(), "{id} is charged twice");
    }
    for (id, seen) in journal {
        let row = by_id.get(id.as_str());
        match seen {
            Seen::Complete { input, output } => {
                let row = row.unwrap_or_else(|| panic!("{id} was answered and is not charged"));
                assert_eq!(nanos(&row["charge"]), price_of(*input, *output), "{row}");
                assert_eq!(
                    (&row["end_reason"], &row["estimated"]),
                    (&json!("complete"), &json!(false))
                );
            }
            Seen::Refused => assert!(row.is_none(), "{id} was refused and is charged"),
            Seen::Part => {}
        }
    }
    // A relay that dies between its hold and the provider's door cannot know what is owed any more.
    let charged = rows.iter().filter(|row| row["end_reason"] != "interrupted").count();
    let charged = u64::try_from(charged).unwrap();
    assert!(charged <= upstream_requests, "{charged} charges, {upstream_requests} requests there");
}
