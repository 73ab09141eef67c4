import { join } from "node:path";

import {
  devices,
  test,
  type Browser,
  type BrowserContextOptions,
  type Page,
} from "@playwright/test";

import { Demo } from "./demo";

const directory = process.env["ANC_PICTURES"] ?? "../docs/images";

/** How each page is shown: light and dark on a desk, light on a phone. */
const variants = [
  { name: "light", theme: "light", device: { viewport: { width: 1280, height: 800 } } },
  { name: "dark", theme: "dark", device: { viewport: { width: 1280, height: 800 } } },
  {
    name: "phone",
    theme: "light",
    device: { ...devices["Pixel 7"], deviceScaleFactor: 1, viewport: { width: 412, height: 840 } },
  },
] as const;

interface Shot {
  name: string;
  path: string;
  /** What must be there before the picture is taken. */
  shown?: (page: Page) => Promise<unknown>;
  act?: (page: Page) => Promise<unknown>;
}

const chart = (page: Page) => page.getByRole("img").first().waitFor();
const dialog = (page: Page) => page.getByRole("dialog").waitFor();

const shots: Shot[] = [
  { name: "dashboard", path: "/dashboard", shown: chart },
  {
    name: "tokens",
    path: "/tokens",
    shown: (page) => page.getByText("Claude-Code-Work-PC").first().waitFor(),
  },
  { name: "token-new", path: "/tokens?new=1", shown: dialog },
  {
    name: "token",
    path: "/tokens",
    act: (page) => page.getByRole("link", { name: "Claude-Code-Work-PC" }).click(),
    shown: chart,
  },
  {
    name: "usage",
    path: "/usage",
    shown: (page) => page.locator("[data-call]").first().waitFor(),
  },
  {
    name: "usage-detail",
    path: "/usage",
    act: (page) => page.locator("[data-call]").first().click(),
    shown: (page) => page.getByRole("dialog").getByRole("table").waitFor(),
  },
  { name: "models", path: "/models" },
  { name: "playground", path: "/playground?model=claude-sonnet-5-5" },
  { name: "wallet", path: "/wallet" },
  { name: "docs", path: "/docs?topic=openai_sdk" },
  { name: "alerts", path: "/alerts" },
  { name: "users", path: "/users" },
  { name: "channels", path: "/channels" },
  { name: "codes", path: "/redemption-codes" },
  { name: "tiers", path: "/tiers" },
  { name: "audit", path: "/audit" },
  { name: "profile", path: "/profile" },
];

async function signedIn(browser: Browser, demo: Demo, options: BrowserContextOptions) {
  const context = await browser.newContext({ ...options, reducedMotion: "reduce" });
  const page = await context.newPage();
  await page.goto(`${demo.origin}/sign-in`);
  await page.getByLabel("Email").fill(demo.email);
  await page.getByLabel("Password").fill(demo.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL((url) => !url.pathname.startsWith("/sign-in"));
  return { context, page };
}

async function take(page: Page, demo: Demo, shot: Shot, name: string): Promise<void> {
  await page.goto(demo.origin + shot.path);
  await page.getByRole("main").waitFor();
  if (shot.act) {
    await page.locator("[data-call], main a[href^='/tokens/']").first().waitFor();
    await shot.act(page);
  }
  await shot.shown?.(page);
  await page.waitForLoadState("networkidle");
  await page.locator(".skeleton").first().waitFor({ state: "detached" });
  await page.screenshot({ path: join(directory, `${shot.name}-${name}.png`), caret: "hide" });
}

let demo: Demo;
test.beforeAll(async () => {
  demo = await Demo.start();
});
test.afterAll(async () => {
  await demo.stop();
});

for (const { name, theme, device } of variants) {
  test(`every page, ${name}`, async ({ browser }) => {
    const { context, page } = await signedIn(browser, demo, { ...device, colorScheme: theme });
    for (const shot of shots) await take(page, demo, shot, name);
    await context.close();
  });
}

test("the dashboard in Chinese", async ({ browser }) => {
  const { context, page } = await signedIn(browser, demo, {
    viewport: { width: 1280, height: 800 },
    colorScheme: "light",
  });
  await page.evaluate(() => localStorage.setItem("anc-language", "zh-CN"));
  await take(page, demo, { name: "dashboard", path: "/dashboard", shown: chart }, "zh-CN");
  await context.close();
});
