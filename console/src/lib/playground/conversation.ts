import type { Ask, Delta, ImageData, Message, Parameters, Protocol } from "./types";

/** What one model said to one message. */
export interface Answer {
  model: string;
  protocol: Protocol;
  state: "running" | "done" | "stopped" | "failed";
  text: string;
  reasoning: string;
  /** Why it ended, in the provider's own word. */
  end: string | null;
  /** What went wrong: a refusal, or a sentence that came within the stream. */
  error: unknown;
  requestId: string | null;
}

/** A message and what each model said to it. */
export interface Turn {
  id: number;
  text: string;
  images: readonly ImageData[];
  answers: readonly Answer[];
}

export type Action =
  | { type: "ask"; turn: Turn }
  | { type: "change"; turn: number; at: number; change: (answer: Answer) => Answer }
  | { type: "forget"; turn: number }
  | { type: "clear" };

export function newAnswer(model: string, protocol: Protocol): Answer {
  return {
    model,
    protocol,
    state: "running",
    text: "",
    reasoning: "",
    end: null,
    error: null,
    requestId: null,
  };
}

export function reduce(turns: readonly Turn[], action: Action): readonly Turn[] {
  switch (action.type) {
    case "ask":
      return [...turns, action.turn];
    case "change":
      return turns.map((turn) =>
        turn.id === action.turn
          ? {
              ...turn,
              answers: turn.answers.map((answer, at) =>
                at === action.at ? action.change(answer) : answer,
              ),
            }
          : turn,
      );
    case "forget":
      return turns.filter((turn) => turn.id !== action.turn);
    case "clear":
      return [];
  }
}

export function withDelta(answer: Answer, delta: Delta): Answer {
  return {
    ...answer,
    text: answer.text + (delta.text ?? ""),
    reasoning: answer.reasoning + (delta.reasoning ?? ""),
    end: delta.end ?? answer.end,
    error: delta.error ?? answer.error,
  };
}

/**
 * The conversation as a model has seen it: what it answered itself, or where it was not asked what
 * the first one did. A message without any answer is left out, since sides must take turns.
 */
export function historyOf(turns: readonly Turn[], model: string): Message[] {
  return turns.flatMap((turn) => {
    const own = turn.answers.find((answer) => answer.model === model) ?? turn.answers[0];
    if (own === undefined || own.text === "") return [];
    return [
      { role: "user" as const, text: turn.text, images: turn.images },
      { role: "assistant" as const, text: own.text, images: [] },
    ];
  });
}

export function askOf(
  turns: readonly Turn[],
  message: { text: string; images: readonly ImageData[] },
  model: string,
  protocol: Protocol,
  parameters: Parameters,
): Ask {
  const messages = [...historyOf(turns, model), { role: "user" as const, ...message }];
  return { protocol, model, messages, parameters };
}
