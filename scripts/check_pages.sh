#!/usr/bin/env bash
# Makes pages of the committed records and uses each in Chromium, with scripts/check_page.mjs.
# Usage: scripts/check_pages.sh PROGRAM FOLDER [--shots]     playwright-core is installed in FOLDER; --shots leaves screenshots there
set -euo pipefail
cd "$(dirname "$0")/.."
program=$1 folder=$2 shots=${3:-}
export NODE_PATH="$folder/node_modules${NODE_PATH:+:$NODE_PATH}"

# NAME ARGUMENTS...: a page, and its fragment.
page() {
  "$program" page "${@:2}" --force --out "$folder/$1.html" > /dev/null
  "$program" page "${@:2}" --force --fragment --out "$folder/$1.inc.html" > "$folder/said" 2>&1 ||
    { cat "$folder/said"; return 1; }
}
check() {
  local said
  # shellcheck disable=SC2086
  said=$(node scripts/check_page.mjs "$folder/$1.html" --fragment "$folder/$1.inc.html" ${shots:+--shots "$folder/$1"} "${@:2}" 2>&1) ||
    { printf '%s: %s\n' "$1" "$said"; return 1; }
  printf '%s: %s\n' "$1" "$said"
}

r=plots/records
page pair "$r/sigmoid" "$r/relu"
page chinese "$r/sigmoid" "$r/relu" --lang zh
page sweep "$r/depths"
# NaN, infinity and an early end beside a whole run.
page diverged "$r/diverged" "$r/relu"
# Most of the time is waiting for pictures to settle: two at a time.
(check pair --other "$folder/diverged.inc.html" && check sweep) &
first=$!
failed=0
{ check chinese && check diverged; } || failed=1
wait "$first" || failed=1
exit "$failed"
