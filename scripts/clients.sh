#!/usr/bin/env bash
# Real client programs against the relay, in front of the scripted upstream. Words after the command
# choose the tests whose names contain them all: scripts/clients.sh codex quota
set -euo pipefail
cd "$(dirname "$0")/.."
clients="$PWD/tests/clients"
venv="$PWD/target/clients/venv"

fail() {
  printf 'clients: %s\n' "$@" >&2
  exit 1
}

for program in node npm python3; do
  command -v "$program" >/dev/null || fail "$program is missing. This needs Node 20 and Python 3.10, or newer."
done
[ "$(node --print 'process.versions.node.split(".")[0]')" -ge 20 ] ||
  fail "Node 20 or newer is needed; this is $(node --version)."
python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
  fail "Python 3.10 or newer is needed; this is $(python3 --version)."

if [ -z "${ANC_BINARY:-}" ] || [ -z "${ANC_UPSTREAM:-}" ]; then
  cargo build --quiet --profile fast --package anc-relay --package anc-simulator
  export ANC_BINARY="$PWD/target/fast/anc-relay"
  export ANC_UPSTREAM="$PWD/target/fast/anc-scripted-upstream"
fi

# Install scripts would compile terminals that nobody needs here.
if [ ! -d "$clients/node_modules" ] ||
  [ "$clients/package-lock.json" -nt "$clients/node_modules/.package-lock.json" ]; then
  npm --prefix "$clients" ci --ignore-scripts --loglevel=error --no-audit --no-fund ||
    fail 'npm could not install what tests/clients/package-lock.json names; see above.'
fi
if ! cmp --silent "$clients/requirements.txt" "$venv/installed.txt"; then
  rm -rf "$venv"
  python3 -m venv "$venv" ||
    fail 'Python cannot make a virtual environment (Debian: apt-get install python3-venv).'
  "$venv/bin/pip" install --quiet --requirement "$clients/requirements.txt" ||
    fail 'pip could not install what tests/clients/requirements.txt names; see above.'
  cp "$clients/requirements.txt" "$venv/installed.txt"
fi

# npm passes over a program that it cannot get for this platform without a word.
starts() {
  local name=$1 home
  shift
  home=$(mktemp -d)
  HOME="$home" "$@" --version >"$home/out" 2>&1 ||
    fail "$name does not start; remove tests/clients/node_modules to install it again." \
      "$(head -n 12 "$home/out")"
  rm -rf "$home"
}
claude=("$clients"/node_modules/@anthropic-ai/claude-code-*/claude)
starts 'Claude Code' "${claude[0]}"
starts 'Codex' node "$clients/node_modules/@openai/codex/bin/codex.js"
starts 'Gemini CLI' node "$clients/node_modules/@google/gemini-cli/bundle/gemini.js"

export PYTHONDONTWRITEBYTECODE=1
exec "$venv/bin/python" "$clients/run.py" "$@"
