#!/bin/sh
# `npm test`: the whole ordinary suite in one runner and one process. Arguments narrow it down: npm test -- 'src/protocol/**/*.test.ts'
set -eu
home=$(cd "$(dirname "$0")/.." && pwd)
. "$home/tools/node.sh"
posthorn_install
posthorn_node
cd "$home"
if [ $# -eq 0 ]; then
  set -- 'src/**/*.test.ts' 'sdk/**/*.test.ts' 'tools/*.test.ts' 'test/*.test.ts' 'test/conformance/**/*.test.ts' 'test/scenarios/**/*.test.ts' 'test/fuzz/*.test.ts' 'test/sim/*.test.ts'
fi
exec "$node" --test --test-isolation=none --test-timeout=60000 "$@"
