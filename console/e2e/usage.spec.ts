import { readFileSync } from "node:fs";

import { expect } from "@playwright/test";

import { addToken, chat, closePanel, setUp, test } from "./relay";

test("the log is narrowed, opened and exported, all of it by its address", async ({
  page,
  relay,
}, info) => {
  await setUp(page, relay);
  const alpha = await addToken(page, "alpha");
  await closePanel(page);
  const beta = await addToken(page, "beta");
  await closePanel(page);
  for (const secret of [alpha, alpha, beta]) {
    expect((await chat(relay.origin, secret)).status).toBe(200);
  }
  const isPhone = info.project.name === "phone";
  if (isPhone) await page.getByRole("button", { name: "Open menu" }).click();
  await page.getByRole("link", { name: "Usage Logs" }).click();
  await expect(page.getByRole("heading", { name: "Usage Logs" })).toBeVisible();
  const calls = page.locator("[data-call]");
  await expect(calls).toHaveCount(3);

  // By token, and back.
  if (isPhone) await page.getByRole("button", { name: "Filters" }).click();
  await page.getByRole("combobox", { name: "Token" }).click();
  await page.getByRole("option", { name: "alpha" }).click();
  await expect(page).toHaveURL(/token=/);
  await expect(calls).toHaveCount(2);
  await page.getByRole("combobox", { name: "Time range" }).click();
  await page.getByRole("option", { name: "Last hour" }).click();
  await expect(page).toHaveURL(/range=1h/);
  await expect(calls).toHaveCount(2);

  // The table that a spreadsheet reads has the same rows.
  const downloading = page.waitForEvent("download");
  await page.getByRole("link", { name: "Export CSV" }).click();
  const csv = readFileSync(await (await downloading).path(), "utf8")
    .trim()
    .split("\r\n");
  expect(csv).toHaveLength(3);

  await page.getByLabel("At least").fill("5");
  await page.keyboard.press("Enter");
  await expect(page.getByText("No match")).toBeVisible();
  await expect(page).toHaveURL(/min_charge=5/);
  await page.getByRole("button", { name: "Clear filters" }).last().click();
  await expect(calls).toHaveCount(3);
  await expect(page).not.toHaveURL(/token=/);

  // One call, line by line; its sheet has an address of its own.
  await calls.first().click();
  const sheet = page.getByRole("dialog");
  await expect(sheet.getByRole("row", { name: /^Input/ })).toBeVisible();
  await expect(sheet.getByRole("row", { name: /^Output/ })).toBeVisible();
  await expect(sheet.getByText("Charged, rounded up once")).toBeVisible();
  await expect(page).toHaveURL(/open=req_/);
  await page.reload();
  await expect(sheet.getByText("What it cost")).toBeVisible();
});

test("a running call is ended after a question", async ({ page, relay }) => {
  await setUp(page, relay);
  const secret = await addToken(page, "alpha");
  await closePanel(page);
  await page.goto(`${relay.origin}/usage`);
  await expect(page.getByText("No calls yet")).toBeVisible();
  const response = await fetch(`${relay.origin}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
    body: JSON.stringify({
      model: "sim-gpt",
      stream: true,
      max_tokens: 30_000,
      messages: [{ role: "user", content: "write 2000 words" }],
    }),
  });
  expect(response.status).toBe(200);
  const whole = response.text();
  await page.getByRole("button", { name: "End the call of alpha" }).click();
  await expect(page.getByText(/What was delivered until then is charged/)).toBeVisible();
  await page.getByRole("button", { name: "End call" }).click();
  expect(await whole).toContain("error");
  await expect(page.getByText("Revoked")).toBeVisible();
});
