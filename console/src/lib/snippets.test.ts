import { describe, expect, it } from "vitest";

import { clients, shells, snippets } from "./snippets";

const input = {
  origin: "https://relay.example",
  secret: `sk-anc${"0".repeat(45)}`,
  model: "claude-sonnet-4",
};

describe.each(clients)("%s", (client) => {
  it.each(shells)("is written for %s", (shell) => {
    expect(snippets[client][shell](input)).toMatchSnapshot();
  });
});

it("clients that add the version themselves get the origin without it", () => {
  const ofThese = [
    "claude-code",
    "anthropic-python",
    "anthropic-js",
    "gemini-python",
    "gemini-js",
    "gemini-cli",
  ] as const;
  for (const client of ofThese) {
    for (const shell of shells) {
      expect(snippets[client][shell](input)).not.toContain("relay.example/v1");
    }
  }
});

it("every set-up holds the secret exactly once", () => {
  for (const client of clients) {
    for (const shell of shells) {
      expect(snippets[client][shell](input).split(input.secret)).toHaveLength(2);
    }
  }
});
