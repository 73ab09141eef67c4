import { expect } from "@playwright/test";

import { words } from "../src/contract/words";
import { addToken, chat, closePanel, setUp, test } from "./relay";

test("a channel is connected, tested, changed and deleted", async ({ page, relay }) => {
  await setUp(page, relay);
  await page.goto(`${relay.origin}/channels`);
  await page.getByRole("button", { name: "Test Simulated" }).click();
  await expect(page.getByText(/answered in [\d,]+ ms/)).toBeVisible();

  // A provider that is not there: many keys, shown by their ends only.
  await page.getByRole("button", { name: "Connect a provider" }).click();
  await page.getByRole("radio", { name: "Google Gemini" }).click();
  await expect(page.getByLabel("Base URL")).toHaveValue(/generativelanguage/);
  await page.getByRole("radio", { name: "OpenAI-compatible" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Nowhere");
  await page.getByLabel("Base URL").fill("http://127.0.0.1:9/v1");
  await page.getByRole("switch", { name: "Allow private addresses" }).click();
  await page.getByRole("button", { name: "Connect", exact: true }).click();
  await expect(page.getByText("Fill this in.")).toBeVisible();
  await page.getByLabel("API keys").fill("key-number-one-1111\nkey-number-two-2222");
  await page.getByLabel("Models").fill("gpt-5");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Add a name" }).click();
  await page.getByLabel("Name 1 that clients ask for").fill("my-model");
  await page.getByLabel("Name 1 at the provider").fill("gpt-5");
  await page.getByLabel("Weight").fill("3");
  await page.getByRole("button", { name: "Connect", exact: true }).click();
  await expect(page.getByText("Nowhere connected")).toBeVisible();
  const channel = page.getByRole("listitem").filter({ hasText: "Nowhere" });
  await expect(channel.getByText(/1 model · 1 other name · priority 0 · weight 3/)).toBeVisible();
  await expect(channel.getByText("ready")).toHaveCount(2);
  await expect(page.getByText("key-number-one-1111")).toHaveCount(0);
  await page.getByRole("button", { name: "Test Nowhere" }).click();
  await expect(channel.getByText(/^No answer:/)).toBeVisible();

  // Its switch, its form, its end.
  await channel.getByRole("switch").click();
  await expect(channel.getByText("Disabled", { exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Actions for Nowhere" }).click();
  await page.getByRole("menuitem", { name: "Edit" }).click();
  await expect(page.getByText("Keys in use: 2")).toBeVisible();
  await page.getByLabel("Name", { exact: true }).fill("Somewhere");
  await page.getByLabel("Priority").fill("5");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Somewhere saved")).toBeVisible();
  await expect(page.getByText(/priority 5 · weight 3/)).toBeVisible();
  await page.getByRole("button", { name: "Actions for Somewhere" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await page.getByRole("button", { name: "Delete channel" }).click();
  await expect(page.getByText("Somewhere deleted")).toBeVisible();
});

test("models are picked from what the provider has @desktop", async ({ page, relay }) => {
  await setUp(page, relay);
  await page.goto(`${relay.origin}/channels`);
  await page.getByRole("button", { name: "Actions for Simulated" }).click();
  await page.getByRole("menuitem", { name: "Edit" }).click();
  await page.getByRole("button", { name: "Fetch models" }).click();
  await expect(page.getByText(/^The provider has \d+, \d+ with a price\.$/)).toBeVisible();
  await page.getByRole("checkbox", { name: "sim-gpt", exact: true }).click();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText(/^1 model · /)).toBeVisible();
});

test("a group puts its factor on the price @desktop", async ({ page, relay }) => {
  await setUp(page, relay);
  const dialog = page.getByRole("dialog");
  await page.goto(`${relay.origin}/channels`);
  await page.getByRole("button", { name: "Add group" }).click();
  await dialog.getByLabel("Name").fill("team");
  await dialog.getByLabel("Factor on prices").fill("a bit");
  await expect(page.getByText(/Write a factor such as/)).toBeVisible();
  await dialog.getByLabel("Factor on prices").fill("2.5");
  await dialog.getByRole("button", { name: "Save" }).click();
  const group = page
    .getByRole("list", { name: "Groups" })
    .getByRole("listitem")
    .filter({ hasText: "team" });
  await expect(group.getByText("×2.5")).toBeVisible();
  await expect(group.getByText("0 channels")).toBeVisible();

  // The channel moves into it, and a token of the group is charged so.
  await page.getByRole("button", { name: "Actions for Simulated" }).click();
  await page.getByRole("menuitem", { name: "Edit" }).click();
  await page.getByRole("combobox", { name: "Group" }).click();
  await page.getByRole("option", { name: /^team/ }).click();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(group.getByText("1 channel", { exact: true })).toBeVisible();
  await page.goto(`${relay.origin}/tokens`);
  const outside = await addToken(page, "outside");
  await closePanel(page);
  expect((await chat(relay.origin, outside)).status).not.toBe(200);
  await page.getByRole("button", { name: words.addToken }).click();
  await page.getByLabel(words.fields.name, { exact: true }).fill("inside");
  await page.getByText("Advanced").click();
  await page.getByRole("combobox", { name: "Group of channels" }).click();
  await page.getByRole("option", { name: /^team/ }).click();
  await page.getByRole("button", { name: words.submit }).click();
  const inside = (await page.getByTestId("token-secret").textContent()) ?? "";
  await closePanel(page);
  expect((await chat(relay.origin, inside)).status).toBe(200);
  await page.goto(`${relay.origin}/usage`);
  await page.locator("[data-call]").first().click();
  await expect(page.getByRole("dialog").getByText("Factor of tier and group")).toBeVisible();
  await expect(page.getByRole("dialog").getByText("×2.5").first()).toBeVisible();
});
