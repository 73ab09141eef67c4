import { defineConfig } from "@playwright/test";

import base from "./playwright.config";

/** Pictures of every page for docs/images, of a relay after a month of use: `make screenshots`. */
export default defineConfig({
  ...base,
  testDir: "pictures",
  timeout: 300_000,
  use: { ...base.use, timezoneId: "UTC" },
  projects: [{ name: "pictures" }],
});
