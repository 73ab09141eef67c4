#!/usr/bin/env bash
# The long trials of the books, on SQLite and PostgreSQL: a million random operations against a model
# on each engine, and two hundred sudden deaths of a relay under load. Hours on two cores; STEPS and
# ROUNDS make them shorter.
set -euo pipefail
cd "$(dirname "$0")/.."
export LC_ALL=C.UTF-8
export ANC_SOAK_STEPS=${STEPS:-1000000}
export ANC_SOAK_ROUNDS=${ROUNDS:-200}
exec scripts/with-postgres.sh cargo nextest run --workspace --profile soak \
  -E 'test(agree_with_a_model) or test(kill_rounds::) or test(l5_a_crowd) or test(store_faults::)'
