import { expect, it, vi } from "vitest";

import { copyText } from "./clipboard";

it("uses the clipboard interface where there is one", async () => {
  const writeText = vi.fn().mockResolvedValue(undefined);
  vi.stubGlobal("navigator", { clipboard: { writeText } });
  expect(await copyText("value")).toBe(true);
  expect(writeText).toHaveBeenCalledWith("value");
  vi.unstubAllGlobals();
});

it("falls back to a selection over plain HTTP and leaves nothing behind", async () => {
  vi.stubGlobal("navigator", {});
  document.execCommand = vi.fn().mockReturnValue(true);
  expect(await copyText("value")).toBe(true);
  expect(document.querySelector("textarea")).toBeNull();
  vi.unstubAllGlobals();
});
