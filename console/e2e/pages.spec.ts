import { readFileSync } from "node:fs";

import { expect } from "@playwright/test";

import { addToken, chat, closePanel, setUp, test } from "./relay";

test("the first steps make way for the figures once a call has succeeded", async ({
  page,
  relay,
}) => {
  await setUp(page, relay);
  await page.goto(relay.origin);
  await expect(page).toHaveURL(/\/dashboard/);
  await expect(page.getByRole("heading", { name: "First steps" })).toBeVisible();
  await page.getByRole("link", { name: "Add Token" }).click();
  await page.getByLabel("Name", { exact: true }).fill("first");
  await page.getByRole("button", { name: "Submit" }).click();
  const secret = (await page.getByTestId("token-secret").textContent()) ?? "";
  await closePanel(page);
  await page.goto(`${relay.origin}/dashboard`);
  await expect(page.getByText("Done", { exact: true })).toBeAttached();
  await expect(page.getByText("Waiting for it.", { exact: false })).toBeVisible();

  expect((await chat(relay.origin, secret)).status).toBe(200);
  await expect(page.getByRole("heading", { name: "Spend by model and day" })).toBeVisible();
  await expect(page.getByRole("heading", { name: "First steps" })).toBeHidden();
  await expect(page.getByRole("definition").filter({ hasText: "100%" })).toBeVisible();
  const tokens = page.getByRole("table", { name: "Top tokens" });
  await expect(tokens.getByRole("row", { name: /first/ })).toBeVisible();

  // From a day to its hours to the calls of one of them.
  await page.getByRole("radio", { name: "Table", exact: true }).click();
  await page.getByRole("region", { name: "Spend by model and day" }).getByRole("button").click();
  await expect(page).toHaveURL(/day=\d{4}-/);
  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export CSV" }).click();
  const csv = readFileSync(await (await downloading).path(), "utf8");
  expect(csv).toContain("sim-gpt");
  await page.getByRole("region", { name: "Spend by model and hour" }).getByRole("button").click();
  await expect(page).toHaveURL(/\/usage\?range=custom&since=/);
  await expect(page.locator("[data-call]")).toHaveCount(1);
});

test("the dashboard leads to failures and advice", async ({ page, relay }) => {
  await setUp(page, relay);
  const secret = await addToken(page, "unbounded", "2");
  await closePanel(page);
  expect((await chat(relay.origin, secret)).status).toBe(200);
  await page.goto(`${relay.origin}/dashboard?span=7`);
  await expect(page.getByRole("radio", { name: "7 d" })).toBeChecked();
  await page
    .getByRole("table", { name: "How calls ended" })
    .getByRole("link", { name: "Complete" })
    .click();
  await expect(page).toHaveURL(/end_reason=complete/);
  await expect(page.locator("[data-call]")).toHaveCount(1);
});

