import { expect, it } from "vitest";

import { toCsv } from "./csv";

it("cells are quoted where they must be, and none is a formula", () => {
  expect(
    toCsv([
      ["a", 'say "hi", twice'],
      ["two\nlines", ""],
    ]),
  ).toBe('a,"say ""hi"", twice"\r\n"two\nlines",\r\n');
  expect(toCsv([["=1+1", "@x", "-2.5", "-rm"]])).toBe("'=1+1,'@x,-2.5,'-rm\r\n");
});
