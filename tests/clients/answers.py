"""Answers of a provider as its four protocols write them, whole or ready to be spoiled.

Each protocol offers the same words: `text` and `tool_call` give the frames of a stream, `failure`
the frame of an error within one, `whole` the body of an answer without a stream. Every frame is
one event, so a prefix of the list is a stream that ended too early.
"""

import json

INPUT, OUTPUT = 1000, 200
"""What every answer reports, unless its usage is left out."""


def _event(body, name=None):
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(body, ensure_ascii=False)}\n\n"


class Chat:
    """OpenAI Chat Completions."""

    path = "/v1/chat/completions"
    model = "gpt-test"
    usage = {
        "prompt_tokens": INPUT,
        "completion_tokens": OUTPUT,
        "total_tokens": INPUT + OUTPUT,
    }

    @classmethod
    def _chunk(cls, delta, reason=None):
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return _event({**cls._head("chat.completion.chunk"), "choices": [choice], "usage": None})

    @classmethod
    def _head(cls, kind):
        return {"id": "chatcmpl-test", "object": kind, "created": 1767225600, "model": cls.model}

    @classmethod
    def _tail(cls, reason, usage):
        last = {**cls._head("chat.completion.chunk"), "choices": [], "usage": cls.usage}
        return [cls._chunk({}, reason), *([_event(last)] if usage else []), "data: [DONE]\n\n"]

    @classmethod
    def text(cls, *pieces, usage=True):
        start = cls._chunk({"role": "assistant", "content": ""})
        said = [cls._chunk({"content": piece}) for piece in pieces]
        return [start, *said, *cls._tail("stop", usage)]

    @classmethod
    def tool_call(cls, name, arguments):
        call = {"index": 0, "id": "call_1", "type": "function"}
        begun = {**call, "function": {"name": name, "arguments": ""}}
        frames = [cls._chunk({"role": "assistant", "content": None, "tool_calls": [begun]})]
        for piece in halves(json.dumps(arguments)):
            more = {"index": 0, "function": {"arguments": piece}}
            frames.append(cls._chunk({"tool_calls": [more]}))
        return frames + cls._tail("tool_calls", usage=True)

    @classmethod
    def whole(cls, text):
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return {**cls._head("chat.completion"), "choices": [choice], "usage": cls.usage}

    @staticmethod
    def failure(message):
        return _event({"error": OpenAIRefusal.error(message)})

    @staticmethod
    def refusal(message):
        return {"error": OpenAIRefusal.error(message)}


class OpenAIRefusal:
    @staticmethod
    def error(message):
        return {"message": message, "type": "server_error", "param": None, "code": "server_error"}


class Responses:
    """OpenAI Responses."""

    path = "/v1/responses"
    model = "gpt-test"
    usage = {
        "input_tokens": INPUT,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": OUTPUT,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": INPUT + OUTPUT,
    }

    @classmethod
    def _response(cls, status, output=(), usage=None, error=None):
        return {
            "id": "resp_test",
            "object": "response",
            "created_at": 1767225600,
            "status": status,
            "error": error,
            "incomplete_details": None,
            "model": cls.model,
            "output": list(output),
            "parallel_tool_calls": True,
            "tool_choice": "auto",
            "tools": [],
            "usage": usage,
        }

    @classmethod
    def _numbered(cls, events):
        return [
            _event({"type": kind, "sequence_number": number, **body}, kind)
            for number, (kind, body) in enumerate(events)
        ]

    @classmethod
    def _begun(cls, item):
        begun = {"response": cls._response("in_progress")}
        return [
            ("response.created", begun),
            ("response.in_progress", begun),
            ("response.output_item.added", {"output_index": 0, "item": item}),
        ]

    @classmethod
    def _done(cls, item, usage):
        whole = cls._response("completed", [item], cls.usage if usage else None)
        return [
            ("response.output_item.done", {"output_index": 0, "item": item}),
            ("response.completed", {"response": whole}),
        ]

    @staticmethod
    def _message(status, content):
        return {
            "id": "msg_test",
            "type": "message",
            "role": "assistant",
            "status": status,
            "content": content,
        }

    @staticmethod
    def _part(text):
        return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}

    @classmethod
    def text(cls, *pieces, usage=True):
        place = {"item_id": "msg_test", "output_index": 0, "content_index": 0}
        whole = "".join(pieces)
        said = [
            ("response.output_text.delta", {**place, "delta": piece, "logprobs": []})
            for piece in pieces
        ]
        return cls._numbered(
            [
                *cls._begun(cls._message("in_progress", [])),
                ("response.content_part.added", {**place, "part": cls._part("")}),
                *said,
                ("response.output_text.done", {**place, "text": whole, "logprobs": []}),
                ("response.content_part.done", {**place, "part": cls._part(whole)}),
                *cls._done(cls._message("completed", [cls._part(whole)]), usage),
            ]
        )

    @classmethod
    def tool_call(cls, name, arguments):
        place = {"item_id": "fc_test", "output_index": 0}
        text = json.dumps(arguments)
        item = {"id": "fc_test", "type": "function_call", "call_id": "call_1", "name": name}
        pieces = [
            ("response.function_call_arguments.delta", {**place, "delta": piece})
            for piece in halves(text)
        ]
        return cls._numbered(
            [
                *cls._begun({**item, "status": "in_progress", "arguments": ""}),
                *pieces,
                ("response.function_call_arguments.done", {**place, "arguments": text}),
                *cls._done({**item, "status": "completed", "arguments": text}, usage=True),
            ]
        )

    @classmethod
    def whole(cls, text):
        return cls._response("completed", [cls._message("completed", [cls._part(text)])], cls.usage)

    @classmethod
    def failure(cls, message):
        error = {"code": "server_error", "message": message}
        failed = cls._response("failed", error=error)
        return _event(
            {"type": "response.failed", "sequence_number": 9, "response": failed}, "response.failed"
        )

    refusal = Chat.refusal


