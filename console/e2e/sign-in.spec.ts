import { createHmac } from "node:crypto";

import { expect, type Page } from "@playwright/test";

import { owner, setUp, test } from "./relay";

/** What an authenticator app shows at that moment (RFC 6238). */
function codeOf(secret: string, now: number): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret]
    .map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, "0"))
    .join("");
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(now / 30_000)));
  const digest = createHmac("sha1", key).update(step).digest();
  const start = (digest.at(-1) ?? 0) & 15;
  const number = digest.readUInt32BE(start) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

/** Adds an app on the Profile page; gives its secret and the recovery codes. */
async function addApp(page: Page, origin: string) {
  await page.goto(`${origin}/profile`);
  await page.getByRole("button", { name: "Add an authenticator app" }).click();
  const secret = (await page.getByTestId("totp-secret").textContent()) ?? "";
  await expect(page.getByRole("img", { name: /QR code/ })).toBeVisible();
  await page.getByLabel("First code").fill(codeOf(secret, Date.now()));
  await page.getByRole("button", { name: "Switch on" }).click();
  const shown = (await page.getByTestId("recovery-codes").textContent()) ?? "";
  await page.getByRole("button", { name: "Done" }).click();
  return { secret, codes: shown.split("\n") };
}

async function enterPassword(page: Page, origin: string): Promise<void> {
  await page.context().clearCookies();
  await page.goto(`${origin}/sign-in`);
  await page.getByLabel("Email").fill(owner.email);
  await page.getByLabel("Password").fill(owner.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "One more step" }).waitFor();
}

test("a code or a recovery code finishes a sign-in", async ({ page, relay }) => {
  await setUp(page, relay);
  const { secret, codes } = await addApp(page, relay.origin);
  expect(codes).toHaveLength(10);
  await expect(page.getByText("Recovery codes left: 10")).toBeVisible();

  await enterPassword(page, relay.origin);
  await page.getByLabel("Code").fill("000000");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert")).toContainText("not right");
  // The next step's code: this one's was used to switch the app on.
  await page.getByLabel("Code").fill(codeOf(secret, Date.now() + 30_000));
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Dashboard", exact: true }).waitFor();

  await enterPassword(page, relay.origin);
  await page.getByLabel("Code").fill(codes[0] ?? "");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Dashboard", exact: true }).waitFor();
  await page.goto(`${relay.origin}/profile`);
  await expect(page.getByText("Recovery codes left: 9")).toBeVisible();
  await page.getByRole("button", { name: "Remove the app" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Remove the app" }).click();
  await expect(page.getByText("The password alone is enough")).toBeVisible();
});

test("what needs a step-up asks for the password and then goes on", async ({ page, relay }) => {
  await setUp(page, relay);
  await page.goto(`${relay.origin}/profile`);
  let refusals = 0;
  await page.route("**/api/v1/management-keys", async (route) => {
    if (route.request().method() !== "POST" || refusals > 0) return route.continue();
    refusals += 1;
    // As the relay answers when the password was shown too long ago.
    const error = { code: "step_up_required", message: "", request_id: "req_1" };
    return route.fulfill({ status: 403, json: { error } });
  });
  await page.getByRole("button", { name: "Add management key" }).click();
  await page.getByLabel("Name").fill("ci");
  await page.getByRole("checkbox").first().click();
  await page.getByRole("button", { name: "Create key" }).click();
  const question = page.getByRole("dialog", { name: "Is it still you?" });
  await question.getByLabel("Password").fill("wrong password");
  await question.getByRole("button", { name: "Confirm" }).click();
  await expect(question.getByRole("alert")).toBeVisible();
  await question.getByLabel("Password").fill(owner.password);
  await question.getByRole("button", { name: "Confirm" }).click();
  await expect(page.getByTestId("key-secret")).toContainText("mk-");
});

test("nobody registers where registration is closed", async ({ page, relay }) => {
  await setUp(page, relay);
  await page.context().clearCookies();
  await page.goto(`${relay.origin}/sign-in`);
  await expect(page.getByRole("link", { name: "Register" })).toHaveCount(0);
  await page.goto(`${relay.origin}/register`);
  await expect(page.getByRole("heading", { name: "Registration is closed" })).toBeVisible();
});
