import { expect } from "@playwright/test";

import { words } from "../src/contract/words";
import { addToken, chat, closePanel, owner, setUp, test, tokenPlace } from "./relay";

test("the tokens page does what the platform's documentation says, step by step", async ({
  page,
  relay,
}, info) => {
  await setUp(page, relay);

  // Sign out and in again: the way of every day.
  await page.goto(`${relay.origin}/sign-in`);
  await page.getByLabel("Email").fill(owner.email);
  await page.getByLabel("Password").fill(owner.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { name: "Dashboard" })).toBeVisible();
  if (info.project.name === "phone") await page.getByRole("button", { name: "Open menu" }).click();
  await page.getByRole("link", { name: words.tokens, exact: true }).click();
  await expect(page.getByRole("heading", { name: words.tokens, exact: true })).toBeVisible();
  await expect(page.getByText("0 of 20 · standard tier")).toBeVisible();

  // Add Token, with all five fields.
  await page.getByRole("button", { name: words.addToken }).first().click();
  await page.getByLabel(words.fields.name, { exact: true }).fill("Claude-Code-Work-PC");
  await expect(page.getByText(words.fields.expiration, { exact: true })).toBeVisible();
  await page.getByRole("radio", { name: words.neverExpires }).click();
  await page.getByLabel(words.fields.quota, { exact: true }).fill("5");
  await page.getByLabel(words.fields.modelRestriction).fill("sim-*");
  await page.keyboard.press("Enter");
  await page.getByLabel(words.fields.ipRestriction).fill("127.0.0.1");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: words.submit }).click();

  // The value is shown, once, and the relay takes it.
  const secret = (await page.getByTestId("token-secret").textContent()) ?? "";
  expect(secret).toMatch(/^sk-anc[A-Za-z0-9]{45}$/);
  await page.getByRole("button", { name: "Test", exact: true }).click();
  await expect(page.getByText(/^Works: \d+ models/)).toBeVisible();
  await expect(page.getByText(`ANTHROPIC_AUTH_TOKEN="${secret}"`)).toBeVisible();
  await page.getByRole("button", { name: "Done" }).click();
  await expect(page.getByText("Close without copying?")).toBeVisible();
  await page.getByRole("button", { name: "Go back" }).click();
  await closePanel(page);
  await expect(page.getByText(secret)).toHaveCount(0);

  // The six named columns, and what they say of the token.
  const place = tokenPlace(page, "Claude-Code-Work-PC");
  const { name, status, ...facts } = words.columns;
  // On a phone a card's head says name and status without naming them.
  const named = info.project.name === "phone" ? facts : { name, status, ...facts };
  for (const column of Object.values(named)) {
    await expect(page.getByText(column, { exact: true }).first()).toBeVisible();
  }
  await expect(place.getByText(words.status.enabled, { exact: true })).toBeVisible();
  await expect(place.getByText("of $5.00")).toBeVisible();
  await expect(place.getByText(words.neverExpires)).toBeVisible();
  await expect(page.getByText("1 of 20 · standard tier")).toBeVisible();

  // A call is charged, and the page tells.
  const answer = await chat(relay.origin, secret);
  expect(answer.status).toBe(200);
  await page.reload();
  await expect(place.getByText("$0.00", { exact: true })).toHaveCount(0);

  // The status switch: refused at once, and back by Undo.
  await place.getByRole("switch").click();
  await expect(place.getByText(words.status.disabled, { exact: true })).toBeVisible();
  await expect
    .poll(async () => (await chat(relay.origin, secret)).status, { timeout: 2_000 })
    .toBe(401);
  await page.getByRole("button", { name: words.undo }).click();
  await expect(place.getByText(words.status.enabled, { exact: true })).toBeVisible();
  await expect
    .poll(async () => (await chat(relay.origin, secret)).status, { timeout: 2_000 })
    .toBe(200);

  // Edit: a quota of nothing exhausts the token, a larger one wakes it.
  const edit = async (quota: string) => {
    await page.getByRole("button", { name: "Actions for Claude-Code-Work-PC" }).click();
    await page.getByRole("menuitem", { name: words.edit }).click();
    await page.getByLabel(words.fields.quota, { exact: true }).fill(quota);
    await page.getByRole("button", { name: words.submit }).click();
    await expect(page.getByRole("button", { name: words.submit })).toHaveCount(0);
  };
  await edit("0.000001");
  await expect(place.getByText(words.status.exhausted, { exact: true })).toBeVisible();
  const refused = await chat(relay.origin, secret);
  expect(refused.status).toBe(429);
  expect(refused.body["error"]).toMatchObject({ code: "insufficient_quota" });
  await edit("10");
  await expect(place.getByText(words.status.enabled, { exact: true })).toBeVisible();
  expect((await chat(relay.origin, secret)).status).toBe(200);

  // Delete, with the warning, and for good.
  await page.getByRole("button", { name: "Actions for Claude-Code-Work-PC" }).click();
  await page.getByRole("menuitem", { name: words.delete }).click();
  await expect(page.getByText(words.irreversible)).toBeVisible();
  await page.getByRole("button", { name: words.confirm, exact: true }).click();
  await expect(page.getByText("No tokens yet")).toBeVisible();
  expect((await chat(relay.origin, secret)).status).toBe(401);
});

test("search, filter and a link to the form live in the address", async ({ page, relay }) => {
  await setUp(page, relay);
  for (const name of ["alpha", "beta"]) {
    await addToken(page, name);
    await closePanel(page);
  }
  await page.getByLabel("Search tokens").fill("alp");
  await expect(page).toHaveURL(/search=alp/);
  await expect(page.getByText("beta", { exact: true })).toHaveCount(0);
  await page.getByLabel("Search tokens").fill("nothing of this name");
  await expect(page.getByText("No match")).toBeVisible();
  await page.getByRole("button", { name: "Clear filters" }).last().click();
  await expect(page.getByText("beta", { exact: true })).toBeVisible();

  await page.goto(`${relay.origin}/tokens?new=1&name=ci&models=sim-*`);
  await expect(page.getByLabel(words.fields.name, { exact: true })).toHaveValue("ci");
  await expect(page.getByText("sim-*")).toBeVisible();
});

test("mistakes are told where they were made", async ({ page, relay }) => {
  await setUp(page, relay);
  await page.getByRole("button", { name: words.addToken }).first().click();
  await page.getByLabel(words.fields.quota, { exact: true }).fill("a lot");
  await page.getByRole("button", { name: words.submit }).click();
  await expect(page.getByText("Fill this in.")).toBeVisible();
  await expect(page.getByText(/Write an amount in dollars/)).toBeVisible();
  await page.keyboard.press("Escape");

  await page.context().clearCookies();
  await page.reload();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await page.getByLabel("Email").fill(owner.email);
  await page.getByLabel("Password").fill("not the password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByText(/This email and password do not fit together/)).toBeVisible();
});

test("the set-up link works once", async ({ page, relay }) => {
  await page.goto(`${relay.origin}/`);
  await expect(page.getByText("Set-up needs its link")).toBeVisible();
  await setUp(page, relay);
  await page.context().clearCookies();
  await page.goto(relay.setupLink);
  await expect(page.getByText("Already set up")).toBeVisible();
});
