import { readFileSync } from "node:fs";

import { expect, type Page } from "@playwright/test";

import { words } from "../src/contract/words";
import { addToken, chat, closePanel, setUp, test, tokenPlace } from "./relay";

async function addSome(page: Page, names: string[], quota = "5"): Promise<string[]> {
  const secrets: string[] = [];
  for (const name of names) {
    secrets.push(await addToken(page, name, quota));
    await closePanel(page);
  }
  return secrets;
}

const choose = (page: Page, name: string) =>
  page.getByRole("checkbox", { name: `Select ${name}` }).click();

test("many tokens are switched, extended, topped up and deleted at once", async ({
  page,
  relay,
}) => {
  await setUp(page, relay);
  const [first = ""] = await addSome(page, ["alpha", "beta", "gamma"]);
  const bar = page.getByRole("region", { name: "Selected tokens" });

  await choose(page, "alpha");
  await choose(page, "beta");
  await expect(bar.getByText("2 selected")).toBeVisible();
  await bar.getByRole("button", { name: "Disable" }).click();
  await expect(page.getByText("2 tokens disabled")).toBeVisible();
  const status = (name: string) => tokenPlace(page, name).getByText(words.status.disabled);
  await expect(status("alpha")).toBeVisible();
  await expect(status("gamma")).toHaveCount(0);
  expect((await chat(relay.origin, first)).status).toBe(401);
  await page.getByRole("button", { name: words.undo }).click();
  await expect(page.getByText("2 tokens enabled")).toBeVisible();
  await expect(status("alpha")).toHaveCount(0);
  expect((await chat(relay.origin, first)).status).toBe(200);

  await choose(page, "alpha");
  await choose(page, "gamma");
  await bar.getByRole("button", { name: "Set expiration" }).click();
  await page.getByRole("dialog").getByRole("radio", { name: words.neverExpires }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Set expiration" }).click();
  await expect(page.getByText("2 tokens have a new expiration")).toBeVisible();
  await expect(tokenPlace(page, "gamma").getByText(words.neverExpires)).toBeVisible();
  await expect(tokenPlace(page, "beta").getByText(words.neverExpires)).toHaveCount(0);

  await choose(page, "beta");
  await choose(page, "gamma");
  await bar.getByRole("button", { name: "Add quota" }).click();
  await page.getByLabel("Amount for each, in US dollars").fill("2.5");
  await page.getByRole("dialog").getByRole("button", { name: "Add quota" }).click();
  await expect(page.getByText("Quota added to 2 tokens")).toBeVisible();
  await expect(tokenPlace(page, "gamma").getByText("of $7.50")).toBeVisible();
  await expect(tokenPlace(page, "alpha").getByText("of $5.00")).toBeVisible();

  await choose(page, "alpha");
  await choose(page, "beta");
  await bar.getByRole("button", { name: words.delete }).click();
  const confirm = page.getByRole("dialog").getByRole("button", { name: words.confirm });
  await expect(page.getByText(words.irreversible)).toBeVisible();
  await expect(confirm).toBeDisabled();
  await page.getByLabel("Type 2 to go on").fill("2");
  await confirm.click();
  await expect(page.getByText("2 tokens deleted")).toBeVisible();
  await expect(tokenPlace(page, "gamma")).toBeVisible();
  await expect(page.getByRole("link", { name: "alpha" })).toHaveCount(0);
  expect((await chat(relay.origin, first)).status).toBe(401);
});

test("a batch gives its secrets once, as a table @desktop", async ({ page, relay }) => {
  await setUp(page, relay);
  await page.getByRole("button", { name: words.addToken }).first().click();
  await page.getByLabel(words.fields.name, { exact: true }).fill("worker");
  await page.getByText("Advanced").click();
  await page.getByLabel("How many").fill("101");
  await page.getByRole("button", { name: words.submit }).click();
  await expect(page.getByText("Write a whole number from 1 to 100.")).toBeVisible();
  await page.getByLabel("How many").fill("3");
  await page.getByRole("button", { name: words.submit }).click();

  await expect(page.getByRole("heading", { name: "3 tokens created" })).toBeVisible();
  await page.getByRole("button", { name: "Done" }).click();
  await expect(page.getByText("Close without saving?")).toBeVisible();
  await page.getByRole("button", { name: "Go back" }).click();
  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download CSV" }).click();
  const file = await downloading;
  expect(file.suggestedFilename()).toBe("tokens.csv");
  const rows = readFileSync(await file.path(), "utf8")
    .trim()
    .split("\r\n");
  expect(rows[0]).toBe("name,secret,quota,expires_at");
  const secrets = rows.slice(1).map((row) => row.split(",")[1] ?? "");
  expect(secrets).toHaveLength(3);
  for (const secret of secrets) expect((await chat(relay.origin, secret)).status).toBe(200);

  await page.getByRole("button", { name: "Done" }).click();
  await expect(page.getByRole("link", { name: /^worker \d$/ })).toHaveCount(3);
});

test("a rotated secret is shown once, and the old one ends when it should @desktop", async ({
  page,
  relay,
}) => {
  await setUp(page, relay);
  const [before = ""] = await addSome(page, ["alpha"]);
  const rotate = async (overlap: string) => {
    await page.getByRole("button", { name: "Actions for alpha" }).click();
    await page.getByRole("menuitem", { name: "Rotate secret" }).click();
    await page.getByRole("radio", { name: overlap }).click();
    await page.getByRole("button", { name: "Rotate", exact: true }).click();
    const secret = page.getByTestId("token-secret");
    await secret.waitFor();
    const text = (await secret.textContent()) ?? "";
    await closePanel(page);
    return text;
  };

  const second = await rotate("24 h");
  expect(second).not.toBe(before);
  expect((await chat(relay.origin, second)).status).toBe(200);
  expect((await chat(relay.origin, before)).status).toBe(200);
  const third = await rotate("not at all");
  expect((await chat(relay.origin, third)).status).toBe(200);
  expect((await chat(relay.origin, second)).status).toBe(401);
});

test("the list is worked by keys alone @desktop", async ({ page, relay }) => {
  await setUp(page, relay);
  await addSome(page, ["alpha", "beta"]);
  await page.keyboard.press("j");
  await expect(page.getByRole("link", { name: "beta" })).toBeFocused();
  await page.keyboard.press("j");
  await expect(page.getByRole("link", { name: "alpha" })).toBeFocused();
  await page.keyboard.press("k");
  await page.keyboard.press("x");
  await expect(page.getByText("1 selected")).toBeVisible();
  await page.keyboard.press("e");
  await expect(page.getByRole("heading", { name: "Edit beta" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await page.keyboard.press("c");
  await expect(page.getByRole("heading", { name: words.addToken })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await page.keyboard.press("/");
  await expect(page.getByLabel("Search tokens")).toBeFocused();
  await page.keyboard.press("c");
  await expect(page.getByLabel("Search tokens")).toHaveValue("c");
  await page.getByRole("heading", { name: words.tokens, exact: true }).click();
  await page.keyboard.press("?");
  await expect(page.getByRole("heading", { name: "Keyboard shortcuts" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await page.keyboard.press("g");
  await page.keyboard.press("l");
  await expect(page.getByRole("heading", { name: "Usage Logs" })).toBeVisible();
});
