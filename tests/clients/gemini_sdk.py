"""The google-genai package: generateContent."""

from google import genai
from google.genai import errors, types

import answers
from programs import Seen


def client_of(world, secret, **more):
    retry = types.HttpRetryOptions(attempts=3, initial_delay=0.2)
    options = types.HttpOptions(base_url=world.origin, retry_options=retry, timeout=30_000, **more)
    return genai.Client(api_key=secret, vertexai=False, http_options=options)


class GoogleGenai:
    name = "google_genai"
    protocol = answers.Gemini
    simulated = "sim-gemini"
    second_try = None

    @staticmethod
    def stream(client, model="gemini-test"):
        return client.models.generate_content_stream(model=model, contents="say hello")

    @classmethod
    def ask(cls, world, secret, **options):
        text, usage = "", None
        # The client closes its connections when it is dropped, so it must outlive its stream.
        client = client_of(world, secret)
        try:
            for chunk in cls.stream(client, **options):
                text += chunk.text or ""
                if reported := chunk.usage_metadata:
                    usage = (reported.prompt_token_count, reported.candidates_token_count)
        except errors.APIError as error:
            return Seen(text, repr(error), usage)
        return Seen(text, "", usage)

    @classmethod
    def leave(cls, world, secret):
        client = client_of(world, secret)
        next(chunk for chunk in cls.stream(client) if chunk.text)
        client.close()
