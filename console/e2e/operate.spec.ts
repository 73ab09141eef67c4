import { expect } from "@playwright/test";

import { addToken, chat, closePanel, owner, setUp, test } from "./relay";

test("a setting is looked up with its meaning, value and variable", async ({ page, relay }) => {
  await setUp(page, relay);
  await page.goto(`${relay.origin}/settings`);
  const limits = page.getByRole("list", { name: "Limits" });
  await expect(limits).toContainText("33,554,432");
  await expect(limits).toContainText("32 MiB");

  await page.getByRole("searchbox", { name: "Search settings" }).fill("log_level");
  await expect(page).toHaveURL(/search=log_level/);
  const level = page.getByRole("listitem").filter({ hasText: "ANC_LOG_LEVEL" });
  await expect(page.getByRole("listitem").filter({ hasText: "ANC_" })).toHaveCount(1);
  // The tests start the relay with another level than it comes with.
  await expect(level).toContainText("warn");
  await expect(level).toContainText("from the environment · default info");
  await expect(level).toContainText("Bodies and secrets are never logged.");
  await expect(level.getByRole("button", { name: "Copy ANC_LOG_LEVEL" })).toBeVisible();

  await page.getByRole("searchbox", { name: "Search settings" }).fill("no such thing");
  await expect(page.getByText("No setting fits this search.")).toBeVisible();
  await page.getByRole("button", { name: "Show all" }).click();
  await page.getByRole("radio", { name: /^Changed/ }).click();
  await expect(page).toHaveURL(/changed=1/);
  await expect(page.getByText("from the flag --listen", { exact: false })).toBeVisible();
  await expect(limits).toHaveCount(0);

  await page.goto(`${relay.origin}/settings?search=secret_key`);
  const secret = page.getByRole("listitem").filter({ hasText: "ANC_PAYMENTS__STRIPE__SECRET_KEY" });
  await expect(secret.first()).toContainText("Not set");
});

test("operators see whose every call is, and narrow the log to one account", async ({
  page,
  relay,
}) => {
  await setUp(page, relay);
  const secret = await addToken(page, "ci-runner");
  await closePanel(page);
  expect((await chat(relay.origin, secret)).status).toBe(200);
  const others = await page.evaluate(async () => {
    const post = async (path: string, body: object) =>
      (
        await fetch(`/api/v1${path}`, {
          method: "POST",
          headers: { "content-type": "application/json", "x-anc-console": "1" },
          body: JSON.stringify(body),
        })
      ).json() as Promise<{ secret: string }>;
    const account = "ada@example.com";
    await post("/users", { email: account, password: "a long enough one" });
    await post("/credits", { account, amount: "5", reason: "welcome" });
    return (await post("/tokens", { name: "adas", account })).secret;
  });
  expect((await chat(relay.origin, others)).status).toBe(200);

  await page.goto(`${relay.origin}/logs`);
  const calls = page.locator("[data-call]");
  await expect(calls).toHaveCount(2);
  await expect(calls.filter({ hasText: owner.email })).toContainText("ci-runner");
  if (page.viewportSize()!.width < 720) await page.getByRole("button", { name: "Filters" }).click();
  await page.getByRole("textbox", { name: "Account or email" }).fill("ada@example.com");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/account=ada%40example.com/);
  await expect(calls).toHaveCount(1);
  await expect(calls).toContainText("adas");
  await calls.first().click();
  const sheet = page.getByRole("dialog");
  await expect(sheet).toContainText("ada@example.com");
  await expect(sheet.getByRole("table")).toBeVisible();
  await page.keyboard.press("Escape");
  const csv = page.getByRole("link", { name: "Export CSV" });
  await expect(csv).toHaveAttribute("href", /account=ada%40example\.com/);

  // One's own log has neither the column nor the others' calls.
  await page.goto(`${relay.origin}/usage?account=ada@example.com`);
  await expect(calls).toHaveCount(1);
  await expect(calls).toContainText("ci-runner");
  await expect(calls).not.toContainText(owner.email);
});

test("the overview tells what everybody called, how channels do and what failed", async ({
  page,
  relay,
}) => {
  await setUp(page, relay);
  await page.goto(`${relay.origin}/overview`);
  await expect(page.getByText("Nothing was called in this time.").first()).toBeVisible();
  await page.goto(`${relay.origin}/tokens`);
  const secret = await addToken(page, "ci-runner");
  await closePanel(page);
  expect((await chat(relay.origin, secret)).status).toBe(200);
  expect((await chat(relay.origin, secret)).status).toBe(200);

  await page.keyboard.press("g");
  await page.keyboard.press("x");
  await expect(page).toHaveURL(/\/overview$/);
  await expect(page.getByRole("definition").filter({ hasText: "100%" })).toBeVisible();
  const strip = page.getByRole("img", { name: "Health of Simulated: 1 good, 23 without calls" });
  await expect(strip).toBeVisible();
  await expect(page.getByText("2 calls, 0 failed").first()).toBeVisible();
  await expect(page.getByText("Every call was answered to its end.")).toBeVisible();
  await page.getByRole("radio", { name: "7 d" }).click();
  await expect(page).toHaveURL(/span=7/);
  await expect(page.getByRole("img", { name: /1 good, 27 without calls/ })).toBeVisible();
  await page.getByRole("radio", { name: "Table", exact: true }).first().click();
  const slots = page.getByRole("region", { name: "Channel health" });
  await expect(slots.getByRole("row", { name: /Simulated/ })).toContainText("2");

  await page
    .getByRole("table", { name: "Top accounts" })
    .getByRole("link", { name: owner.email })
    .click();
  await expect(page).toHaveURL(/\/logs\?.*account=owner%40example.com/);
  await expect(page.locator("[data-call]")).toHaveCount(2);
});

test("models show how they did in the last day", async ({ page, relay }) => {
  await setUp(page, relay);
  const secret = await addToken(page, "ci-runner");
  await closePanel(page);
  expect((await chat(relay.origin, secret)).status).toBe(200);
  await page.goto(`${relay.origin}/models?search=sim-gpt&open=sim-gpt`);
  const strip = page
    .getByRole("dialog")
    .getByRole("img", { name: "sim-gpt, last 24 hours: 1 good, 23 without calls" });
  await expect(strip).toBeVisible();
  await expect(page.getByRole("dialog").getByText("100% succeeded")).toBeVisible();
});
