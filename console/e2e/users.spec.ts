import { expect, type Browser, type Page } from "@playwright/test";

import { addToken, chat, closePanel, owner, setUp, test, type Relay } from "./relay";

const someone = "ada@example.com";
const password = "another long sentence";

/** Adds a person on the Users page; gives the link with which they set their password. */
async function addPerson(page: Page, relay: Relay, email: string): Promise<string> {
  await page.goto(`${relay.origin}/users`);
  await page.getByRole("button", { name: "Add person" }).click();
  const sheet = page.getByRole("dialog", { name: "Add a person" });
  await sheet.getByLabel("Email").fill(email);
  await sheet.getByRole("button", { name: "Add and make a link" }).click();
  const link = (await sheet.getByTestId("one-time-link").textContent()) ?? "";
  await sheet.getByRole("button", { name: "Done" }).click();
  return link;
}

/** Another browser, in which the person sets their password and signs in. */
async function signIn(browser: Browser, relay: Relay, link: string | null): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  if (link !== null) {
    await page.goto(link);
    await page.getByLabel("New password").fill(password);
    await page.getByRole("button", { name: "Set password" }).click();
    await page.getByRole("heading", { name: "The password is set" }).waitFor();
  }
  await page.goto(`${relay.origin}/sign-in`);
  await page.getByLabel("Email").fill(link === null ? owner.email : someone);
  await page.getByLabel("Password").fill(link === null ? owner.password : password);
  await page.getByRole("button", { name: "Sign in" }).click();
  return page;
}

const personPlace = (page: Page, email: string) =>
  page.getByRole("row").or(page.getByRole("listitem")).filter({ hasText: email }).last();

test("an operator adds, pays, raises and disables a person", async ({ page, browser, relay }) => {
  await setUp(page, relay);
  const link = await addPerson(page, relay, someone);
  expect(link).toContain("/reset#code=");
  const theirs = await signIn(browser, relay, link);
  await theirs.getByRole("heading", { name: "Dashboard", exact: true }).waitFor();
  await expect(theirs.getByRole("link", { name: "Users" })).toHaveCount(0);

  await page.getByRole("button", { name: `Open ${someone}` }).click();
  const sheet = page.getByRole("dialog");
  const money = sheet.getByRole("region", { name: "Adjust balance" });
  await money.getByLabel("Amount in US dollars").fill("1.0000001");
  await expect(money.getByRole("alert")).toBeVisible();
  await money.getByLabel("Amount in US dollars").fill("5");
  await money.getByLabel("Reason").fill("for trying it");
  await money.getByRole("button", { name: "Post to the books" }).click();
  await expect(page.getByText("The balance is now $5.00")).toBeVisible();

  await theirs.goto(`${relay.origin}/tokens`);
  const secret = await addToken(theirs, "ci", "2");
  await closePanel(theirs);
  expect((await chat(relay.origin, secret)).status).toBe(200);

  const access = sheet.getByRole("region", { name: "Access" });
  await access.getByRole("button", { name: "Disable" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Disable" }).click();
  await expect(page.getByText(`${someone} was disabled`)).toBeVisible();
  expect((await chat(relay.origin, secret)).status).toBe(403);
  await theirs.goto(`${relay.origin}/tokens`);
  await expect(theirs).toHaveURL(/sign-in/);
  await access.getByRole("button", { name: "Enable" }).click();
  await expect(access.getByRole("button", { name: "Disable" })).toBeVisible();
  expect((await chat(relay.origin, secret)).status).toBe(200);

  await sheet.getByRole("radio", { name: "Administrator" }).click();
  await sheet.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText(`${someone} was changed`)).toBeVisible();
  await sheet.getByRole("button", { name: "Close" }).click();
  await expect(personPlace(page, someone)).toContainText("Administrator");

  await page.getByRole("searchbox", { name: "Search people" }).fill("owner@");
  await expect(page.getByText("1 person")).toBeVisible();
  await page.getByRole("button", { name: `Open ${owner.email}` }).click();
  await expect(page.getByRole("dialog").getByText("This is you.", { exact: false })).toBeVisible();

  await page.goto(`${relay.origin}/audit`);
  const listing = page.getByRole("list", { name: "Audit" });
  await expect(listing.getByRole("listitem").first()).toContainText("user.update");
  await expect(listing.getByRole("listitem").first()).toContainText("admin");
  await page.getByRole("combobox", { name: "What" }).click();
  await page.getByRole("option", { name: "Accounts" }).click();
  await expect(page).toHaveURL(/kind=account/);
  await expect(listing.getByRole("listitem")).toHaveCount(1);
  await expect(listing).toContainText("for trying it");
});

test("an invitation is made and withdrawn", async ({ page, relay }) => {
  await setUp(page, relay);
  await page.goto(`${relay.origin}/users`);
  await page.getByRole("tab", { name: "Invitations" }).click();
  await expect(page).toHaveURL(/tab=invitations/);
  await expect(page.getByText("Registration is closed", { exact: false })).toBeVisible();
  await page.getByRole("button", { name: "Invite" }).click();
  const sheet = page.getByRole("dialog", { name: "Invite somebody" });
  await sheet.getByLabel("Email").fill("new@example.com");
  await sheet.getByRole("button", { name: "Make the link" }).click();
  await expect(sheet.getByTestId("one-time-link")).toContainText("/register#invitation=");
  await sheet.getByRole("button", { name: "Done" }).click();
  const line = page.getByRole("listitem").filter({ hasText: "new@example.com" });
  await line.getByRole("button", { name: /^Withdraw/ }).click();
  await expect(line).toContainText("Withdrawn");
});

test("a person ends their other sessions and changes their password", async ({
  page,
  browser,
  relay,
}) => {
  await setUp(page, relay);
  const other = await signIn(browser, relay, null);
  await other.getByRole("heading", { name: "Dashboard", exact: true }).waitFor();
  await page.goto(`${relay.origin}/profile`);
  const sessions = page.getByRole("list", { name: "Sessions" });
  await expect(sessions.getByRole("listitem")).toHaveCount(2);
  await expect(sessions.getByText("This browser")).toHaveCount(1);
  await expect(page.getByRole("list", { name: "Sign-in history" })).toContainText("by password");
  await sessions.getByRole("button", { name: /^End the session/ }).click();
  await expect(sessions.getByRole("listitem")).toHaveCount(1);
  await other.goto(`${relay.origin}/tokens`);
  await expect(other).toHaveURL(/sign-in/);

  await page.getByRole("button", { name: "Change password" }).click();
  const dialog = page.getByRole("dialog", { name: "Change password" });
  await dialog.getByLabel("Present password").fill("not the password");
  await dialog.getByLabel("New password").fill(password);
  await dialog.getByRole("button", { name: "Change password" }).click();
  await expect(dialog.getByRole("alert")).toContainText("not your present password");
  await dialog.getByLabel("Present password").fill(owner.password);
  await dialog.getByRole("button", { name: "Change password" }).click();
  await expect(page.getByText("The password was changed")).toBeVisible();
  await page.reload();
  await expect(page.getByRole("heading", { name: "Profile" })).toBeVisible();
});
