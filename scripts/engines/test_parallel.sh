#!/usr/bin/env bash
# A sweep under GNU parallel: a task that fails, the same script again, the same table as a local run.
# Usage: scripts/engines/test_parallel.sh GRADFADE
set -euo pipefail
gradfade=$(realpath "${1:?name the program to test}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

grid=(--activations sigmoid,relu --hidden-layers 1..3 --seeds 2 --data gaussians --widths 8 --steps 200)
"$gradfade" sweep "${grid[@]}" --out local --quiet --no-figures > /dev/null
"$gradfade" sweep script parallel "${grid[@]}" --out 'a sweep' --cells-per-task 3 > job.sh
untimed() { sed 's/,[^,]*$//' "$1/cells.csv"; }

# A program that breaks down in its second task.
cat > broken.sh <<BROKEN
#!/usr/bin/env bash
case "\$*" in *"--shard 2/4"*) exit 1 ;; esac
exec '$gradfade' "\$@"
BROKEN
chmod +x broken.sh
if GRADFADE=$work/broken.sh bash job.sh > out.txt 2> err.txt; then echo "a failed task went unnoticed" >&2; exit 1; fi
bash job.sh > /dev/null
diff <(untimed local) <(untimed 'a sweep')
[ "$(awk 'NR > 1' 'a sweep/parallel.log' | wc -l)" -ge 5 ] || { echo "the log does not hold the repetition" >&2; exit 1; }
echo "GNU parallel: the failed task was run again, the same table as the local run"
