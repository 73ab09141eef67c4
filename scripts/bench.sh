#!/usr/bin/env bash
# The cost of the relay against a plain proxy, measured in one run.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --quiet --profile fast --package anc-relay --package anc-simulator
export ANC_BINARY="$PWD/target/fast/anc-relay"
export ANC_UPSTREAM="$PWD/target/fast/anc-scripted-upstream"
exec scripts/with-postgres.sh node bench/run.mjs "$@"
