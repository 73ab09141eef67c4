#!/usr/bin/env bash
# The control API against its OpenAPI document: random and hostile calls of every operation, by
# schemathesis. ANC_EXAMPLES sets how many of each.
set -euo pipefail
cd "$(dirname "$0")/.."
suite="$PWD/tests/control"
venv="$PWD/target/control/venv"

fail() {
  printf 'control: %s\n' "$@" >&2
  exit 1
}

# Debian's Python comes without venv; where we may, it is installed.
if ! python3 -c 'import ensurepip, venv' 2>/dev/null && [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  apt-get update -qq && apt-get install -qq -y --no-install-recommends python3 python3-venv >/dev/null
fi
python3 -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 10))' ||
  fail 'Python 3.10 or newer is needed, with venv (Debian: apt-get install python3-venv).'
if [ -z "${ANC_BINARY:-}" ]; then
  cargo build --quiet --profile fast --package anc-relay
  export ANC_BINARY="$PWD/target/fast/anc-relay"
fi
if ! cmp --silent "$suite/requirements.txt" "$venv/installed.txt"; then
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --requirement "$suite/requirements.txt" ||
    fail 'pip could not install what tests/control/requirements.txt names; see above.'
  cp "$suite/requirements.txt" "$venv/installed.txt"
fi
export PYTHONDONTWRITEBYTECODE=1
exec "$venv/bin/python" "$suite/run.py"
