#!/usr/bin/env bash
# A sweep under a real Slurm: an array with more cells than tasks, one task killed, submitted again, merged; the table must be
# the one of a local run, byte for byte, but for the wall times. Usage: scripts/engines/test_slurm.sh GRADFADE
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
gradfade=$(realpath "${1:?name the program to test}")
work=$(mktemp -d)
cleanup() { "$here/cluster.sh" stop "$work/cluster"; rm -rf "$work"; }
trap cleanup EXIT
export SLURM_CONF=$work/cluster/slurm.conf
# 24 cells, but arrays of 12 tasks at most: two cells a task.
"$here/cluster.sh" start "$work/cluster" 13
cd "$work"

grid=(--activations sigmoid,relu --hidden-layers 1..4 --seeds 3 --data gaussians --widths 24 --steps 12000 --record every:100)
"$gradfade" sweep "${grid[@]}" --out local --quiet --no-figures > /dev/null
"$gradfade" sweep script slurm "${grid[@]}" --out cluster-run --cells-per-task 1 > job.sh

# Submits, and sets $array to the job's number.
submit() { array=$(bash job.sh | tee submitted | sed -n 's/^array \([0-9]*\) with \([0-9]*\) tasks.*/\1/p'); }
tasks() { sed -n 's/.* with \([0-9]*\) tasks.*/\1/p' submitted; }
wait_for_all() {
  for _ in $(seq 300); do
    [ -n "$(squeue --noheader)" ] || return 0
    sleep 0.5
  done
  echo "jobs do not end:" >&2; squeue >&2; return 1
}
untimed() { sed 's/,[^,]*$//' "$1/cells.csv"; }

submit
[ "$(tasks)" = 12 ] || { echo "expected 12 tasks, MaxArraySize being 13: $(cat submitted)" >&2; exit 1; }
victim=
for _ in $(seq 300); do
  victim=$(squeue --noheader --states=RUNNING --job "$array" --format=%K | head -n 1)
  [ -z "$victim" ] || break
  sleep 0.1
done
[ -n "$victim" ] || { echo "no task began to run" >&2; exit 1; }
scancel "${array}_$victim"
wait_for_all
rows=$(($(wc -l < cluster-run/cells.csv) - 1))
echo "killed task $victim of array $array: $rows of 24 cells"
[ "$rows" -lt 24 ] && [ "$rows" -ge 20 ] || { echo "expected 20 to 23 cells after the kill" >&2; exit 1; }
grep -q 'cells are missing' cluster-run/logs/merge-*.txt

submit
wait_for_all
diff <(untimed local) <(untimed cluster-run)
[ "$(wc -l < cluster-run/cells.csv)" = 25 ]
echo "submitted again as $array: 24 of 24 cells, the same table as the local run"