test("the palette finds pages, tokens and actions @desktop", async ({ page, relay }) => {
  await setUp(page, relay);
  await addToken(page, "ci-runner");
  await closePanel(page);
  const palette = page.getByRole("dialog", { name: "Search and commands" });
  await page.keyboard.press("Control+k");
  await palette.getByRole("combobox").fill("models");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Models & Prices" })).toBeVisible();
  await expect(palette).toBeHidden();

  await page.getByRole("button", { name: "Search and commands" }).first().click();
  await palette.getByRole("combobox").fill("ci-run");
  await palette.getByRole("option", { name: /ci-runner/ }).click();
  await expect(page).toHaveURL(/\/tokens\/tok_/);

  await page.keyboard.press("Control+k");
  await palette.getByRole("combobox").fill("theme dark");
  await page.keyboard.press("Enter");
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");

  await page.keyboard.press("Control+k");
  await palette.getByRole("combobox").fill("no such thing");
  await expect(palette.getByText("Nothing of that name", { exact: false })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(palette).toBeHidden();

  for (const [key, path] of [
    ["d", "/dashboard"],
    ["l", "/usage"],
    ["h", "/docs"],
    ["t", "/tokens"],
  ] as const) {
    await page.keyboard.press("g");
    await page.keyboard.press(key);
    await expect(page).toHaveURL(new RegExp(`${path}$`));
  }
});

test("models are found, priced by the reader's factor, and put to use", async ({ page, relay }) => {
  await setUp(page, relay);
  await page.evaluate(() =>
    fetch("/api/v1/groups/default", {
      method: "PUT",
      headers: { "content-type": "application/json", "x-anc-console": "1" },
      body: JSON.stringify({ multiplier_ppm: 1_500_000 }),
    }),
  );
  await page.goto(`${relay.origin}/models`);
  await page.getByRole("searchbox", { name: "Search models" }).fill("sim-gpt");
  await expect(page).toHaveURL(/search=sim-gpt/);
  await expect(page.getByText(/Your factor of ×1.5 is applied/)).toBeVisible();
  await expect(page.getByText(/^list \$/).first()).toBeVisible();
  await page
    .getByRole("button", { name: /^sim-gpt/ })
    .first()
    .click();
  const sheet = page.getByRole("dialog");
  await expect(sheet.getByText(`${relay.origin}`, { exact: false }).first()).toBeVisible();
  await expect(page).toHaveURL(/open=sim-gpt/);
  await sheet.getByRole("link", { name: "Add a token for it" }).click();
  await expect(page).toHaveURL(/\/tokens\?new=1&models=sim-gpt/);
});

test("the docs carry the relay's own address, and describe its API", async ({ page, relay }) => {
  await setUp(page, relay);
  await page.goto(`${relay.origin}/docs`);
  await expect(
    page.getByText(`ANTHROPIC_BASE_URL="${relay.origin}"`, { exact: false }),
  ).toBeVisible();
  await page.goto(`${relay.origin}/docs?topic=openai_sdk&model=sim-claude`);
  await expect(page.getByText(`base_url="${relay.origin}/v1"`, { exact: false })).toBeVisible();
  await expect(page.getByText('model="sim-claude"', { exact: false })).toBeVisible();

  await page.goto(`${relay.origin}/docs?topic=api`);
  await page.getByRole("searchbox", { name: "Search the control API" }).fill("POST rotate");
  await expect(page).toHaveURL(/search=POST/);
  await page.getByText("/api/v1/tokens/{id}/rotate").click();
  await expect(page.getByText("overlap", { exact: true })).toBeVisible();
});

test("tokens are narrowed by what they called, and chosen ones exported", async ({
  page,
  relay,
}) => {
  await setUp(page, relay);
  const secret = await addToken(page, "alpha");
  await closePanel(page);
  await addToken(page, "beta");
  await closePanel(page);
  expect((await chat(relay.origin, secret)).status).toBe(200);
  // Derived within a second of the call.
  await expect(async () => {
    await page.goto(`${relay.origin}/tokens?called=sim-gpt`);
    await expect(page.getByText("1 token", { exact: true })).toBeVisible({ timeout: 1_000 });
  }).toPass();
  await page.getByRole("checkbox", { name: "Select alpha" }).click();
  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export CSV" }).click();
  const csv = readFileSync(await (await downloading).path(), "utf8")
    .trim()
    .split("\r\n");
  expect(csv).toHaveLength(2);
  expect(csv[1]).toContain(",alpha,");
  expect(csv.join()).not.toContain(secret);
  await page.getByRole("combobox", { name: "Filter by what is due" }).click();
  await page.getByRole("option", { name: "Unused for 30 days" }).click();
  await expect(page).toHaveURL(/due=unused/);
  await expect(page.getByText("No match")).toBeVisible();
  await page.getByRole("button", { name: "Clear filters" }).last().click();
  await expect(page.getByText("2 tokens", { exact: true })).toBeVisible();
});

test("new calls come by themselves, and bars narrow their time", async ({ page, relay }, info) => {
  await setUp(page, relay);
  const secret = await addToken(page, "alpha");
  await closePanel(page);
  await page.goto(`${relay.origin}/usage`);
  await expect(page.getByText("No calls yet")).toBeVisible();
  await page.getByRole("switch", { name: "Live" }).click();
  await expect(page).toHaveURL(/live=1/);
  expect((await chat(relay.origin, secret)).status).toBe(200);
  await expect(page.locator("[data-call]")).toHaveCount(1);

  await page.goto(`${relay.origin}/usage?range=24h`);
  const bars = page.getByRole("img", { name: /1 calls for/ });
  await bars.waitFor();
  const box = await bars.boundingBox();
  if (!box) throw new Error("the bars have no place");
  // The last of them holds the call; on a phone it is touched.
  const [x, y] = [box.x + box.width - 2, box.y + box.height / 2];
  if (info.project.name === "phone") await page.touchscreen.tap(x, y);
  else await page.mouse.click(x, y);
  await expect(page).toHaveURL(/range=custom&since=/);
  await expect(page.locator("[data-call]")).toHaveCount(1);
});
