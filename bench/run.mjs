// What the relay costs beside a plain proxy: processor time per request and per streamed frame,
// memory, and the time to a first answer. Both proxies meet the same load from the same scripted
// provider in the same run, so that a figure is a ratio and not a property of the machine.

import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const REQUESTS = Number(process.env.ANC_BENCH_REQUESTS ?? 20_000);
const CONCURRENT = 64;
const STREAMS = [1, 200, 1_000];
const FRAMES = 100;
const FRAME_INTERVAL_MS = 20;
// Frames to measure at least, where few streams make few.
const FRAMES_MIN = 500;

const scratch = mkdtempSync(join(tmpdir(), "anc-bench-"));
const running = [];

async function started(program, args, env = {}) {
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

async function ended({ child }) {
  const exit = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await exit;
}

function startNginx(upstream, port) {
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
function cpuMicros(pid) {
  const threads = family(pid).flatMap((one) =>
    readdirSync(`/proc/${one}/task`).map((thread) => `/proc/${one}/task/${thread}/schedstat`),
  );
  const nanos = threads.map((path) => Number(readFileSync(path, "utf8").split(" ")[0]));
  return nanos.reduce((sum, one) => sum + one, 0) / 1e3;
}

function residentMegabytes(pid) {
  const kilobytes = family(pid).map((one) => {
    const line = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${one}/status`, "utf8"));
    return Number(line?.[1] ?? 0);
  });
  return kilobytes.reduce((sum, one) => sum + one, 0) / 1024;
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 2_000 });

/** One chat request; gives the number of its events, or of its answers. */
function chat(origin, secret, stream) {
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

/** Microseconds of processor time for each unit of work. */
async function costOf(proxy, work) {
  const before = cpuMicros(proxy.pid);
  const units = await work();
  return (cpuMicros(proxy.pid) - before) / units;
}

async function manyRequests(proxy, secret) {
  let left = REQUESTS;
  const worker = async () => {
    while (left > 0) {
      left -= 1;
      await chat(proxy.origin, secret, false);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT }, worker));
  return REQUESTS;
}

async function manyStreams(proxy, secret, count) {
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
function command(data, args, input = "") {
  return execFileSync(process.env.ANC_BINARY, [...args, "--data", data], { input, encoding: "utf8" }).trim();
}

async function main() {
  const hasNginx = (() => {
    try {
      execFileSync("nginx", ["-v"], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  })();
  if (!hasNginx) {
    throw new Error("the benchmark compares with nginx; install it (Debian: apt-get install nginx-light)");
  }
  const plain = await started(process.env.ANC_UPSTREAM, ["--records-max", "0"]);
  const paced = await started(process.env.ANC_UPSTREAM, [
    ...["--records-max", "0", "--frames", String(FRAMES)],
    ...["--frame-interval-ms", String(FRAME_INTERVAL_MS)],
  ]);
  const data = join(scratch, "data");
  const serve = () => started(process.env.ANC_BINARY, ["serve", "--data", data, "--listen", "127.0.0.1:0"]);
  let relay = await serve();
  command(data, ["setup", "--email", account, "--password-stdin", "--balance", "1000000"], "correct horse battery");
  const connect = (name, upstream) =>
    command(
      data,
      ["channel", "add", "--name", name, "--provider", "openai", "--key-stdin", "--allow-private"].concat(
        ["--models", "chat-model", "--base-url", `${upstream.origin.origin}/v1`],
      ),
      "sk-upstream",
    );
  connect("plain", plain);
  command(data, ["price", "set", "chat-model", "--input", "3", "--output", "15"]);
  const secret = command(data, ["token", "create", "--account", account, "--name", "bench"]);

  await ended(relay);
  const launched = performance.now();
  relay = await serve();
  await chat(relay.origin, secret, false);
  const firstAnswer = performance.now() - launched;
  const idle = residentMegabytes(relay.pid);

  let nginx = startNginx(plain.origin, 18_399);
  await new Promise((resolve) => setTimeout(resolve, 500));
  const rows = [];
  // Connections and code paths are warm before anything is measured.
  const warm = (proxy) => Promise.all(Array.from({ length: 200 }, () => chat(proxy.origin, secret, false)));
  const compare = async (what, work) => {
    await warm(nginx);
    await warm(relay);
    const control = await costOf(nginx, () => work(nginx));
    const ours = await costOf(relay, () => work(relay));
    rows.push({ what, control, ours, ratio: ours / control });
  };
  await compare(`a buffered request, ${CONCURRENT} at once`, (proxy) => manyRequests(proxy, secret));

  // The same relay and a second control, now before the provider that streams slowly.
  await ended(nginx);
  const [{ id }] = JSON.parse(command(data, ["channel", "list", "--json"]));
  await ended(relay);
  relay = await serve();
  await replaceChannel(data, relay, id, () => connect("paced", paced));
  nginx = startNginx(paced.origin, 18_400);
  await new Promise((resolve) => setTimeout(resolve, 500));
  let most = 0;
  const watch = setInterval(() => (most = Math.max(most, residentMegabytes(relay.pid))), 200);
  for (const count of STREAMS) {
    await compare(`a frame, ${count} streams`, (proxy) => manyStreams(proxy, secret, count));
  }
  clearInterval(watch);

  const shown = (number, digits = 1) => number.toFixed(digits);
  console.log("| Processor time for | nginx | the relay | ratio |\n| --- | --- | --- | --- |");
  for (const { what, control, ours, ratio } of rows) {
    console.log(`| ${what} | ${shown(control)} µs | ${shown(ours)} µs | ${shown(ratio, 2)} |`);
  }
  console.log(`\nidle memory ${shown(idle)} MB, most with 1000 streams ${shown(most)} MB`);
  console.log(`first answer ${shown(firstAnswer, 0)} ms after the start of a relay with data`);
  console.log(command(data, ["ledger", "verify"]).split("\n").at(-1));
}

/** Disables the old connection by the API's own means: the command line has no word for it. */
async function replaceChannel(data, relay, id, connect) {
  connect();
  await new Promise((resolve, reject) => {
    const body = '{"enabled":false}';
    const request = http.request(
      {
        socketPath: join(data, "control.sock"),
        path: `/api/v1/channels/${id}`,
        method: "PATCH",
        headers: { "content-type": "application/json", "content-length": body.length },
      },
      (response) => (response.statusCode === 200 ? resolve() : reject(new Error(`status ${response.statusCode}`))),
    );
    request.on("error", reject);
    request.end(body);
  });
}

try {
  await main();
} finally {
  running.forEach((child) => child.kill("SIGTERM"));
  agent.destroy();
  await new Promise((resolve) => setTimeout(resolve, 500));
  rmSync(scratch, { recursive: true, force: true });
}
