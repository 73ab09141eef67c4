// One relay and two relays on one PostgreSQL: what a buffered request costs the relays, and what it
// costs the database server.

import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";

import {
  CONCURRENT,
  chat,
  command,
  connect,
  costOf,
  ended,
  manyRequests,
  pause,
  priceAndToken,
  printTable,
  scratch,
  setUp,
  startNginx,
  started,
} from "./harness.mjs";

export async function onPostgres(plain) {
  const server = process.env.ANC_TEST_POSTGRES;
  const serverPid = Number(process.env.ANC_TEST_POSTGRES_PID);
  if (!server || !serverPid) {
    throw new Error("the benchmark needs PostgreSQL: start it with scripts/with-postgres.sh");
  }
  execFileSync("psql", [server, "--quiet", "--command", "create database anc_bench"]);
  const more = ["--database", `${server}/anc_bench`];
  const nodes = [join(scratch, "node-a"), join(scratch, "node-b")];
  const serve = (data) =>
    started(process.env.ANC_BINARY, ["serve", "--data", data, "--listen", "127.0.0.1:0", ...more]);

  const relays = [await serve(nodes[0])];
  setUp(nodes[0], more);
  connect(nodes[0], "plain", plain, more);
  const secret = priceAndToken(nodes[0], more);
  // Relays that share a database share its master key.
  mkdirSync(nodes[1], { mode: 0o700 });
  copyFileSync(join(nodes[0], "master.key"), join(nodes[1], "master.key"));
  relays.push(await serve(nodes[1]));

  const nginx = startNginx(plain.origin, 18_401);
  await pause(500);
  const warm = (proxy) => Promise.all(Array.from({ length: 200 }, () => chat(proxy.origin, secret, false)));
  await Promise.all([nginx, ...relays].map(warm));
  const control = await costOf([nginx.pid], () => manyRequests([nginx], secret));
  const rows = [];
  for (const used of [relays.slice(0, 1), relays]) {
    const pids = used.map((relay) => relay.pid);
    let database = 0;
    const ours = await costOf(pids, async () => {
      let requests = 0;
      database = await costOf([serverPid], async () => (requests = await manyRequests(used, secret)));
      return requests;
    });
    const who = used.length === 1 ? "one relay" : "two relays";
    rows.push({ what: `a buffered request, ${CONCURRENT} at once, ${who}`, control, ours });
    rows.push({ what: `the same, PostgreSQL's own part, ${who}`, control, ours: database });
  }
  printTable("PostgreSQL: processor time for", rows);
  console.log(`\n${command(nodes[0], ["ledger", "verify"], { more }).split("\n").at(-1)}`);
  await Promise.all([nginx, ...relays].map(ended));
}
