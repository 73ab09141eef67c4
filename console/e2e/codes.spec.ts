import { readFileSync } from "node:fs";

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

interface Made {
  batch: string;
  items: { id: string; code: string }[];
}

/** A call of the API as the page would make it. */
async function ask<T>(page: Page, path: string, body: object): Promise<T> {
  return page.evaluate(
    async ([to, text]) => {
      const headers = { "content-type": "application/json", "x-anc-console": "1" };
      const answer = await fetch(`/api/v1${to}`, { method: "POST", headers, body: text });
      return (await answer.json()) as T;
    },
    [path, JSON.stringify(body)] as const,
  );
}

/** Codes in every state but expired, one of them with uses of its own. */
async function makeCodes(page: Page): Promise<{ shared: string; batch: string }> {
  const sale = await ask<Made>(page, "/redemption-codes", {
    count: 3,
    amount: "20",
    expires_at: "2031-01-01T00:00:00Z",
    note: "Spring sale for customers of the shop",
  });
  const shared = await ask<Made>(page, "/redemption-codes", { count: 1, amount: "2.5", uses: 500 });
  await ask(page, "/redemptions", { code: sale.items[0]?.code });
  await ask(page, "/redemptions", { code: shared.items[0]?.code });
  await ask(page, `/redemption-codes/${sale.items[1]?.id}/revoke`, {});
  return { shared: shared.items[0]?.id ?? "", batch: sale.batch };
}

for (const scheme of ["light", "dark"] as const) {
  test(`codes can be read by all, ${scheme}`, async ({ page, relay }, info) => {
    test.slow();
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
    await setUp(page, relay, "0");
    await page.goto(`${relay.origin}/redemption-codes`);
    await page.getByRole("main").getByRole("heading", { level: 2 }).waitFor();
    await inspect(page, `${info.project.name}-${scheme}-codes-empty`);
    const { shared, batch } = await makeCodes(page);
    for (const language of ["en", "zh-CN"]) {
      const name = (place: string) => `${info.project.name}-${scheme}-${language}-${place}`;
      await page.evaluate((to) => localStorage.setItem("anc-language", to), language);
      const dialog = page.getByRole("dialog");
      await page.goto(`${relay.origin}/redemption-codes`);
      await page.getByText("$2.50").first().waitFor();
      await inspect(page, name("codes"));
      await page.goto(`${relay.origin}/redemption-codes?batch=${batch}`);
      await page.getByText("$20.00").first().waitFor();
      await inspect(page, name("codes-of-batch"));
      await page.goto(`${relay.origin}/redemption-codes?open=${shared}`);
      await dialog.getByRole("listitem").first().waitFor();
      await inspect(page, name("code"));
      await page.goto(`${relay.origin}/redemption-codes`);
      await page.getByText("$2.50").first().waitFor();
      await page.keyboard.press("c");
      await dialog.getByRole("textbox").nth(2).fill("5");
      await inspect(page, name("codes-form"));
      await dialog.locator("button[type=submit]").click();
      await page.getByTestId("codes").waitFor();
      await inspect(page, name("codes-reveal"));
      await page.goto(`${relay.origin}/wallet`);
      const redeem = page.locator("form");
      await redeem.getByRole("textbox").fill("7K3QF-V0N8D");
      await redeem.getByRole("button").click();
      await redeem.getByRole("alert").waitFor();
      await inspect(page, name("wallet-wrong-code"));
    }
  });
}

/** Where a code's facts stand: a row of the table, or a card on a phone. */
function codePlace(page: Page, text: string | RegExp) {
  return page.getByRole("row").or(page.getByRole("listitem")).filter({ hasText: text }).last();
}

