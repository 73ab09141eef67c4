import { expect } from "@playwright/test";

import { words } from "../src/contract/words";
import { addToken, chat, closePanel, setUp, test, tokenPlace } from "./relay";

test("a tier is made, changed and deleted", async ({ page, relay }) => {
  await setUp(page, relay);
  await page.goto(`${relay.origin}/tiers`);
  const tiers = page.getByRole("list", { name: "Tiers" });
  await expect(tiers.getByRole("listitem")).toHaveCount(1);
  await expect(tiers).toContainText("20 tokens · prices ×1");

  await page.getByRole("button", { name: "Add tier" }).click();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Fill this in.")).toBeVisible();
  await page.getByLabel("Name", { exact: true }).fill("Pro");
  await page.getByLabel("Tokens per account").fill("100");
  await page.getByLabel("Factor on prices").fill("0.9");
  await page.getByLabel("Overdraft").fill("12.5");
  await page.getByLabel("Models").fill("gpt-*");
  await page.keyboard.press("Enter");
  await page.getByLabel("Requests / min").fill("60");
  await page.getByLabel("Default", { exact: true }).fill("90");
  await page.getByLabel("At the latest").fill("30");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText(/The default is not later/)).toBeVisible();
  await page.getByLabel("Default", { exact: true }).fill("7");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Pro added")).toBeVisible();
  const pro = tiers.getByRole("listitem").filter({ hasText: "Pro" });
  await expect(pro).toContainText("100 tokens · prices ×0.9 · overdraft $12.50");
  await expect(pro).toContainText("models gpt-* · 60 requests / min");
  await expect(pro).toContainText("in 30 days at the latest");

  await page.getByRole("button", { name: "Actions for Pro" }).click();
  await page.getByRole("menuitem", { name: "Edit" }).click();
  await expect(page.getByText(/No token is deleted or changed/)).toBeVisible();
  await page.getByLabel("Tokens per account").fill("50");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(pro).toContainText("50 tokens");

  await page.getByRole("button", { name: "Actions for Standard" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await expect(page.getByText(/New accounts are of this tier/)).toBeVisible();
  await expect(page.getByRole("button", { name: "Delete tier" })).toBeDisabled();
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Actions for Pro" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await page.getByRole("button", { name: "Delete tier" }).click();
  await expect(page.getByText("Pro deleted")).toBeVisible();
  await expect(tiers.getByRole("listitem")).toHaveCount(1);
});

test("a smaller tier keeps every token and says that none can be added", async ({
  page,
  relay,
}) => {
  await setUp(page, relay);
  const secret = await addToken(page, "one");
  await closePanel(page);
  await addToken(page, "two");
  await closePanel(page);

  await page.goto(`${relay.origin}/tiers`);
  await page.getByRole("button", { name: "Actions for Standard" }).click();
  await page.getByRole("menuitem", { name: "Edit" }).click();
  await page.getByLabel("Tokens per account").fill("1");
  await page.getByLabel("Models").fill("!sim-claude*");
  await page.keyboard.press("Enter");
  await page.getByLabel("At the latest").fill("10");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Standard saved")).toBeVisible();

  await page.goto(`${relay.origin}/tokens`);
  await expect(page.getByText("2 of 1 · Standard tier")).toBeVisible();
  await expect(page.getByRole("status").filter({ hasText: /They all keep working/ })).toBeVisible();
  await expect(tokenPlace(page, "one")).toBeVisible();
  expect((await chat(relay.origin, secret)).status).toBe(200);
  expect((await chat(relay.origin, secret, "sim-claude")).status).toBe(404);

  // The form offers what the tier allows, and says why; the server has the last word.
  await page.getByRole("button", { name: words.addToken }).first().click();
  await expect(
    page.getByText(/Under your tier Standard a token expires within 10 days/),
  ).toBeVisible();
  await expect(page.getByRole("radio", { name: words.neverExpires })).toHaveCount(0);
  await expect(page.getByRole("radio", { name: "90 d" })).toHaveCount(0);
  await page.getByLabel(words.fields.name, { exact: true }).fill("three");
  await page.getByRole("button", { name: words.submit }).click();
  await expect(page.getByText(/The Standard tier allows 1, and the account has 2/)).toBeVisible();
});
