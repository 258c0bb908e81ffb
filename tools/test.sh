#!/bin/sh
# `npm test`: the whole ordinary suite, in two processes side by side under one runner (test/halves). Arguments narrow it down, and then
# there is one process: npm test -- 'src/protocol/**/*.test.ts'
set -eu
home=$(cd "$(dirname "$0")/.." && pwd)
. "$home/tools/node.sh"
posthorn_install
posthorn_node
cd "$home"
if [ $# -gt 0 ]; then
  exec "$node" --import "$home/test/support/one-seed.ts" --test --test-isolation=none --test-timeout=60000 "$@"
fi

# Hundreds of offices are opened and thrown away: in memory where that is possible, so that no test waits for the disk of a busy
# machine. What has to do with disks that lose what was not synced is tried by `npm run faults`.
if [ -z "${TMPDIR:-}" ] && [ "$(df -Pk /dev/shm 2>/dev/null | awk 'END { print ($1 == "tmpfs" && $4 > 1048576) }')" = 1 ] &&
  scratch=$(mktemp -d /dev/shm/posthorn-test-XXXXXX 2>/dev/null); then
  trap 'rm -rf "$scratch"' EXIT
  trap 'exit 130' INT TERM
  printf '#!/bin/sh\n' > "$scratch/probe" && chmod 700 "$scratch/probe"
  # Some tests start programs that they write.
  if "$scratch/probe" 2>/dev/null; then
    export TMPDIR="$scratch"
  fi
fi
# Compiled code is kept for the next run, as the launcher does.
if [ -w "$home/node_modules" ]; then
  export NODE_COMPILE_CACHE="${NODE_COMPILE_CACHE:-$home/node_modules/.cache/posthorn}"
fi
"$node" --test --test-concurrency=2 --test-timeout=60000 test/halves/offices.ts test/halves/parts.ts
