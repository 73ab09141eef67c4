// The relay as people run it, set up by its own command line.

import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const binary = named("ANC_BINARY");
const account = "owner@example.com";

function named(variable) {
  const path = process.env[variable];
  if (!path) throw new Error(`${variable} must name a built program; make test sets it`);
  return path;
}

async function started(program, args) {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith("listening on ")) return { child, origin: line.slice("listening on ".length) };
  }
  throw new Error(`${program} ended before it listened`);
}

async function ended(child) {
  const exit = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await exit;
}

/** Starts a relay with an owner, a scripted provider behind two channels, and Simulated. */
export async function startWorld() {
  const data = mkdtempSync(join(tmpdir(), "anc-sdk-"));
  const upstream = await started(named("ANC_UPSTREAM"), []);
  const relay = await started(binary, ["serve", "--data", data, "--listen", "127.0.0.1:0"]);
  const run = (args, input = "") =>
    execFileSync(binary, [...args, "--data", data], { input, encoding: "utf8" }).trim();

  run(["setup", "--email", account, "--password-stdin", "--balance", "20"], "correct horse battery");
  const connect = (provider, url, models) =>
    run(
      ["channel", "add", "--name", provider, "--provider", provider, "--base-url", url, "--key-stdin"].concat(
        ["--models", models, "--allow-private"],
      ),
      "sk-upstream-key",
    );
  connect("openai", `${upstream.origin}/v1`, "chat-model");
  connect("anthropic", upstream.origin, "messages-model");
  connect("gemini", upstream.origin, "gemini-model");
  run(["channel", "add", "--name", "simulated", "--provider", "simulated"]);
  for (const model of ["chat-model", "messages-model", "gemini-model"]) {
    run(["price", "set", model, "--input", "3", "--output", "15"]);
  }

  return {
    origin: relay.origin,
    createToken: (name, ...more) =>
      run(["token", "create", "--account", account, "--name", name, ...more]),
    token: (name) => JSON.parse(run(["token", "show", name, "--json"])),
    disable: (name) => run(["token", "disable", name]),
    verify: () => run(["ledger", "verify"]),
    async stop() {
      await ended(relay.child);
      await ended(upstream.child);
      rmSync(data, { recursive: true, force: true });
    },
  };
}

/** A decimal string of dollars in nano-dollars. */
export function nanos(amount) {
  const [whole, fraction = ""] = amount.split(".");
  return BigInt(whole + fraction.padEnd(9, "0"));
}

/** What units cost at so many dollars a million: thousands of nano-dollars each. */
export function priceOf(input, output, [inputPrice, outputPrice]) {
  return BigInt(input * inputPrice + output * outputPrice) * 1000n;
}
