// The ledger alone: hold+settle pairs beside plain transactions, and on a seeded database beside an
// empty one. The measuring is `crates/anc-store/examples/ledger_pairs`.

import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { scratch } from "./harness.mjs";
import { ENGINES, ROWS, seeded } from "./pages/world.mjs";

/** Seconds of each measurement, and how often it is repeated. */
const SECONDS = process.env.BENCH_SECONDS ?? "2";
const ROUNDS = process.env.BENCH_ROUNDS ?? "3";

export async function onLedger() {
  for (const engine of ENGINES) {
    const { data, more } = seeded(engine);
    const empty = join(scratch, `ledger-${engine}`);
    mkdirSync(empty);
    let [one, other] = [empty, data];
    if (engine === "postgres") {
      const server = process.env.ANC_TEST_POSTGRES;
      for (const sql of ["drop database if exists bench_ledger", "create database bench_ledger"]) {
        execFileSync("psql", [server, "--quiet", "--command", sql], { stdio: ["ignore", "inherit", "ignore"] });
      }
      [one, other] = [`${empty}@${server}/bench_ledger`, `${data}@${more[1]}`];
    }
    console.log(`\n${engine}: the ledger alone\n`);
    const places = [`a pair, empty=${one}`, `a pair, ${ROWS} rows=${other}`];
    execFileSync(process.env.ANC_LEDGER_PAIRS, [SECONDS, ROUNDS, ...places], { stdio: "inherit" });
  }
}
