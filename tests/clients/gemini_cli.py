"""Gemini CLI, headless: `gemini -p`, with an API key."""

import json

import answers
from programs import NODE_MODULES, Program, Seen, leave

SCRIPT = NODE_MODULES / "@google/gemini-cli/bundle/gemini.js"
SETTINGS = {
    "general": {"disableAutoUpdate": True, "disableUpdateNag": True},
    "privacy": {"usageStatisticsEnabled": False},
    "security": {"auth": {"selectedType": "gemini-api-key"}},
}


class GeminiCli:
    name = "gemini_cli"
    protocol = answers.Gemini
    simulated = "sim-gemini"
    second_try = "stream"

    @staticmethod
    def start(world, secret, prompt="say hello", model="gemini-test", files=()):
        environment = {
            "GEMINI_API_KEY": secret,
            "GEMINI_CLI_TRUST_WORKSPACE": "true",
            "GOOGLE_GEMINI_BASE_URL": world.origin,
        }
        settings = (".gemini/settings.json", json.dumps(SETTINGS))
        flags = ["--model", model, "--output-format", "json"]
        return Program(["node", SCRIPT, "-p", prompt, *flags], environment, [*files, settings])

    @classmethod
    def ask(cls, world, secret, **options):
        printed = cls.start(world, secret, **options).finish()
        if not printed.out.startswith("{"):
            return printed.unreadable()
        result = json.loads(printed.out)
        models = result["stats"]["models"]
        tokens = [it["tokens"] for it in models.values()]
        usage = (sum(it["prompt"] for it in tokens), sum(it["candidates"] for it in tokens))
        error = result.get("error", {}).get("message", "")
        return Seen(result["response"], error, usage, models)

    @classmethod
    def leave(cls, world, secret):
        leave(cls.start(world, secret), world)
