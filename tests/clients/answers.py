"""Answers of a provider as its four protocols write them, whole or ready to be spoiled.

Each protocol offers the same words: `text` and `tool_call` give the frames of a stream, `failure`
the frame of an error within one, `whole` the body of an answer without a stream. Every frame is
one event, so a prefix of the list is a stream that ended too early. `usage` is what a stream
reports in place of the usual; None leaves it out.
"""

import json

INPUT, OUTPUT = 1000, 200
"""What an answer usually reports."""
USUAL = object()
OPAQUE = "b3BhcXVlIHN0YXRlIG9mIHRoZSBwcm92aWRlcg=="
"""State of the provider that comes with a tool call and must return as it came."""


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
        frames = [cls._chunk({}, reason), "data: [DONE]\n\n"]
        if usage is not None:
            last = {**cls._head("chat.completion.chunk"), "choices": [], "usage": usage}
            frames.insert(1, _event(last))
        return frames

    @classmethod
    def text(cls, *pieces, usage=USUAL):
        start = cls._chunk({"role": "assistant", "content": ""})
        said = [cls._chunk({"content": piece}) for piece in pieces]
        return [start, *said, *cls._tail("stop", cls.usage if usage is USUAL else usage)]

    @classmethod
    def tool_call(cls, name, arguments):
        call = {"index": 0, "id": "call_1", "type": "function"}
        begun = {**call, "function": {"name": name, "arguments": ""}}
        frames = [cls._chunk({"role": "assistant", "content": None, "tool_calls": [begun]})]
        for piece in halves(json.dumps(arguments)):
            more = {"index": 0, "function": {"arguments": piece}}
            frames.append(cls._chunk({"tool_calls": [more]}))
        return frames + cls._tail("tool_calls", cls.usage)

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
    def _done(cls, item, usage, earlier=()):
        reported = cls.usage if usage is USUAL else usage
        whole = cls._response("completed", [*earlier, item], reported)
        return [
            ("response.output_item.done", {"output_index": len(earlier), "item": item}),
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
    def text(cls, *pieces, usage=USUAL):
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
        place = {"item_id": "fc_test", "output_index": 1}
        text = json.dumps(arguments)
        thought = {"id": "rs_test", "type": "reasoning", "summary": [], "encrypted_content": OPAQUE}
        item = {"id": "fc_test", "type": "function_call", "call_id": "call_1", "name": name}
        pieces = [
            ("response.function_call_arguments.delta", {**place, "delta": piece})
            for piece in halves(text)
        ]
        return cls._numbered(
            [
                *cls._begun(thought),
                ("response.output_item.done", {"output_index": 0, "item": thought}),
                (
                    "response.output_item.added",
                    {"output_index": 1, "item": {**item, "status": "in_progress", "arguments": ""}},
                ),
                *pieces,
                ("response.function_call_arguments.done", {**place, "arguments": text}),
                *cls._done({**item, "status": "completed", "arguments": text}, USUAL, [thought]),
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
    def _stream(cls, blocks, stop_reason, usage=USUAL):
        usage = cls.usage if usage is USUAL else usage or {}
        start = cls._message([], None, {**usage, "output_tokens": 1} if usage else {})
        events = [{"type": "message_start", "message": start}]
        for index, (block, deltas) in enumerate(blocks):
            place = {"index": index}
            events += [
                {"type": "content_block_start", **place, "content_block": block},
                *({"type": "content_block_delta", **place, "delta": delta} for delta in deltas),
                {"type": "content_block_stop", **place},
            ]
        end = {"stop_reason": stop_reason, "stop_sequence": None}
        events += [
            {"type": "message_delta", "delta": end, "usage": usage},
            {"type": "message_stop"},
        ]
        return [_event(event, event["type"]) for event in events]

    @classmethod
    def text(cls, *pieces, usage=USUAL):
        deltas = [{"type": "text_delta", "text": piece} for piece in pieces]
        return cls._stream([({"type": "text", "text": ""}, deltas)], "end_turn", usage)

    @classmethod
    def tool_call(cls, name, arguments):
        thought = {"type": "thinking", "thinking": "", "signature": ""}
        thoughts = [
            {"type": "thinking_delta", "thinking": "I need a tool."},
            {"type": "signature_delta", "signature": OPAQUE},
        ]
        call = {"type": "tool_use", "id": "toolu_1", "name": name, "input": {}}
        pieces = [
            {"type": "input_json_delta", "partial_json": piece}
            for piece in halves(json.dumps(arguments))
        ]
        return cls._stream([(thought, thoughts), (call, pieces)], "tool_use")

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
    def _document(cls, part, reason=None, usage=USUAL):
        candidate = {"content": {"parts": [part], "role": "model"}, "index": 0}
        if reason:
            candidate["finishReason"] = reason
        document = {"candidates": [candidate], "modelVersion": cls.model, "responseId": "test"}
        if usage is not None:
            document["usageMetadata"] = cls.usage if usage is USUAL else usage
        return document

    @classmethod
    def text(cls, *pieces, usage=USUAL):
        said = [cls._document({"text": piece}, usage=None) for piece in pieces]
        return [_event(it) for it in [*said, cls._document({"text": ""}, "STOP", usage)]]

    @classmethod
    def tool_call(cls, name, arguments):
        call = {"functionCall": {"name": name, "args": arguments}, "thoughtSignature": OPAQUE}
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
