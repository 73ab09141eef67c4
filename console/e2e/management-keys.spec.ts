import { expect } from "@playwright/test";

import { setUp, test } from "./relay";

test("a management key is made, used and deleted", async ({ page, relay }) => {
  await setUp(page, relay);
  await page.goto(`${relay.origin}/profile`);
  await expect(page.getByRole("heading", { name: "Profile" })).toBeVisible();
  await page.getByRole("button", { name: "Add management key" }).click();
  await page.getByRole("button", { name: "Create key" }).click();
  await expect(page.getByText("Fill this in.")).toBeVisible();
  await expect(page.getByText("Choose at least one.")).toBeVisible();
  await page.getByLabel("Name", { exact: true }).fill("terraform");
  await page.getByRole("checkbox", { name: "See tokens" }).click();
  await page.getByRole("button", { name: "Create key" }).click();

  const shown = page.getByTestId("key-secret");
  await shown.waitFor();
  const secret = (await shown.textContent()) ?? "";
  expect(secret).toMatch(/^mk-/);
  await page.getByRole("button", { name: "Done" }).click();
  await expect(page.getByText("Close without copying?")).toBeVisible();
  await page.getByRole("button", { name: "Go back" }).click();
  await page.getByRole("button", { name: "Copy key" }).click();
  await page.getByRole("button", { name: "Done" }).click();
  const key = page.getByRole("listitem").filter({ hasText: "terraform" });
  await expect(key.getByText("tokens:read")).toBeVisible();
  await expect(key.getByText("Never used")).toBeVisible();
  await expect(page.getByText(secret)).toHaveCount(0);

  const list = () =>
    fetch(`${relay.origin}/api/v1/tokens`, { headers: { authorization: `Bearer ${secret}` } });
  expect((await list()).status).toBe(200);
  await page.getByRole("button", { name: "Delete terraform" }).click();
  await page.getByRole("button", { name: "Delete key" }).click();
  await expect(page.getByText("terraform deleted")).toBeVisible();
  await expect(key).toHaveCount(0);
  expect((await list()).status).toBe(401);
});
