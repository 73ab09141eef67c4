import { expect, it } from "vitest";

import { splitFences } from "./fences";
import { image_bytes_max, imageProblem, images_max } from "./images";

it("a file that is no picture, too large, or one too many is refused", () => {
  const png = { type: "image/png", size: 10 };
  expect(imageProblem(png, 0)).toBeNull();
  expect(imageProblem({ ...png, type: "image/svg+xml" }, 0)).toBe("type");
  expect(imageProblem({ ...png, size: image_bytes_max + 1 }, 0)).toBe("size");
  expect(imageProblem(png, images_max)).toBe("count");
});

it("code stands apart from text, also while its fence is still open", () => {
  const text = (text: string) => ({ kind: "text", text, language: "" });
  const code = (text: string, language: string) => ({ kind: "code", text, language });
  expect(splitFences("a\n```rust\nlet x;\n```\nb")).toEqual([
    text("a"),
    code("let x;", "rust"),
    text("b"),
  ]);
  expect(splitFences("a\n```\nlet")).toEqual([text("a"), code("let", "")]);
  expect(splitFences("<b>not html</b>")).toEqual([text("<b>not html</b>")]);
  expect(splitFences("")).toEqual([]);
});
