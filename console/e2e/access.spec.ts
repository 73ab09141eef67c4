import AxeBuilder from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";

import { addToken, closePanel, setUp, test } from "./relay";

/** Screenshots for looking at, where a directory for them is named. */
const pictures = process.env["ANC_SCREENSHOTS"];

async function inspect(page: Page, name: string): Promise<void> {
  if (pictures) await page.screenshot({ path: `${pictures}/${name}.png` });
  const { violations } = await new AxeBuilder({ page })
    .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"])
    .analyze();
  expect(violations.map((one) => `${one.id}: ${one.nodes[0]?.html}`)).toEqual([]);
}

for (const scheme of ["light", "dark"] as const) {
  for (const language of ["en", "zh-CN"] as const) {
    test(`every page can be read by all, ${scheme}, ${language}`, async ({ page, relay }, info) => {
      const name = (place: string) => `${info.project.name}-${scheme}-${language}-${place}`;
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
      await addToken(page, "Claude-Code-Work-PC", "5");
      await closePanel(page);
      await addToken(page, "ci", "0.5");
      await page.evaluate((to) => localStorage.setItem("anc-language", to), language);
      await inspect(page, name("reveal"));
      await page.goto(`${relay.origin}/tokens`);
      await page.getByText("Claude-Code-Work-PC").waitFor();
      await inspect(page, name("tokens"));
      await page.goto(`${relay.origin}/tokens?new=1`);
      await page.getByRole("dialog").waitFor();
      await inspect(page, name("form"));
      await page.goto(`${relay.origin}/channels`);
      await page.getByText("Simulated").first().waitFor();
      await inspect(page, name("channels"));
      await page.context().clearCookies();
      await page.goto(`${relay.origin}/sign-in`);
      await page.getByRole("textbox").first().waitFor();
      await inspect(page, name("sign-in"));
      expect(faults).toEqual([]);
    });
  }
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
  expect(bytes).toBeLessThan(450_000);
});
