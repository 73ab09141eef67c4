import { defineConfig, devices } from "@playwright/test";

/** Debian's browser, as root and without a GPU; the test tool never downloads one of its own. */
const launchOptions = {
  executablePath: process.env["ANC_CHROMIUM"] ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
};

export default defineConfig({
  testDir: "e2e",
  workers: 1,
  timeout: 60_000,
  forbidOnly: true,
  reporter: "list",
  use: { launchOptions, locale: "en-US", timezoneId: "Europe/Berlin", trace: "off" },
  projects: [
    {
      name: "desktop",
      use: { ...devices["Desktop Chrome"], viewport: { width: 1280, height: 800 } },
    },
    { name: "phone", use: devices["Pixel 7"], grepInvert: /@desktop/ },
  ],
});
