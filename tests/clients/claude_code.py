"""Claude Code, headless: `claude -p`."""

import json

import answers
from programs import NODE_MODULES, Program, Seen, leave

MODEL_SMALL = "claude-test-small"


class ClaudeCode:
    name = "claude_code"
    protocol = answers.Messages
    simulated = "sim-claude"
    second_try = "whole"
    """After a broken stream it asks again for an answer without one."""

    @staticmethod
    def binary():
        """The native program of this platform; npm installs no other."""
        found = sorted((NODE_MODULES / "@anthropic-ai").glob("claude-code-*/claude"))
        if not found:
            raise RuntimeError("no claude for this platform in node_modules; run make clients")
        return found[0]

    @classmethod
    def start(cls, world, secret, prompt="say hello", model="claude-test", files=(), **more):
        environment = {
            "ANTHROPIC_BASE_URL": world.origin,
            "ANTHROPIC_AUTH_TOKEN": secret,
            "ANTHROPIC_DEFAULT_HAIKU_MODEL": MODEL_SMALL,
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_AUTOUPDATER": "1",
            "DISABLE_TELEMETRY": "1",
            **more,
        }
        flags = ["--model", model, "--output-format", "json", "--allowedTools", "Read"]
        return Program([cls.binary(), "-p", prompt, *flags], environment, files)

    @classmethod
    def ask(cls, world, secret, **options):
        printed = cls.start(world, secret, **options).finish()
        if not printed.out.startswith("{"):
            return printed.unreadable()
        result = json.loads(printed.out)
        used = [(it["inputTokens"], it["outputTokens"]) for it in result["modelUsage"].values()]
        usage = tuple(map(sum, zip(*used, strict=True))) if used else None
        failed = result["is_error"] or printed.status != 0
        text = result["result"]
        return Seen("" if failed else text, text if failed else "", usage, result["modelUsage"])

    @classmethod
    def leave(cls, world, secret):
        leave(cls.start(world, secret), world)
