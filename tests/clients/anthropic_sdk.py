"""The anthropic package: Messages."""

import anthropic

import answers
from programs import Seen


def client_of(world, secret, **options):
    return anthropic.Anthropic(base_url=world.origin, api_key=secret, timeout=30, **options)


class AnthropicMessages:
    name = "anthropic_messages"
    protocol = answers.Messages
    simulated = "sim-claude"
    second_try = None

    @staticmethod
    def stream(world, secret, model="claude-test"):
        return client_of(world, secret).messages.create(
            model=model,
            max_tokens=1000,
            messages=[{"role": "user", "content": "say hello"}],
            stream=True,
        )

    @classmethod
    def ask(cls, world, secret, **options):
        text, units = "", [None, None]
        try:
            for event in cls.stream(world, secret, **options):
                if event.type == "message_start":
                    units[0] = event.message.usage.input_tokens
                elif event.type == "content_block_delta":
                    text += event.delta.text
                elif event.type == "message_delta":
                    units[1] = event.usage.output_tokens
        except anthropic.AnthropicError as error:
            return Seen(text, repr(error))
        return Seen(text, "", tuple(units))

    @classmethod
    def leave(cls, world, secret):
        with cls.stream(world, secret) as stream:
            next(event for event in stream if event.type == "content_block_delta")
