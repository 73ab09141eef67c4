import AxeBuilder from "@axe-core/playwright";
import { expect, type Locator, type Page } from "@playwright/test";

import { addToken, chat, closePanel, setUp, test, type Relay } from "./relay";

/** Screenshots for looking at, where a directory for them is named. */
const pictures = process.env["ANC_SCREENSHOTS"];

async function inspect(page: Page, name: string): Promise<void> {
  if (pictures) await page.screenshot({ path: `${pictures}/${name}.png`, fullPage: true });
  const { violations } = await new AxeBuilder({ page })
    .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"])
    .analyze();
  expect(violations.map((one) => `${one.id}: ${one.nodes[0]?.html}`)).toEqual([]);
}

const languages = ["en", "zh-CN"] as const;

/** Every page and sheet of somebody who has signed in. */
async function inspectPages(page: Page, relay: Relay, name: (place: string) => string) {
  const open = async (path: string, shown: Locator) => {
    await page.goto(relay.origin + path);
    await shown.first().waitFor();
  };
  const dialog = page.getByRole("dialog");
  await open("/tokens", page.getByText("Claude-Code-Work-PC"));
  await page.getByRole("checkbox").last().click();
  await inspect(page, name("tokens"));
  await open("/tokens?new=1", dialog);
  await page.locator("details summary").click();
  await inspect(page, name("form"));
  await open("/tokens", page.getByText("Claude-Code-Work-PC"));
  await page.getByRole("link", { name: "Claude-Code-Work-PC" }).click();
  await page.getByRole("img").first().waitFor();
  await inspect(page, name("token"));
  await open("/usage", page.locator("[data-call]"));
  await inspect(page, name("usage"));
  await page.locator("[data-call]").first().click();
  await dialog.getByRole("table").waitFor();
  await inspect(page, name("usage-detail"));
  await open("/dashboard", page.getByRole("img"));
  await inspect(page, name("dashboard"));
  await page.keyboard.press("Control+k");
  await dialog.getByRole("option").first().waitFor();
  await inspect(page, name("palette"));
  await open("/models", page.getByText("sim-gpt"));
  await inspect(page, name("models"));
  await open("/models?open=sim-gpt", dialog);
  await inspect(page, name("model"));
  await open("/playground?model=sim-gpt&with=sim-claude", page.locator("form textarea"));
  await page.locator("form textarea").fill("Hello");
  await page.keyboard.press("Enter");
  await page.locator("article a").last().waitFor();
  await inspect(page, name("playground"));
  await open("/wallet", page.getByText("$42.5", { exact: false }));
  await inspect(page, name("wallet"));
  await open("/docs?topic=openai_sdk", page.getByText("chat.completions", { exact: false }));
  await inspect(page, name("guide"));
  await open("/docs?topic=api&search=rotate", page.locator("summary"));
  await page.locator("summary").first().click();
  await inspect(page, name("reference"));
  await open("/channels", page.getByText("Simulated"));
  await inspect(page, name("channels"));
  await page.keyboard.press("c");
  await dialog.getByRole("radio").first().waitFor();
  await inspect(page, name("channel-form"));
  // The menu's foot, hidden on a phone, names the owner too.
  const ada = page.getByRole("button", { name: /ada@example.com/ });
  await open("/users", ada);
  await inspect(page, name("users"));
  await ada.click();
  await dialog.getByRole("textbox").first().waitFor();
  await inspect(page, name("person"));
  await open("/users?tab=invitations", page.getByRole("listitem").filter({ hasText: "eve@" }));
  await inspect(page, name("invitations"));
  await open("/audit", page.getByText("token.create"));
  await inspect(page, name("audit"));
  await open("/tiers", page.getByRole("listitem").filter({ hasText: "Standard" }));
  await inspect(page, name("tiers"));
  await page.keyboard.press("c");
  await dialog.getByRole("textbox").first().waitFor();
  await inspect(page, name("tier-form"));
  await open("/overview", page.getByRole("list").filter({ hasText: "Simulated" }));
  await page.getByRole("table").last().waitFor();
  await inspect(page, name("overview"));
  await open("/logs", page.locator("[data-call]"));
  await inspect(page, name("logs"));
  await open("/settings", page.getByText("request_body_bytes", { exact: true }));
  await inspect(page, name("settings"));
  await open("/profile", page.getByRole("radiogroup"));
  await inspect(page, name("profile"));
}

/** Somebody beside the owner, and an invitation. */
async function addPeople(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const post = (path: string, body: object) =>
      fetch(`/api/v1${path}`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-anc-console": "1" },
        body: JSON.stringify(body),
      });
    await post("/users", { email: "ada@example.com", password: "a long enough one" });
    await post("/invitations", { email: "eve@example.com" });
  });
}

for (const scheme of ["light", "dark"] as const) {
  test(`every page can be read by all, ${scheme}`, async ({ page, relay }, info) => {
    test.slow();
    const name = (place: string) => `${info.project.name}-${scheme}-${place}`;
    const faults: string[] = [];
    page.on("console", (message) => {
      // A look at the session before anybody has signed in is refused, and browsers note it.
      if (message.type() === "error" && !message.text().includes("401")) {
        faults.push(message.text());
      }
    });
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
    await setUp(page, relay, "42.5");
    await inspect(page, name("empty"));
    await page.goto(`${relay.origin}/dashboard`);
    await page.getByRole("heading", { level: 3 }).last().waitFor();
    await inspect(page, name("first-steps"));
    await page.goto(`${relay.origin}/tokens`);
    const secret = await addToken(page, "Claude-Code-Work-PC", "5");
    await inspect(page, name("reveal"));
    await closePanel(page);
    expect((await chat(relay.origin, secret)).status).toBe(200);
    await addPeople(page);
    for (const language of languages) {
      await page.evaluate((to) => localStorage.setItem("anc-language", to), language);
      await inspectPages(page, relay, (place) => name(`${language}-${place}`));
    }
    await page.context().clearCookies();
    for (const language of languages) {
      await page.evaluate((to) => localStorage.setItem("anc-language", to), language);
      await page.goto(`${relay.origin}/sign-in`);
      await page.getByRole("textbox").first().waitFor();
      await inspect(page, name(`${language}-sign-in`));
      for (const place of ["register", "reset"]) {
        await page.goto(`${relay.origin}/${place}`);
        await page.getByRole("link").first().waitFor();
        await inspect(page, name(`${language}-${place}`));
      }
    }
    expect(faults).toEqual([]);
  });
}

test("the first page is light and does not move", async ({ page, relay }) => {
  await setUp(page, relay);
  let bytes = 0;
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  session.on("Network.loadingFinished", (event) => (bytes += event.encodedDataLength));
  await session.send("Network.setCacheDisabled", { cacheDisabled: true });
  await page.goto(`${relay.origin}/tokens`);
  await page.getByText("No tokens yet").waitFor();
  const shift = await page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        let sum = 0;
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries())
            sum += (entry as unknown as { value: number }).value;
        }).observe({ type: "layout-shift", buffered: true });
        setTimeout(() => resolve(sum), 300);
      }),
  );
  expect(shift).toBeLessThan(0.02);
  // The list of all models is a tenth of it.
  expect(bytes).toBeLessThan(560_000);
});
