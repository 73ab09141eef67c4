"""What a provider does to a stream: the rows that every client is tried on."""

GREETING = ("Grüße, ", "世界 🌍")
"""Characters of two, three and four bytes."""
SILENCE_MS = 3500
"""Longer than the relay stays silent in these tests: it answers after 1 s, whether or not its
provider has, and looks at its clocks every 2 s from then on."""


def stream(protocol, **change):
    return {"frames": protocol.text(*GREETING), **change}


def begun(protocol):
    """The frames of an answer up to the middle of its text."""
    frames = protocol.text(*GREETING)
    return frames[: _place_of_second_piece(frames)]


def _place_of_second_piece(frames):
    return next(at for at, frame in enumerate(frames) if GREETING[1] in frame)


def silent_before(protocol):
    """Says nothing at all for a while."""
    return _silent_at(0, protocol.text(*GREETING))


def silent_within(protocol):
    """Falls silent in the middle of its text."""
    frames = protocol.text(*GREETING)
    return _silent_at(_place_of_second_piece(frames), frames)


def _silent_at(place, frames):
    late = {"after_ms": SILENCE_MS, "text": frames[place]}
    return {"frames": [*frames[:place], late, *frames[place + 1 :]]}


UNHARMED = {
    "plain_stream": stream,
    "crlf_line_ends": lambda protocol: stream(protocol, crlf=True),
    "utf8_split_at_every_byte": lambda protocol: stream(protocol, write_bytes=1),
    "silence_before": silent_before,
    "silence_within": silent_within,
}
"""The client gets the whole answer, and its usage is charged."""

BROKEN = {
    "error_within": lambda protocol: {"frames": [*begun(protocol), protocol.failure("overheated")]},
    "connection_cut": lambda protocol: {"frames": begun(protocol), "cut_at_end": True},
    "clean_early_end": lambda protocol: {"frames": begun(protocol)},
}
"""The stream ends in the middle of its text. No client may take that for an answer."""

REFUSED = {
    "refused_once_with_429": 429,
    "refused_once_with_402": 402,
    "refused_once_with_503": 503,
}
"""The provider refuses one request, and answers the next."""


def refusal(protocol, status):
    return {"status": status, "json": protocol.refusal("not now")}