class Messages:
    """Anthropic Messages."""

    path = "/v1/messages"
    model = "claude-test"
    usage = {
        "input_tokens": INPUT,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": OUTPUT,
    }

    @classmethod
    def _message(cls, content, stop_reason, usage):
        return {
            "id": "msg_test",
            "type": "message",
            "role": "assistant",
            "model": cls.model,
            "content": content,
            "stop_reason": stop_reason,
            "stop_sequence": None,
            "usage": usage,
        }

    @classmethod
    def _stream(cls, block, deltas, stop_reason, usage):
        start = cls._message([], None, {**cls.usage, "output_tokens": 1} if usage else {})
        end = {"stop_reason": stop_reason, "stop_sequence": None}
        events = [
            {"type": "message_start", "message": start},
            {"type": "content_block_start", "index": 0, "content_block": block},
            *({"type": "content_block_delta", "index": 0, "delta": delta} for delta in deltas),
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": end, "usage": cls.usage if usage else {}},
            {"type": "message_stop"},
        ]
        return [_event(event, event["type"]) for event in events]

    @classmethod
    def text(cls, *pieces, usage=True):
        deltas = [{"type": "text_delta", "text": piece} for piece in pieces]
        return cls._stream({"type": "text", "text": ""}, deltas, "end_turn", usage)

    @classmethod
    def tool_call(cls, name, arguments):
        block = {"type": "tool_use", "id": "toolu_1", "name": name, "input": {}}
        deltas = [
            {"type": "input_json_delta", "partial_json": piece}
            for piece in halves(json.dumps(arguments))
        ]
        return cls._stream(block, deltas, "tool_use", usage=True)

    @classmethod
    def whole(cls, text):
        return cls._message([{"type": "text", "text": text}], "end_turn", cls.usage)

    @classmethod
    def failure(cls, message):
        return _event(cls.refusal(message), "error")

    @staticmethod
    def refusal(message):
        return {"type": "error", "error": {"type": "api_error", "message": message}}


class Gemini:
    """Gemini's generateContent."""

    path = "/v1beta/models/"
    model = "gemini-test"
    usage = {
        "promptTokenCount": INPUT,
        "candidatesTokenCount": OUTPUT,
        "totalTokenCount": INPUT + OUTPUT,
    }

    @classmethod
    def _document(cls, part, reason=None, usage=True):
        candidate = {"content": {"parts": [part], "role": "model"}, "index": 0}
        if reason:
            candidate["finishReason"] = reason
        document = {"candidates": [candidate], "modelVersion": cls.model, "responseId": "test"}
        if usage:
            document["usageMetadata"] = cls.usage
        return document

    @classmethod
    def text(cls, *pieces, usage=True):
        said = [cls._document({"text": piece}, usage=False) for piece in pieces]
        return [_event(it) for it in [*said, cls._document({"text": ""}, "STOP", usage)]]

    @classmethod
    def tool_call(cls, name, arguments):
        call = {"functionCall": {"name": name, "args": arguments}}
        return [_event(cls._document(call, "STOP"))]

    @classmethod
    def whole(cls, text):
        return cls._document({"text": text}, "STOP")

    @classmethod
    def failure(cls, message):
        return _event(cls.refusal(message))

    @staticmethod
    def refusal(message):
        return {"error": {"code": 500, "message": message, "status": "INTERNAL"}}


def halves(text):
    middle = len(text) // 2
    return text[:middle], text[middle:]
