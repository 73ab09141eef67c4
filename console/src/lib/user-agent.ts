/** Browsers in the order in which they must be looked for: most name others as well. */
const browsers = [
  ["Edge", /\bEdg(e|A|iOS)?\//],
  ["Opera", /\bOPR\//],
  ["Firefox", /\b(Firefox|FxiOS)\//],
  ["Chrome", /\b(Chrome|CriOS|Chromium|HeadlessChrome)\//],
  ["Safari", /\bSafari\//],
  ["curl", /^curl\//],
] as const;

const systems = [
  ["Android", /\bAndroid\b/],
  ["iOS", /\b(iPhone|iPad|iPod)\b/],
  ["Windows", /\bWindows\b/],
  ["macOS", /\bMac OS X\b/],
  ["Linux", /\bLinux\b/],
] as const;

export interface BrowserName {
  browser: string | null;
  system: string | null;
}

/** Which browser on which system, from what it calls itself. For people's eyes, not for decisions. */
export function nameBrowser(agent: string): BrowserName {
  return {
    browser: browsers.find(([, pattern]) => pattern.test(agent))?.[0] ?? null,
    system: systems.find(([, pattern]) => pattern.test(agent))?.[0] ?? null,
  };
}
