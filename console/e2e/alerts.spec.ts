import AxeBuilder from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";

import { addToken, chat, closePanel, setUp, test } from "./relay";

/** Screenshots for looking at, where a directory for them is named. */
const pictures = process.env["ANC_SCREENSHOTS"];

async function inspect(page: Page, name: string): Promise<void> {
  if (pictures) await page.screenshot({ path: `${pictures}/${name}.png`, fullPage: true });
  const { violations } = await new AxeBuilder({ page })
    .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"])
    .analyze();
  expect(violations.map((one) => `${one.id}: ${one.nodes[0]?.html}`)).toEqual([]);
}

test("an alert rings the bell, is read, and is new no more", async ({ page, relay }, info) => {
  // The relay looks once a minute.
  test.setTimeout(150_000);
  await setUp(page, relay, "1");
  const secret = await addToken(page, "ci", "1");
  await closePanel(page);
  expect((await chat(relay.origin, secret)).status).toBe(200);
  const bell = page.getByRole("link", { name: /^Alerts/ });
  await expect(async () => {
    await page.reload();
    await expect(bell).toHaveAccessibleName("Alerts, 1 new", { timeout: 4_000 });
  }).toPass({ timeout: 100_000 });
  await bell.click();
  const entry = page.getByRole("list", { name: "Alerts" }).getByRole("listitem");
  await expect(entry).toContainText("Low balance");
  await expect(entry).toContainText("below $5");
  await expect(entry).toContainText("New");
  await expect(bell).toHaveAccessibleName("Alerts");
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await inspect(page, `alerts-${info.project.name}-${colorScheme}`);
  }
  await page.reload();
  await expect(entry).toBeVisible();
  await expect(entry).not.toContainText("New");
});

test("somebody chooses what they are told, and where to", async ({ page, relay }, info) => {
  await setUp(page, relay);
  await page.goto(`${relay.origin}/profile`);
  const budget = page.getByRole("switch", { name: "Token near its budget" });
  await expect(budget).toBeChecked();
  await budget.click();
  await expect(budget).not.toBeChecked();
  await expect(page.getByText("This relay sends no e-mail.")).toBeVisible();
  await page.getByLabel("Low balance below").fill("2.5");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByText("Saved")).toBeVisible();

  await page.getByRole("button", { name: "Set a webhook" }).click();
  await page.getByLabel("Address", { exact: true }).fill("http://example.com/hook");
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("dialog").getByRole("alert")).toBeVisible();
  await page.getByLabel("Address", { exact: true }).fill("https://localhost:9/hook");
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await expect(page.getByTestId("webhook-secret")).toHaveText(/^whsec_[0-9a-f]{64}$/);
  await page.getByRole("button", { name: "Copy the secret" }).click();
  await page.getByRole("button", { name: "Done" }).click();

  // No webhook leads into the relay's own network.
  await page.getByRole("button", { name: "Send a test" }).click();
  await expect(page.getByText("Its address is in a private network.")).toBeVisible();
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await inspect(page, `alert-choices-${info.project.name}-${colorScheme}`);
  }
  await page.reload();
  await expect(budget).not.toBeChecked();
  await expect(page.getByLabel("Low balance below")).toHaveValue("2.5");
  await page.getByRole("button", { name: "Remove", exact: true }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Remove" }).click();
  await expect(page.getByText("There is none.")).toBeVisible();
});
