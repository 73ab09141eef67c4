import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { test as base, type Page } from "@playwright/test";

import { words } from "../src/contract/words";

export const owner = { email: "owner@example.com", password: "correct horse battery" };

/** The relay as people run it: the built binary on an empty data directory. */
export class Relay {
  private constructor(
    private readonly process: ChildProcess,
    private readonly data: string,
    readonly origin: string,
    readonly setupLink: string,
  ) {}

  static async start(): Promise<Relay> {
    const binary = process.env["ANC_BINARY"];
    if (!binary) throw new Error("ANC_BINARY must name the built anc-relay; `make test` sets it");
    const data = mkdtempSync(join(tmpdir(), "anc-browser-"));
    const child = spawn(binary, ["serve", "--data", data, "--listen", "127.0.0.1:0"], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, ANC_LOG_LEVEL: "warn" },
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const after = async (prefix: string) => {
      const line = await lines.next();
      if (line.done || !line.value.startsWith(prefix)) throw new Error(`no line: ${prefix}`);
      return line.value.slice(prefix.length);
    };
    const origin = await after("listening on ");
    return new Relay(child, data, origin, await after("set-up link "));
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    this.process.kill("SIGTERM");
    await ended;
    rmSync(this.data, { recursive: true, force: true });
  }
}

/** A relay of its own for each test. */
export const test = base.extend<{ relay: Relay }>({
  // The tool reads the names of what a fixture needs from this pattern; this one needs nothing.
  // eslint-disable-next-line no-empty-pattern
  relay: async ({}, use) => {
    const relay = await Relay.start();
    await use(relay);
    await relay.stop();
  },
});

/** Walks through the set-up in the browser: a metered owner and the simulated provider. */
export async function setUp(page: Page, relay: Relay, balance = "20"): Promise<void> {
  await page.goto(relay.setupLink);
  await page.getByLabel("Email").fill(owner.email);
  await page.getByLabel("Password").fill(owner.password);
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByLabel("Starting balance").fill(balance);
  await page.getByRole("button", { name: "Create owner" }).click();
  await page.getByRole("radio", { name: /Simulated/ }).click();
  await page.getByRole("button", { name: "Connect" }).click();
  await page.getByRole("heading", { name: words.tokens, exact: true }).waitFor();
}

/** Adds a token through the form and gives its secret; the panel stays open. */
export async function addToken(page: Page, name: string, quota?: string): Promise<string> {
  await page.getByRole("button", { name: words.addToken }).first().click();
  await page.getByLabel(words.fields.name, { exact: true }).fill(name);
  if (quota !== undefined) await page.getByLabel(words.fields.quota, { exact: true }).fill(quota);
  await page.getByRole("button", { name: words.submit }).click();
  const secret = page.getByTestId("token-secret");
  await secret.waitFor();
  return (await secret.textContent()) ?? "";
}

/** Copies the secret, so that the panel closes without asking. */
export async function closePanel(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Copy token" }).click();
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByTestId("token-secret").waitFor({ state: "detached" });
}

/** Where a token's facts stand: a row of the table, or a card on a phone. */
export function tokenPlace(page: Page, name: string) {
  const place = page.getByRole("row").or(page.getByRole("listitem"));
  return place.filter({ hasText: name }).last();
}

/** A call as an application makes it. */
export async function chat(origin: string, secret: string, model = "sim-gpt") {
  const response = await fetch(`${origin}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
    body: JSON.stringify({
      model,
      max_tokens: 50,
      messages: [{ role: "user", content: "Say hello" }],
    }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, never> };
}
