import { expect, it } from "vitest";

import { requestKinds, requestText } from "./snippets";
import { protocols, type Ask } from "./types";

const ask: Omit<Ask, "protocol"> = {
  model: "m",
  messages: [{ role: "user", text: 'It\'s "quoted"\nand long', images: [] }],
  parameters: {
    system: "Be brief.",
    temperature: 0.5,
    topP: null,
    maxOutput: 100,
    effort: "default",
    isStreamed: true,
  },
};

it("the request as text, for each protocol and language", () => {
  for (const protocol of protocols) {
    for (const kind of requestKinds) {
      expect(requestText(kind, { protocol, ...ask }, "https://relay.example")).toMatchSnapshot(
        `${protocol} ${kind}`,
      );
    }
  }
});

it("a picture is shortened, and no quote ends the shell's", () => {
  const images = [`data:image/png;base64,${"A".repeat(500)}`];
  const messages = [{ role: "user" as const, text: "a'b", images }];
  const text = requestText("curl", { ...ask, protocol: "chat", messages }, "http://x");
  expect(text).toContain("data:image/png;base64,AAAAAAAAAAAAAAAAAA…");
  expect(text).toContain("a'\\''b");
});
