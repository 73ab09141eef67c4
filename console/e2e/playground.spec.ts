import { expect, type Page } from "@playwright/test";

import { addToken, closePanel, setUp, test } from "./relay";

async function begin(page: Page, origin: string, search = "") {
  await page.goto(`${origin}/playground${search}`);
  await expect(page.getByRole("heading", { name: "Playground", level: 1 })).toBeVisible();
}

/** The settings, which a narrow window folds away. */
async function settings(page: Page) {
  // Until tokens and models are there, neither form of them is.
  await page.getByRole("textbox", { name: "Message" }).waitFor();
  const folded = page.locator("summary").filter({ hasText: "Settings" });
  if (await folded.isVisible()) await folded.click();
}

async function say(page: Page, text: string) {
  await page.getByRole("textbox", { name: "Message" }).fill(text);
  await page.keyboard.press("Enter");
}

test("a model is talked to with a token, and each answer tells its cost", async ({
  page,
  relay,
}) => {
  await setUp(page, relay);
  await addToken(page, "mine", "5");
  await closePanel(page);
  const secrets: string[] = [];
  page.on("request", (request) => {
    const sent = request.headers()["authorization"] ?? request.headers()["x-api-key"];
    if (request.url().includes("/v1/") && sent) secrets.push(sent);
  });
  await begin(page, relay.origin, "?model=sim-gpt");
  await say(page, "Say <b>hello</b>");
  const answer = page.getByRole("article", { name: "Answer of sim-gpt" });
  await expect(answer).toContainText(/\$0\.0\d+/);
  await expect(answer).toContainText(/\d+ in/);
  await expect(answer).toContainText("stop");
  // What was said is text, whatever it looks like.
  await expect(page.getByText("Say <b>hello</b>", { exact: true })).toBeVisible();

  for (const [name, path] of [
    ["Responses", "/v1/responses"],
    ["Messages", "/v1/messages"],
  ] as const) {
    await page.getByRole("radio", { name }).click();
    const calling = page.waitForRequest((request) => request.url().endsWith(path));
    await say(page, "And again");
    await calling;
    await expect(answer.last()).toContainText(/\$0\.0\d+/);
  }
  await expect(answer).toHaveCount(3);
  // The page's own secret, never the token's, and one for all of it.
  expect(new Set(secrets.map((sent) => sent.replace("Bearer ", ""))).size).toBe(1);

  await page.getByRole("button", { name: "New conversation" }).click();
  await expect(answer).toHaveCount(0);
  await page.goto(`${relay.origin}/tokens`);
  await page.getByRole("link", { name: "mine" }).click();
  await expect(page.getByText("Opened in the playground").first()).toBeVisible();
});

test("two models answer side by side, and the request can be taken along", async ({
  page,
  relay,
}) => {
  await setUp(page, relay);
  await addToken(page, "mine", "5");
  await closePanel(page);
  await begin(page, relay.origin, "?model=sim-gpt");
  await settings(page);
  await page.getByRole("button", { name: "Compare with another model" }).click();
  await page.getByRole("combobox", { name: "Compared with" }).fill("claude");
  await page.getByRole("option", { name: "sim-claude" }).click();
  await expect(page).toHaveURL(/with=sim-claude/);
  await page.getByRole("textbox", { name: "System prompt" }).fill("Be brief.");
  await page.getByRole("textbox", { name: "Temperature" }).fill("9");
  await expect(page.getByText("Write a number from 0 to 2.")).toBeVisible();
  await page.getByRole("textbox", { name: "Message" }).fill("Hello");
  await expect(page.getByRole("button", { name: "Send" })).toBeDisabled();
  await page.getByRole("textbox", { name: "Temperature" }).fill("0.5");
  await page.getByRole("button", { name: "Send" }).click();
  for (const model of ["sim-gpt", "sim-claude"]) {
    const answer = page.getByRole("article", { name: `Answer of ${model}` });
    await expect(answer).toContainText(/\$0\.0\d+/);
  }
  await page.getByRole("button", { name: "Request" }).click();
  const sheet = page.getByRole("dialog", { name: "Request" });
  await expect(sheet.getByText("/v1/chat/completions", { exact: false })).toBeVisible();
  await expect(sheet.getByText('"temperature": 0.5', { exact: false })).toBeVisible();
  await sheet.getByRole("tab", { name: "Python" }).click();
  await expect(sheet.getByText("client.chat.completions.create", { exact: false })).toBeVisible();
});

test("a refusal is told in the relay's words, and an image is checked", async ({ page, relay }) => {
  await setUp(page, relay);
  await addToken(page, "spent", "0");
  await closePanel(page);
  await begin(page, relay.origin, "?model=sim-gpt");
  // A token whose quota is nothing is exhausted and not offered.
  await expect(page.getByText("No token to call with")).toBeVisible();
  await page.goto(`${relay.origin}/tokens`);
  await addToken(page, "mine", "5");
  await closePanel(page);
  await begin(page, relay.origin, "?model=no-such-model");
  await say(page, "Hello");
  const failure = page.getByRole("alert");
  await expect(failure).toContainText("no-such-model");
  await expect(failure).toContainText(/req_/);

  const files = page.getByLabel("Picture files");
  await files.setInputFiles({ name: "a.txt", mimeType: "text/plain", buffer: Buffer.from("a") });
  await expect(page.getByText("Only PNG, JPEG, WebP and GIF")).toBeVisible();
  const pixel =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
  await files.setInputFiles({
    name: "a.png",
    mimeType: "image/png",
    buffer: Buffer.from(pixel, "base64"),
  });
  await expect(page.getByRole("img", { name: "Picture 1" })).toBeVisible();
  await page.getByRole("button", { name: "Remove picture 1" }).click();
  await expect(page.getByRole("img", { name: "Picture 1" })).toBeHidden();
});
