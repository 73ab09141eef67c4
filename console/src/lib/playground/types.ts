/** The protocols that the playground speaks, in the order of its switch. */
export const protocols = ["chat", "responses", "messages"] as const;
export type Protocol = (typeof protocols)[number];

export const efforts = ["default", "low", "medium", "high"] as const;
/** How much a model is to think; "default" leaves it to the model. */
export type Effort = (typeof efforts)[number];

/** A picture as the page holds it: `data:image/png;base64,…`. */
export type ImageData = string;

/** What one side said. */
export interface Message {
  role: "user" | "assistant";
  text: string;
  images: readonly ImageData[];
}

/** How a model is asked; null leaves a parameter to its provider. */
export interface Parameters {
  system: string;
  temperature: number | null;
  topP: number | null;
  /** Units of output at most. */
  maxOutput: number | null;
  effort: Effort;
  isStreamed: boolean;
}

export interface Ask {
  protocol: Protocol;
  model: string;
  messages: readonly Message[];
  parameters: Parameters;
}

/** What a part of an answer says; several may come at once. */
export interface Delta {
  text?: string;
  reasoning?: string;
  /** In the provider's own word: "stop", "end_turn", "max_output_tokens" … */
  end?: string;
  /** An error that came within the stream. */
  error?: string;
}
