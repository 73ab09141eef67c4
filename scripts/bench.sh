#!/usr/bin/env bash
# The benchmark, in parts that PARTS may choose from:
#   proxy   the cost of a request and of a frame beside nginx
#   pages   every call of the console's pages, on a seeded database
#   ledger  hold+settle pairs beside plain transactions, on an empty and on a seeded database
# BENCH_ROWS and BENCH_TOKENS say how large that is, BENCH_KEEP where it is kept for the next run
# (SQLite's; of PostgreSQL's too if ANC_TEST_POSTGRES names a server that stays).
set -euo pipefail
cd "$(dirname "$0")/.."
export PARTS=${PARTS:-proxy pages ledger}
export BENCH_ROWS=${BENCH_ROWS:-200000} BENCH_TOKENS=${BENCH_TOKENS:-20000}
cargo build --quiet --profile fast --package anc-relay --package anc-simulator
export ANC_BINARY="$PWD/target/fast/anc-relay"
export ANC_UPSTREAM="$PWD/target/fast/anc-scripted-upstream"
if [[ " $PARTS " == *' ledger '* ]]; then
  cargo build --quiet --profile fast --package anc-store --example ledger_pairs
  export ANC_LEDGER_PAIRS="$PWD/target/fast/examples/ledger_pairs"
fi
# On a disk, since it may be many gigabytes, and where the server's own user gets to.
export TMPDIR=${TMPDIR:-/var/tmp} ANC_POSTGRES_DURABLE=1
if [ -n "${ANC_TEST_POSTGRES:-}" ]; then
  exec node bench/run.mjs
fi
exec scripts/with-postgres.sh node bench/run.mjs
