"""Codex, headless: `codex exec`, over HTTP unless its configuration says otherwise."""

import json

import answers
from programs import NODE_MODULES, Program, Seen, leave

SCRIPT = NODE_MODULES / "@openai/codex/bin/codex.js"

OVER_HTTP = """
model_provider = "relay"

[model_providers.relay]
name = "relay"
base_url = "{origin}/v1"
env_key = "OPENAI_API_KEY"
wire_api = "responses"
supports_websockets = false
"""
OVER_WEBSOCKET = OVER_HTTP.replace("supports_websockets = false", "supports_websockets = true")
BUILT_IN = 'openai_base_url = "{origin}/v1"'
"""The provider that it brings, at another address; it speaks WebSocket where it can."""


class Codex:
    name = "codex"
    protocol = answers.Responses
    simulated = "sim-gpt"
    second_try = "stream"

    @staticmethod
    def start(world, secret, prompt="say hello", model="gpt-test", files=(), config=OVER_HTTP):
        settings = (".codex/config.toml", config.format(origin=world.origin))
        flags = ["--json", "--skip-git-repo-check", "--sandbox", "read-only", "--model", model]
        command = ["node", SCRIPT, "exec", *flags, prompt]
        return Program(
            command, {"OPENAI_API_KEY": secret, "CODEX_API_KEY": secret}, [*files, settings]
        )

    @classmethod
    def ask(cls, world, secret, **options):
        printed = cls.start(world, secret, **options).finish()
        text, usage, error, report = "", None, "", None
        for event in map(json.loads, printed.out.splitlines()):
            item = event.get("item", {})
            if event["type"] == "item.completed" and item["type"] == "agent_message":
                text = item["text"]
            elif event["type"] == "turn.completed":
                report = event["usage"]
                usage = (report["input_tokens"], report["output_tokens"])
            elif event["type"] == "turn.failed":
                error = event["error"]["message"]
        if printed.status != 0 and not error:
            return printed.unreadable()
        return Seen(text, error, usage, report)

    @classmethod
    def leave(cls, world, secret):
        leave(cls.start(world, secret), world)
