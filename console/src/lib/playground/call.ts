import { ApiError } from "@/api/errors";

import { readEvent, readRefusal, readWhole } from "./answer";
import { bodyOf, headersOf, paths } from "./request";
import { SseSplitter } from "./sse";
import type { Ask, Delta } from "./types";

/** The refusal of a secret whose time is over, or that was rotated away. */
export const secret_refused = 401;

interface CallOptions {
  secret: string;
  signal: AbortSignal;
  /** As soon as the relay has given the call its id. */
  onRequestId: (id: string) => void;
  onDelta: (delta: Delta) => void;
}

/** Calls the relay as any client would, and tells what comes. A refusal is an `ApiError`. */
export async function call(ask: Ask, { secret, signal, onRequestId, onDelta }: CallOptions) {
  const response = await fetch(paths[ask.protocol], {
    method: "POST",
    headers: headersOf(ask.protocol, secret),
    body: JSON.stringify(bodyOf(ask)),
    // The session is the console's; what is called here stands for the token alone.
    credentials: "omit",
    signal,
  }).catch((error: unknown) => {
    throw signal.aborted ? error : ApiError.unreachable();
  });
  const id = response.headers.get("x-request-id") ?? response.headers.get("request-id");
  if (id !== null) onRequestId(id);
  if (!response.ok) throw await refusalOf(response, id);
  if (!isStream(response) || response.body === null) {
    onDelta(readWhole(ask.protocol, await response.text()));
    return;
  }
  const splitter = new SseSplitter();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { value, done } = await reader.read();
    const events = done ? splitter.end() : splitter.push(value);
    for (const event of events) onDelta(readEvent(ask.protocol, event));
    if (done) return;
  }
}

const isStream = (response: Response) =>
  response.headers.get("content-type")?.startsWith("text/event-stream") ?? false;

/** The relay's own sentence: it names what happened, and where to change it. */
async function refusalOf(response: Response, id: string | null): Promise<ApiError> {
  const told = readRefusal(await response.text().catch(() => ""));
  if (told === null) return new ApiError("unreadable", "", response.status, id);
  return new ApiError("relay_refusal", told.message, response.status, id);
}
