// What the console's pages call, on a database as large as any: how long each call takes on SQLite
// and on PostgreSQL. A call whose 95th percentile is above its bound fails the run.

import { shown } from "./harness.mjs";
import { calls, notCalled } from "./pages/calls.mjs";
import { measure } from "./pages/measure.mjs";
import { ENGINES, ROWS, TOKENS, open } from "./pages/world.mjs";

const ROUNDS = Number(process.env.BENCH_CALLS ?? 200);

function printTable(engine, rows) {
  const heads = ["page", "call", "p50", "p95", "max", "processor", "bound"];
  console.log(`\n| ${heads.join(" | ")} |\n|${heads.map(() => " --- |").join("")}`);
  for (const { page, what, p50, p95, max, cpu, bound } of rows) {
    const times = [p50, p95, max, cpu].map((ms) => shown(ms));
    const over = p95 > bound ? " **over**" : "";
    console.log(`| ${page} | ${what} | ${times.join(" | ")} | ${Number.isFinite(bound) ? bound : "none"}${over} |`);
  }
  const slowest = rows.reduce((slow, row) => (row.p95 / row.bound > slow.p95 / slow.bound ? row : slow));
  console.log(`\n${engine}: nearest to its bound is ${slowest.page}, ${slowest.what}: ${shown(slowest.p95)} ms`);
}

export async function onPages() {
  notCalled();
  let slow = 0;
  for (const engine of ENGINES) {
    const world = await open(engine);
    const rows = await measure(world, await calls(world), ROUNDS);
    const size = `${ROWS} requests, ${TOKENS} tokens, ${ROUNDS} calls each`;
    console.log(`\n${engine}, ${size}; milliseconds, of the processors as well`);
    printTable(engine, rows);
    slow += rows.filter(({ p95, bound }) => p95 > bound).length;
    await world.close();
  }
  if (slow > 0) {
    console.error(`\n${slow} calls are slower than their bounds`);
    process.exitCode = 1;
  }
}