test("codes are made once, redeemed in the wallet, and revoked", async ({ page, relay }) => {
  await setUp(page, relay, "0");
  const secret = await addToken(page, "starved");
  await closePanel(page);
  expect((await chat(relay.origin, secret)).status).toBe(429);

  await page.goto(`${relay.origin}/redemption-codes`);
  await expect(page.getByRole("heading", { name: "No codes yet" })).toBeVisible();
  await page.getByRole("button", { name: "Create codes" }).click();
  const form = page.getByRole("dialog");
  await form.getByLabel("How many codes").fill("0");
  await form.getByRole("button", { name: "Create codes" }).click();
  await expect(form.getByText("Write a whole number of at least 1.")).toBeVisible();
  await form.getByLabel("How many codes").fill("3");
  await form.getByLabel("Amount of each").fill("20000");
  await form.getByRole("button", { name: "Create codes" }).click();
  await expect(form.getByText("Above zero, and at most $10000.")).toBeVisible();
  await form.getByLabel("Amount of each").fill("12.5");
  await form.getByLabel("Note").fill("spring sale");
  await form.getByRole("button", { name: "Create codes" }).click();

  const codes = await page.getByTestId("codes").getByRole("listitem").allTextContents();
  expect(codes).toHaveLength(3);
  const [first = "", second = ""] = codes;
  expect(first).toMatch(/^([0-9A-HJKMNP-TV-Z]{5}-){5}[0-9A-HJKMNP-TV-Z]{5}$/);
  await page.getByRole("button", { name: "Done" }).click();
  await expect(page.getByText("Close without saving?")).toBeVisible();
  await page.getByRole("button", { name: "Go back" }).click();
  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download CSV" }).click();
  const csv = readFileSync(await (await downloading).path(), "utf8").split("\r\n");
  expect(csv[1]).toMatch(new RegExp(`^${first},12\\.5,1,.*,spring sale$`));
  await page.getByRole("button", { name: "Done" }).click();
  await expect(page.getByText(first)).toHaveCount(0);
  const ends = (code: string) => `${code.slice(0, 5)}…${code.slice(-5)}`;
  await expect(codePlace(page, ends(first))).toContainText("Open");

  await page.goto(`${relay.origin}/wallet`);
  const redeem = page.getByRole("form", { name: "Redeem a code" });
  await redeem.getByLabel("Redemption code").fill(first.slice(0, 30));
  await redeem.getByRole("button", { name: "Redeem" }).click();
  await expect(redeem.getByText(/a character is missing or wrong/)).toBeVisible();
  await redeem.getByLabel("Redemption code").fill(first.toLowerCase().replaceAll("-", " "));
  await redeem.getByRole("button", { name: "Redeem" }).click();
  await expect(redeem.getByRole("status")).toHaveText("$12.50 added. The balance is now $12.50.");
  await expect(redeem.getByLabel("Redemption code")).toHaveValue("");
  const statement = page
    .getByRole("region", { name: "Statement" })
    .or(page.getByRole("list", { name: "Statement" }));
  await expect(statement).toContainText("Redemption code");
  await expect(statement).toContainText(ends(first));
  await expect(statement).toContainText("+$12.50");
  expect((await chat(relay.origin, secret)).status).toBe(200);
  await redeem.getByLabel("Redemption code").fill(first);
  await redeem.getByRole("button", { name: "Redeem" }).click();
  await expect(redeem.getByText(/has redeemed this code before/)).toBeVisible();

  await page.goto(`${relay.origin}/redemption-codes?state=used_up`);
  await page.getByRole("link", { name: ends(first) }).click();
  const detail = page.getByRole("dialog");
  await expect(detail.getByRole("list", { name: "Who redeemed it" })).toContainText(
    "owner@example.com",
  );
  await detail.getByRole("button", { name: "Close" }).click();
  await page.goto(`${relay.origin}/redemption-codes`);
  await page.getByRole("button", { name: `Actions for ${ends(second)}` }).click();
  await page.getByRole("menuitem", { name: "Revoke" }).click();
  await page.getByRole("button", { name: "Revoke code" }).click();
  await expect(page.getByText(`${ends(second)} revoked`)).toBeVisible();
  await expect(codePlace(page, ends(second))).toContainText("Revoked");

  await page.getByRole("link", { name: "spring sale" }).first().click();
  await expect(page).toHaveURL(/batch=rcb_/);
  await page.getByRole("button", { name: "Revoke what is left" }).click();
  await page.getByRole("button", { name: "Revoke batch" }).click();
  await expect(page.getByText("1 code revoked")).toBeVisible();
  await expect(codePlace(page, ends(first))).toContainText("Used up");
});
