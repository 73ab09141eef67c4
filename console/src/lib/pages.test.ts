import { expect, it } from "vitest";

import { pages, pagesFor } from "./pages";

it("every page has an address and a key of its own", () => {
  for (const of of [pages.map((page) => page.to), pages.map((page) => page.key)]) {
    expect(new Set<string>(of).size).toBe(pages.length);
  }
});

it("the pages of operators are shown to operators alone", () => {
  expect(pagesFor(true)).toEqual(pages);
  expect(pagesFor(false).map((page) => page.to)).not.toContain("/channels");
});
