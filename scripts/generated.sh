#!/usr/bin/env bash
# The console's types must be those of the committed OpenAPI document.
set -euo pipefail
cd "$(dirname "$0")/../console"
made=$(mktemp --suffix .d.ts)
trap 'rm -f "$made"' EXIT
npx --no-install openapi-typescript openapi.json -o "$made" >/dev/null 2>&1
npx --no-install prettier --config .prettierrc.json --write "$made" >/dev/null
diff -u src/api/schema.d.ts "$made" || {
  echo 'src/api/schema.d.ts is not made from openapi.json: run make generate' >&2
  exit 1
}
