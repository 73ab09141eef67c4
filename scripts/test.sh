#!/usr/bin/env bash
# Every check and test. The last line tells how many passed and failed.
set -uo pipefail
cd "$(dirname "$0")/.."
export LC_ALL=C.UTF-8 CI="${CI:-1}" RUST_BACKTRACE="${RUST_BACKTRACE:-0}"

passed=0
failed=0
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

# A check that counts as one.
check() {
  local name=$1
  shift
  echo "== $name"
  if "$@"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "FAILED: $name"
  fi
}

# A suite that counts by what it prints: sums the numbers that the two patterns find. A suite that
# fails without naming a test, or in which no test ran, counts as one failure.
suite() {
  local name=$1 pass_pattern=$2 fail_pattern=$3
  shift 3
  echo "== $name"
  local log="$logs/suite" status good bad
  "$@" 2>&1 | tee "$log"
  status=${PIPESTATUS[0]}
  good=$(sed 's/\x1b\[[0-9;]*m//g' "$log" | grep -oP "$pass_pattern" | awk '{ sum += $1 } END { print sum + 0 }')
  bad=$(sed 's/\x1b\[[0-9;]*m//g' "$log" | grep -oP "$fail_pattern" | awk '{ sum += $1 } END { print sum + 0 }')
  if [ "$bad" -eq 0 ] && { [ "$status" -ne 0 ] || [ "$good" -eq 0 ]; }; then
    bad=1
  fi
  passed=$((passed + good))
  failed=$((failed + bad))
  [ "$bad" -eq 0 ] || echo "FAILED: $name"
}

check 'format' cargo fmt --all --check
check 'console: build' scripts/console.sh
check 'clippy' cargo clippy --workspace --all-targets --quiet -- --deny warnings
check 'structure' cargo xtask
if command -v cargo-deny >/dev/null; then
  check 'dependencies' cargo deny --log-level error check bans licenses sources
else
  echo '== dependencies: cargo-deny is not installed, so deny.toml was not checked'
fi

if command -v cargo-nextest >/dev/null; then
  suite 'Rust' '\d+(?= passed)' '\d+(?= (failed|timed out))' \
    scripts/with-postgres.sh \
    cargo nextest run --workspace --status-level fail --final-status-level fail
else
  echo '== cargo-nextest is not installed: cargo test runs the tests'
  suite 'Rust' '\d+(?= passed;)' '\d+(?= failed;)' scripts/with-postgres.sh cargo test --workspace --quiet
fi

check 'console: generated types' scripts/generated.sh
check 'console: types' npm --prefix console run --silent typecheck
check 'console: lint' npm --prefix console run --silent lint
suite 'console: units' '(?<=Tests )[ ]*(\d+ failed \| )?\K\d+(?= passed)' '(?<=Tests )[ ]*\d+(?= failed)' \
  npm --prefix console test --silent

check 'build as people run it' env ANC_CONSOLE=require \
  cargo build --quiet --profile fast --package anc-relay --package anc-simulator
export ANC_BINARY="$PWD/target/fast/anc-relay"
export ANC_UPSTREAM="$PWD/target/fast/anc-scripted-upstream"
suite 'control API: random calls' '\d+(?= operations passed)' '\d+(?= operations failed)' \
  scripts/control.sh
check 'SDKs: install' npm --prefix tests/sdk ci --silent --no-audit --no-fund
suite 'SDKs' '(?<=^# pass )\d+' '(?<=^# fail )\d+' npm --prefix tests/sdk test --silent
check 'browser: install' scripts/browser.sh
suite 'browser' '\d+(?= passed)' '\d+(?= failed)' npm --prefix console run --silent e2e

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
