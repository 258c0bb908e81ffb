#!/bin/sh
# `npm run check`: types, format and lint, dead code. All three run side by side; the first failure decides.
set -eu
home=$(cd "$(dirname "$0")/.." && pwd)
. "$home/tools/node.sh"
posthorn_install
posthorn_node
cd "$home"
PATH=$home/node_modules/.bin:$PATH
export PATH
tsc --noEmit & types=$!
biome check . & lint=$!
knip & dead=$!
status=0
wait $types || status=1
wait $lint || status=1
wait $dead || status=1
exit $status
