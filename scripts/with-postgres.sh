#!/usr/bin/env bash
# Runs a command beside a PostgreSQL of its own, on a free port and an empty directory, that ends
# with the command. The command finds the server's address in ANC_TEST_POSTGRES.
set -euo pipefail

find_server() {
  local newest
  newest=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1 || true)
  if [ -n "$newest" ] && [ -x "$newest/initdb" ]; then
    echo "$newest"
  elif command -v initdb >/dev/null && command -v postgres >/dev/null; then
    dirname "$(readlink -f "$(command -v initdb)")"
  fi
}

bin=$(find_server)
if [ -z "$bin" ] && [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  echo 'installing postgresql' >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends postgresql >&2 ||
    { apt-get update >&2 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends postgresql >&2; }
  bin=$(find_server)
fi
if [ -z "$bin" ]; then
  echo 'PostgreSQL is missing: install it (Debian: apt-get install postgresql), so that the tests can start a server of their own' >&2
  exit 1
fi

directory=$(mktemp -d)
# The server refuses to run as root.
as_server=()
if [ "$(id -u)" -eq 0 ]; then
  chown postgres "$directory"
  as_server=(runuser -u postgres --)
fi
stop() {
  (cd "$directory" && "${as_server[@]}" "$bin/pg_ctl" --pgdata "$directory/data" --mode immediate stop >/dev/null 2>&1) || true
  rm -rf "$directory"
}
trap stop EXIT

settings="-c listen_addresses=127.0.0.1 -c unix_socket_directories=$directory -c max_connections=300
  -c shared_buffers=128MB"
# Nothing here outlives the command, so nothing needs to reach the disk, unless that is measured.
if [ -z "${ANC_POSTGRES_DURABLE:-}" ]; then
  settings+=" -c fsync=off -c full_page_writes=off"
fi
(cd "$directory" && "${as_server[@]}" "$bin/initdb" --pgdata "$directory/data" --username postgres --auth trust \
  --encoding UTF8 --locale C --no-sync >/dev/null)
port=
for _ in $(seq 20); do
  try=$((20000 + RANDOM % 12000))
  # shellcheck disable=SC2086
  if (cd "$directory" && "${as_server[@]}" "$bin/pg_ctl" --pgdata "$directory/data" --log "$directory/log" --wait \
    --options "-p $try $(echo $settings)" start >/dev/null 2>&1); then
    port=$try
    break
  fi
done
if [ -z "$port" ]; then
  echo 'PostgreSQL did not start:' >&2
  cat "$directory/log" >&2
  exit 1
fi

export ANC_TEST_POSTGRES="postgres://postgres@127.0.0.1:$port"
ANC_TEST_POSTGRES_PID=$(head -1 "$directory/data/postmaster.pid")
export ANC_TEST_POSTGRES_PID
# For a test that has a server of its own.
export ANC_TEST_POSTGRES_RESTART="cd $directory && ${as_server[*]} $bin/pg_ctl --pgdata $directory/data \
  --log $directory/log --mode immediate --wait restart"
"$@"
