// A seeded database, a relay on it, and whoever is signed in.

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from "node:fs";
import http from "node:http";
import { join } from "node:path";

import { command, cpuMicros, ended, scratch, shown, started } from "../harness.mjs";

export const ROWS = Number(process.env.BENCH_ROWS ?? 200_000);
export const TOKENS = Number(process.env.BENCH_TOKENS ?? 20_000);
export const ENGINES = (process.env.BENCH_ENGINES ?? "sqlite postgres").split(" ");
/** Where seeded databases are kept for the next run; else they go with this one. */
const KEPT = process.env.BENCH_KEEP;

const OWNER = "owner@seed.example";
const USER = "user@seed.example";

/** The data directory of a seeded database, and what names the database where it is elsewhere. */
export function seeded(engine) {
  const name = `${engine}_${ROWS}_${TOKENS}`;
  const root = KEPT ?? scratch;
  mkdirSync(root, { recursive: true });
  const data = join(root, name);
  const server = process.env.ANC_TEST_POSTGRES;
  if (engine === "postgres" && !server) {
    throw new Error("the benchmark needs PostgreSQL: start it with scripts/with-postgres.sh");
  }
  const more = engine === "postgres" ? ["--database", `${server}/bench_${name}`] : [];
  if (existsSync(join(data, "demo.txt"))) return { data, more };

  rmSync(data, { recursive: true, force: true });
  if (engine === "postgres") {
    for (const sql of [`drop database if exists bench_${name}`, `create database bench_${name}`]) {
      execFileSync("psql", [server, "--quiet", "--command", sql], { stdio: ["ignore", "inherit", "ignore"] });
    }
  }
  const began = performance.now();
  command(data, ["seed", "--tokens", String(TOKENS), "--usage", String(ROWS)], { more });
  console.log(`${engine}: seeded in ${shown((performance.now() - began) / 1_000, 0)} s, ${sizeOf(engine, data, more)}`);
  return { data, more };
}

function sizeOf(engine, data, more) {
  const bytes =
    engine === "postgres"
      ? Number(execFileSync("psql", [more[1], "-Atc", "select pg_database_size(current_database())"]))
      : readdirSync(data).reduce((sum, file) => sum + fileBytes(join(data, file)), 0);
  return `${shown(bytes / 1e9, 2)} GB`;
}

function fileBytes(path) {
  return Number(execFileSync("stat", ["--format", "%s", path]));
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });

function asked({ method = "GET", path, query, body, cookie, where }) {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const given = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== null);
  const search = new URLSearchParams(given.map(([key, value]) => [key, String(value)])).toString();
  const headers = {
    "x-anc-console": "1",
    ...(cookie === undefined ? {} : { cookie }),
    ...(text === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(text) }),
  };
  return new Promise((resolve, reject) => {
    const whole = `/api/v1${path}${search === "" ? "" : `?${search}`}`;
    const request = http.request({ ...where, path: whole, method, headers }, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("end", () => resolve({ response, whole, text: Buffer.concat(parts).toString("utf8") }));
      response.on("error", reject);
    });
    request.on("error", reject);
    request.end(text);
  });
}

export async function open(engine) {
  const { data, more } = seeded(engine);
  const args = ["serve", "--data", data, "--listen", "127.0.0.1:0", ...more];
  const relay = await started(process.env.ANC_BINARY, args);
  const http = { host: relay.origin.hostname, port: relay.origin.port, agent };
  const password = /password (\S+)/.exec(readFileSync(join(data, "demo.txt"), "utf8"))[1];
  const cookies = {};

  /** One call as somebody; whoever runs the command line comes through the socket. */
  const send = async ({ as, ...call }) => {
    const where = as === "local" ? { socketPath: join(data, "control.sock") } : http;
    const answer = await asked({ ...call, cookie: cookies[as], where });
    if (answer.response.statusCode >= 300) {
      throw new Error(`${call.method ?? "GET"} ${answer.whole}: ${answer.response.statusCode} ${answer.text}`);
    }
    // Signing in gives a session, and showing the password again another one.
    const given = answer.response.headers["set-cookie"];
    if (given) cookies[as] = given.map((one) => one.split(";")[0]).join("; ");
    return answer;
  };
  for (const [as, email] of [["owner", OWNER], ["user", USER]]) {
    await send({ as, method: "POST", path: "/session", body: { email, password } });
  }
  const pids = [relay.pid];
  if (engine === "postgres") pids.push(Number(process.env.ANC_TEST_POSTGRES_PID));
  return {
    engine,
    password,
    get: async (as, path, query) => JSON.parse((await send({ as, path, query })).text),
    send: async (call) => JSON.parse((await send(call)).text || "null"),
    timed: async (call) => {
      const began = performance.now();
      await send(call);
      return performance.now() - began;
    },
    cpuMillis: () => pids.reduce((sum, pid) => sum + cpuMicros(pid), 0) / 1e3,
    close: () => ended(relay),
  };
}
