import { expect } from "@playwright/test";

import { setUp, test } from "./relay";

test("the wallet tells what is there and what moved it", async ({ page, relay }) => {
  await setUp(page, relay, "42.5");
  await page.goto(`${relay.origin}/wallet`);
  await expect(page.getByRole("definition").first()).toHaveText("$42.50");
  const statement = page.getByRole("region", { name: "Statement" });
  const cards = page.getByRole("list", { name: "Statement" });
  const lines = statement.or(cards);
  await expect(lines).toContainText("Grant");
  await expect(lines).toContainText("+$42.50");

  await page.getByRole("combobox", { name: "Kind" }).click();
  await page.getByRole("option", { name: "Payment" }).click();
  await expect(page).toHaveURL(/kind=payment/);
  await expect(page.getByText("Nothing of this kind has moved the balance.")).toBeVisible();
  const table = page.getByRole("link", { name: "Export CSV" });
  await expect(table).toHaveAttribute("href", "/api/v1/statement.csv?kind=payment");
  // Without a payment provider there is nothing to pay with.
  await expect(page.getByRole("form", { name: "Top up by card" })).toBeHidden();
});
