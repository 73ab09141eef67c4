//! A relay with an owner, two providers and prices, ready to be called.

use std::time::Duration;

use anc_testkit::simulator::{ChatStream, ScriptedUpstream, Step, chat_usage};
use anc_testkit::{Client, Relay};
use serde_json::{Value, json};

/// The models that the tests call, and what a million of their units cost.
pub(crate) const CHAT_MODEL: &str = "chat-model";
pub(crate) const MESSAGES_MODEL: &str = "messages-model";
pub(crate) const INPUT_PRICE: i128 = 3;
pub(crate) const OUTPUT_PRICE: i128 = 15;

pub(crate) struct World {
    pub(crate) relay: Relay,
    pub(crate) upstream: ScriptedUpstream,
    pub(crate) client: Client,
}

impl World {
    /// An owner with that balance, one OpenAI and one Anthropic channel to the same scripted
    /// provider, and prices of $3 and $15 a million.
    pub(crate) async fn new(balance: &str) -> Self {
        Self::with_settings(balance, &[]).await
    }

    pub(crate) async fn with_settings(balance: &str, settings: &[(&str, &str)]) -> Self {
        Self::at(ScriptedUpstream::start().await.unwrap(), balance, settings)
    }

    /// The same before a provider of one's own.
    pub(crate) fn at(upstream: ScriptedUpstream, balance: &str, settings: &[(&str, &str)]) -> Self {
        let relay = Relay::start_with(env!("CARGO_BIN_EXE_anc-relay"), settings);
        relay.set_up(balance);
        relay.connect("openai", &format!("{}/v1", upstream.base_url()), CHAT_MODEL);
        relay.connect("anthropic", &upstream.base_url(), MESSAGES_MODEL);
        for model in [CHAT_MODEL, MESSAGES_MODEL] {
            relay.set_price(model, "3", "15");
        }
        let client = relay.client();
        Self { relay, upstream, client }
    }

    /// What a token has used, in nano-dollars.
    pub(crate) fn used(&self, token: &str) -> i128 {
        nanos(&self.relay.token(token)["used_quota"])
    }
}

/// A decimal string of dollars in nano-dollars.
pub(crate) fn nanos(amount: &Value) -> i128 {
    let text = amount.as_str().unwrap_or_else(|| panic!("{amount} is not an amount"));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{fraction:0<9}").parse().unwrap_or_else(|_| panic!("{text} is not an amount"))
}

/// What `input` and `output` units cost at the tests' prices: dollars a million are thousands of
/// nano-dollars a unit, so that no rounding comes into it.
pub(crate) fn price_of(input: i128, output: i128) -> i128 {
    (input * INPUT_PRICE + output * OUTPUT_PRICE) * 1_000
}

pub(crate) fn chat(stream: bool) -> Value {
    json!({
        "model": CHAT_MODEL,
        "messages": [{"role": "user", "content": "Say something"}],
        "max_tokens": 200,
        "stream": stream,
    })
}

pub(crate) fn messages(stream: bool) -> Value {
    json!({
        "model": MESSAGES_MODEL,
        "messages": [{"role": "user", "content": "Say something"}],
        "max_tokens": 200,
        "stream": stream,
    })
}

/// A chat stream of `pieces` pieces, one each 20 ms, with honest usage.
pub(crate) fn slow_chat(pieces: usize) -> Step {
    slow_chat_every(pieces, Duration::from_millis(20))
}

pub(crate) fn slow_chat_every(pieces: usize, wait: Duration) -> Step {
    let units = u64::try_from(pieces).unwrap_or(0);
    let stream = ChatStream::saying((0..pieces).map(|number| format!("w{number:03} ")))
        .usage(chat_usage(20, 0, units * 2, 0));
    Step::stream(stream.frames()).every(wait)
}

/// Waits until `holds` or fails after ten seconds.
pub(crate) async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..200 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{what} did not come about");
}
