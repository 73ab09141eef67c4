import type { Effort, Parameters } from "@/lib/playground/types";

/** The parameters as they are typed; empty leaves one to the provider. */
export interface ParameterDraft {
  system: string;
  temperature: string;
  topP: string;
  maxOutput: string;
  effort: Effort;
  isStreamed: boolean;
}

export const emptyDraft: ParameterDraft = {
  system: "",
  temperature: "",
  topP: "",
  maxOutput: "",
  effort: "default",
  isStreamed: true,
};

export type NumberField = "temperature" | "topP" | "maxOutput";

const bounds: Record<NumberField, { max: number; isAllowed: (value: number) => boolean }> = {
  temperature: { max: 2, isAllowed: (value) => value >= 0 && value <= 2 },
  topP: { max: 1, isAllowed: (value) => value >= 0 && value <= 1 },
  maxOutput: {
    max: 1_000_000,
    isAllowed: (value) => Number.isInteger(value) && value >= 1 && value <= 1_000_000,
  },
};

const number = /^\d{1,7}(\.\d{1,4})?$/;

/** The fields whose text is no number in their range. */
export function wrongFields(draft: ParameterDraft): NumberField[] {
  return (Object.keys(bounds) as NumberField[]).filter((field) => {
    const text = draft[field].trim();
    return text !== "" && !(number.test(text) && bounds[field].isAllowed(Number(text)));
  });
}

export function parametersOf(draft: ParameterDraft): Parameters {
  const value = (field: NumberField) => {
    const text = draft[field].trim();
    return text === "" || wrongFields(draft).includes(field) ? null : Number(text);
  };
  return {
    system: draft.system.trim(),
    temperature: value("temperature"),
    topP: value("topP"),
    maxOutput: value("maxOutput"),
    effort: draft.effort,
    isStreamed: draft.isStreamed,
  };
}
