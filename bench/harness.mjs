// What every measurement needs: processes, load, and the kernel's account of processor time.

import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export const REQUESTS = Number(process.env.ANC_BENCH_REQUESTS ?? 20_000);
export const CONCURRENT = 64;
export const FRAMES = 100;
export const FRAME_INTERVAL_MS = 20;
// Frames to measure at least, where few streams make few.
const FRAMES_MIN = 500;

export const scratch = mkdtempSync(join(tmpdir(), "anc-bench-"));
const running = [];

export async function started(program, args, env = {}) {
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ANC_LOG_LEVEL: "error", ...env },
  });
  running.push(child);
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith("listening on ")) {
      return { pid: child.pid, child, origin: new URL(line.slice("listening on ".length)) };
    }
  }
  throw new Error(`${program} ended before it listened`);
}

export async function ended({ child }) {
  const exit = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await exit;
}

export function startNginx(upstream, port) {
  const config = join(scratch, "nginx.conf");
  writeFileSync(
    config,
    `daemon off; worker_processes 2; pid ${scratch}/nginx.pid; error_log ${scratch}/error.log;
     worker_rlimit_nofile 20000;
     events { worker_connections 8000; }
     http {
       access_log off; client_body_temp_path ${scratch}/b; proxy_temp_path ${scratch}/p;
       fastcgi_temp_path ${scratch}/f; uwsgi_temp_path ${scratch}/u; scgi_temp_path ${scratch}/s;
       upstream provider { server ${upstream.host}; keepalive 1000; }
       server {
         listen 127.0.0.1:${port} backlog=4096;
         location / {
           proxy_pass http://provider; proxy_http_version 1.1; proxy_set_header Connection "";
           proxy_buffering off;
         }
       }
     }`,
  );
  const child = spawn("nginx", ["-c", config, "-p", scratch], { stdio: "inherit" });
  running.push(child);
  return { pid: child.pid, child, origin: new URL(`http://127.0.0.1:${port}`) };
}

/** A process and those that it started. */
function family(pid) {
  const children = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return readFileSync(`/proc/${name}/stat`, "utf8").split(") ")[1].split(" ")[1] === String(pid);
      } catch {
        return false;
      }
    });
  return [pid, ...children.map(Number)];
}

/** Microseconds of processor time that the threads of a process and its children have used. */
export function cpuMicros(pid) {
  const nanos = family(pid).map((one) => {
    try {
      const threads = readdirSync(`/proc/${one}/task`).map((thread) => `/proc/${one}/task/${thread}/schedstat`);
      return threads.reduce((sum, path) => sum + Number(readFileSync(path, "utf8").split(" ")[0]), 0);
    } catch {
      // It, or one of its threads, has ended since.
      return 0;
    }
  });
  return nanos.reduce((sum, one) => sum + one, 0) / 1e3;
}

export function residentMegabytes(pid) {
  const kilobytes = family(pid).map((one) => {
    const line = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${one}/status`, "utf8"));
    return Number(line?.[1] ?? 0);
  });
  return kilobytes.reduce((sum, one) => sum + one, 0) / 1024;
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 2_000 });

/** One chat request; gives the number of its events, or of its answers. */
export function chat(origin, secret, stream) {
  const body = JSON.stringify({
    model: "chat-model",
    max_tokens: 400,
    stream,
    messages: [{ role: "user", content: "Say something" }],
  });
  return new Promise((resolve, reject) => {
    const request = http.request(
      {
        host: origin.hostname,
        port: origin.port,
        path: "/v1/chat/completions",
        method: "POST",
        agent,
        headers: {
          authorization: `Bearer ${secret}`,
          "content-type": "application/json",
          "content-length": Buffer.byteLength(body),
        },
      },
      (response) => {
        let events = 0;
        let ending = "";
        response.on("data", (data) => {
          const text = ending + data.toString("latin1");
          events += text.split("\n\n").length - 1;
          ending = text.endsWith("\n\n") ? "" : text.slice(-1);
        });
        response.on("end", () =>
          response.statusCode === 200 ? resolve(stream ? events : 1) : reject(new Error(`status ${response.statusCode}`)),
        );
        response.on("error", reject);
      },
    );
    request.on("error", reject);
    request.end(body);
  });
}

/** Microseconds of processor time that some processes spend for each unit of work. */
export async function costOf(pids, work) {
  const spent = () => pids.reduce((sum, pid) => sum + cpuMicros(pid), 0);
  const before = spent();
  const units = await work();
  return (spent() - before) / units;
}

/** Buffered requests, spread over some proxies. */
export async function manyRequests(proxies, secret) {
  let left = REQUESTS;
  const worker = async (_, number) => {
    const { origin } = proxies[number % proxies.length];
    while (left > 0) {
      left -= 1;
      await chat(origin, secret, false);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT }, worker));
  return REQUESTS;
}

export async function manyStreams(proxy, secret, count) {
  const rounds = Math.ceil(FRAMES_MIN / FRAMES / count);
  let events = 0;
  for (let round = 0; round < rounds; round += 1) {
    const counts = await Promise.all(
      Array.from({ length: count }, () => chat(proxy.origin, secret, true)),
    );
    events += counts.reduce((sum, one) => sum + one, 0);
  }
  return events;
}

const account = "owner@example.com";

/** A relay's command on its data directory, or on the database that `more` names. */
export function command(data, args, { input = "", more = [] } = {}) {
  const all = [...args, "--data", data, ...more];
  return execFileSync(process.env.ANC_BINARY, all, { input, encoding: "utf8" }).trim();
}

export function setUp(data, more = []) {
  const owner = ["setup", "--email", account, "--password-stdin", "--balance", "1000000"];
  command(data, owner, { input: "correct horse battery", more });
}

export function connect(data, name, upstream, more = []) {
  const channel = ["channel", "add", "--name", name, "--provider", "openai", "--key-stdin"];
  const where = ["--allow-private", "--models", "chat-model", "--base-url", `${upstream.origin.origin}/v1`];
  command(data, [...channel, ...where], { input: "sk-upstream", more });
}

/** A price, and a token's secret. */
export function priceAndToken(data, more = []) {
  command(data, ["price", "set", "chat-model", "--input", "3", "--output", "15"], { more });
  return command(data, ["token", "create", "--account", account, "--name", "bench"], { more });
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export const shown = (number, digits = 1) => number.toFixed(digits);

export function printTable(title, rows) {
  console.log(`\n| ${title} | nginx | the relay | ratio |\n| --- | --- | --- | --- |`);
  for (const { what, control, ours } of rows) {
    console.log(`| ${what} | ${shown(control)} µs | ${shown(ours)} µs | ${shown(ours / control, 2)} |`);
  }
}

export function requireNginx() {
  try {
    execFileSync("nginx", ["-v"], { stdio: "ignore" });
  } catch {
    throw new Error("the benchmark compares with nginx; install it (Debian: apt-get install nginx-light)");
  }
}

export async function cleanUp() {
  running.forEach((child) => child.kill("SIGTERM"));
  agent.destroy();
  await pause(500);
  rmSync(scratch, { recursive: true, force: true });
}
