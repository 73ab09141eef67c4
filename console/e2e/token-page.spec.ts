import { expect } from "@playwright/test";

import { words } from "../src/contract/words";
import { addToken, chat, closePanel, setUp, test } from "./relay";

test("a token's own page tells what became of it, and does everything", async ({ page, relay }) => {
  await setUp(page, relay);
  const secret = await addToken(page, "alpha", "5");
  await closePanel(page);
  expect((await chat(relay.origin, secret)).status).toBe(200);
  expect((await chat(relay.origin, secret, "sim-claude")).status).toBe(200);
  await page.getByRole("link", { name: "alpha" }).click();
  await expect(page.getByRole("heading", { name: "alpha" })).toBeVisible();

  // Usage by day and by model; the chart has a table for its twin.
  await expect(page.getByRole("img", { name: /spent in 30 days/ })).toBeVisible();
  await expect(page.getByRole("row", { name: /sim-gpt/ }).first()).toBeVisible();
  await expect(page.getByRole("row", { name: /sim-claude/ }).first()).toBeVisible();
  await page.getByRole("radio", { name: "7 d" }).click();
  await expect(page).toHaveURL(/days=7/);
  await page.getByRole("radio", { name: "Table" }).click();
  await expect(page.getByRole("columnheader", { name: "Day (UTC)" })).toBeVisible();
  await expect(page.getByRole("img", { name: /spent in/ })).toHaveCount(0);

  // Advice leads to where it is followed; the address check says what the rules would do.
  await page.getByRole("button", { name: "Restrict" }).click();
  await page.getByLabel(words.fields.ipRestriction).fill("192.0.2.0/24");
  await page.keyboard.press("Enter");
  await expect(page.getByText(/Calls from this machine will be refused/)).toBeVisible();
  await page.getByLabel("Address to check").fill("192.0.2.7");
  await page.getByRole("button", { name: "Check", exact: true }).click();
  await expect(page.getByText("192.0.2.7 passes.")).toBeVisible();
  await page.getByRole("button", { name: /Add my address/ }).click();
  await expect(page.getByText(/Calls from this machine will be refused/)).toHaveCount(0);
  await page.getByText("Advanced").click();
  await page.getByLabel("Daily budget").fill("2");
  await page.getByRole("button", { name: words.submit }).click();
  await expect(page.getByText("It works from every address.", { exact: false })).toHaveCount(0);
  await expect(page.getByText(/\$[\d.]+ of \$2\.00/)).toBeVisible();

  // What was done, in words.
  const history = page.getByRole("list").filter({ hasText: "Created" }).last();
  await expect(history.getByText("Changed", { exact: true })).toBeVisible();
  await expect(history.getByText("Daily budget")).toBeVisible();
  await expect(history.getByText("192.0.2.0/24", { exact: false })).toBeVisible();

  await page.getByRole("switch", { name: "Status of alpha" }).click();
  await expect(history.getByText("Disabled", { exact: true })).toBeVisible();
  expect((await chat(relay.origin, secret)).status).toBe(401);

  await page.getByRole("button", { name: "Actions for alpha" }).click();
  await page.getByRole("menuitem", { name: words.delete }).click();
  await page.getByRole("button", { name: words.confirm, exact: true }).click();
  await expect(page.getByText("No tokens yet")).toBeVisible();
});
