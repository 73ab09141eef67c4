import { guides, type GuideId } from "./guides";

export type Topic = GuideId | "paths" | "api";
export const default_topic: Topic = "claude_code";

/** What the address of the documentation can say. */
export interface DocsSearch {
  topic?: Topic | undefined;
  /** The model that the ready texts name. */
  model?: string | undefined;
  /** What the reference is searched for. */
  search?: string | undefined;
}

const topics: readonly Topic[] = [...guides.map((guide) => guide.id), "paths", "api"];

export function parseDocsSearch(raw: Record<string, unknown>): DocsSearch {
  const text = (key: string) => {
    const value = raw[key];
    return value === undefined || value === "" ? undefined : String(value);
  };
  return {
    topic: topics.find((topic) => topic === text("topic")),
    model: text("model"),
    search: text("search"),
  };
}
