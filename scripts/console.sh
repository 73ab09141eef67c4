#!/usr/bin/env bash
# Builds the console, if anything of it is newer than the last build.
set -euo pipefail
cd "$(dirname "$0")/../console"

if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
  echo 'The web console needs Node 20 or newer to be built, and there is none on this machine.' >&2
  echo 'Install it (Debian: apt-get install nodejs npm), or go without: make run CONSOLE=0' >&2
  exit 1
fi
major=$(node --print 'process.versions.node.split(".")[0]')
if [ "$major" -lt 20 ]; then
  echo "The web console needs Node 20 or newer to be built; this is $(node --version)." >&2
  echo 'Install a newer one, or go without: make run CONSOLE=0' >&2
  exit 1
fi

if [ ! -d node_modules ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  npm ci --silent --no-audit --no-fund
fi
newer=$(find src public index.html vite.config.ts package-lock.json -newer dist/index.html -print -quit 2>/dev/null || echo first)
if [ -n "$newer" ] || [ ! -f dist/index.html ]; then
  npm run --silent build
fi
