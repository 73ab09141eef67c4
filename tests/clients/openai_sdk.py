"""The openai package: Chat Completions and Responses."""

import openai

import answers
from programs import Seen


def client_of(world, secret, **options):
    base_url = f"{world.origin}/v1"
    return openai.OpenAI(base_url=base_url, api_key=secret, timeout=30, **options)


class OpenAIChat:
    name = "openai_chat"
    protocol = answers.Chat
    simulated = "sim-gpt"
    second_try = None

    @staticmethod
    def stream(world, secret, model="gpt-test"):
        return client_of(world, secret).chat.completions.create(
            model=model,
            messages=[{"role": "user", "content": "say hello"}],
            stream=True,
            stream_options={"include_usage": True},
        )

    @classmethod
    def ask(cls, world, secret, **options):
        text, usage = "", None
        try:
            for chunk in cls.stream(world, secret, **options):
                if chunk.choices:
                    text += chunk.choices[0].delta.content or ""
                if chunk.usage:
                    usage = (chunk.usage.prompt_tokens, chunk.usage.completion_tokens)
        except openai.OpenAIError as error:
            return Seen(text, repr(error), usage)
        return Seen(text, "", usage)

    @classmethod
    def leave(cls, world, secret):
        with cls.stream(world, secret) as stream:
            next(chunk for chunk in stream if chunk.choices[0].delta.content)


class OpenAIResponses:
    name = "openai_responses"
    protocol = answers.Responses
    simulated = "sim-gpt"
    second_try = None

    @staticmethod
    def stream(world, secret, model="gpt-test"):
        client = client_of(world, secret)
        return client.responses.create(model=model, input="say hello", stream=True)

    @classmethod
    def ask(cls, world, secret, **options):
        text, usage, error = "", None, "the stream has no last event"
        try:
            for event in cls.stream(world, secret, **options):
                if event.type == "response.output_text.delta":
                    text += event.delta
                elif event.type == "response.completed":
                    error = ""
                    if reported := event.response.usage:
                        usage = (reported.input_tokens, reported.output_tokens)
                elif event.type == "response.failed":
                    error = event.response.error.message
        except openai.OpenAIError as raised:
            error = repr(raised)
        return Seen(text, error, usage)

    @classmethod
    def leave(cls, world, secret):
        with cls.stream(world, secret) as stream:
            next(event for event in stream if event.type == "response.output_text.delta")
