/** One event of a stream: its name, where it has one, and its data. */
export interface SseEvent {
  event: string | null;
  data: string;
}

/**
 * Splits a stream into events as the text arrives, in whatever pieces: an event ends with an empty
 * line, a line with LF, CR or both (https://html.spec.whatwg.org/multipage/server-sent-events.html).
 */
export class SseSplitter {
  private rest = "";

  /** The events that are whole with this text. */
  push(text: string): SseEvent[] {
    // A CR at the very end may be the first half of a line's end.
    const all = this.rest + text;
    const cut = all.endsWith("\r") ? all.length - 1 : all.length;
    const blocks = all.slice(0, cut).replace(/\r\n?/g, "\n").split("\n\n");
    this.rest = (blocks.pop() ?? "") + all.slice(cut);
    return blocks.flatMap(eventOf);
  }

  /** What stands at the end without its empty line; a server that is cut leaves such. */
  end(): SseEvent[] {
    const last = this.rest;
    this.rest = "";
    return eventOf(last.replace(/\r\n?/g, "\n"));
  }
}

function eventOf(block: string): SseEvent[] {
  let event: string | null = null;
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    // A line that begins with a colon is a comment, such as a sign of life.
    if (colon === 0 || line === "") continue;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") data.push(value);
    if (field === "event") event = value;
  }
  return data.length === 0 ? [] : [{ event, data: data.join("\n") }];
}
