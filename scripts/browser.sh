#!/usr/bin/env bash
# Makes sure that there is a Chromium for the browser tests: the system's own, never a download of
# the test tool.
set -euo pipefail

if [ -n "${ANC_CHROMIUM:-}" ] || command -v chromium >/dev/null; then
  exit 0
fi
if command -v apt-get >/dev/null && [ "$(id -u)" -eq 0 ]; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    chromium fonts-noto-cjk >/dev/null
  exit 0
fi
echo 'The browser tests need Chromium. Install it (Debian: apt-get install chromium fonts-noto-cjk)' >&2
echo 'or set ANC_CHROMIUM to the path of one.' >&2
exit 1
