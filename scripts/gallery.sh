#!/usr/bin/env bash
# Draws the gallery anew: runs every `gradfade plot` and `gradfade page` command that plots/README.md shows, on the committed records.
# Usage: scripts/gallery.sh [--records | --screenshots | --notes]
#   --records      first trains those records anew
#   --screenshots  also takes the pictures of pages, which needs Chromium, Node and playwright-core (scripts/check_page.mjs)
#   --notes        also takes those of rendered notes, which needs that, reveal.js, LaTeX and fonts-noto-cjk (scripts/notes/check.sh);
#                  NODE_MODULES=PATH says where playwright-core and reveal.js are
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --release --quiet
bin=${CARGO_TARGET_DIR:-target}/release/gradfade

if [ "${1:-}" = --records ]; then
  # Recorded sparsely, so that they stay small enough to commit.
  train() { "$bin" train --quiet --force --out "plots/records/$1" --name "$2" "${@:3}"; }
  often='--record every:5 --snapshots every:25 --eval-every 1'
  train sigmoid sigmoid $often --activation sigmoid --initialisation glorot-uniform --epochs 10
  train relu relu $often --activation relu --initialisation glorot-uniform --epochs 10
  train adam 'sigmoid with Adam' $often --activation sigmoid --optimizer adam --epochs 10
  train decay 'sigmoid with decay' $often --activation sigmoid --hidden-layers 6 --weight-decay 0.001 --epochs 10
  train deep 'deep sigmoid' --record every:3 --snapshots every:20 --activation sigmoid --hidden-layers 30 --width 32 --steps 300 --eval-every 1
  # Three convolutions and two max poolings, from the same kind of start as each activation's default.
  for activation in sigmoid relu; do
    train "cnn-$activation" "$activation" --record every:2 --snapshots every:10 --activation "$activation" --train-size 2000 --test-size 500 \
      --batch-size 50 --epochs 3 --network conv:8x3,pool:2,conv:16x3,pool:2,conv:16x3,dense:32
  done
  # Runs with weights, so small that these can be committed.
  saved() { train "$1" "$2" --save-weights --record every:20 --snapshots every:80 --test-size 500 --batch-size 50 "${@:3}"; }
  for activation in sigmoid relu; do
    saved "first-$activation" "$activation" --activation "$activation" --initialisation glorot-uniform --hidden-layers 6 --width 16 --train-size 4000 --epochs 8
  done
  saved routes-maxout maxout --activation maxout:2 --train-size 2000 --epochs 6 --widths 16,16
  saved routes-cnn tanh --activation tanh --train-size 2000 --epochs 4 --network conv:6x5,pool:2,conv:8x3,pool:2,dense:16
  sweep() { rm -rf "plots/records/$1"; "$bin" sweep --quiet --no-figures --out "plots/records/$1" "${@:2}" > /dev/null; }
  sweep lecture --preset lecture --record summary
  sweep 20-vs-56 --preset 20-vs-56 --record summary
  sweep 20-vs-56-conv --preset 20-vs-56-conv --record summary
  sweep depths --preset lecture --hidden-layers 2,6,10 --seeds 1 --record every:200 --snapshots every:2000 --eval-every 5
  rm plots/records/depths/cells.csv
  sweep rates --activations sigmoid,relu --hidden-layers 1,2,4,6,8 --learning-rates 0.001,0.01,0.1,1,10 --widths 30 \
    --train-size 2000 --test-size 500 --epochs 5 --batch-sizes 50 --seeds 2 --record summary
  train early 'ReLU on 800 digits' --record every:10 --snapshots every:100 --activation relu --hidden-layers 2 --width 50 --train-size 1300 \
    --validation-size 500 --test-size 500 --early-stopping 5 --epochs 60 --batch-size 50
  # Of remedies only the small file that the figure is drawn from.
  train vanishing sigmoid --record every:100 --snapshots every:400 --hidden-layers 4 --width 50 --train-size 4000 --epochs 30 --batch-size 50
  train overfitting 'ReLU on 600 digits' --record every:100 --snapshots every:600 --activation relu --hidden-layers 2 --width 400 --train-size 600 --epochs 60 --batch-size 20
  for run in vanishing overfitting; do
    scratch=$(mktemp -d)
    "$bin" remedy --quiet --out "$scratch" "plots/records/$run" > /dev/null
    mkdir -p "plots/records/$run-remedies"
    cp "$scratch/remedies.json" "plots/records/$run-remedies"
    rm -r "$scratch"
  done
  train diverged 'ReLU at rate 1.2' --activation relu --hidden-layers 6 --width 50 --learning-rate 1.2 --steps 100 --train-size 2000
fi

grep -E '^    gradfade (plot|page) ' plots/README.md | while read -r _ command; do
  # The words of these commands hold no spaces of their own.
  $bin $command --force
done

if [ "${1:-}" = --screenshots ]; then
  shots=$(mktemp -d)
  trap 'rm -rf "$shots"' EXIT
  node scripts/check_page.mjs plots/page/sigmoid-relu.html --shots "$shots"
  cp "$shots/gallery.png" plots/page/sigmoid-relu.png
fi

if [ "${1:-}" = --notes ]; then
  cargo build --release --quiet --bins
  shots=$(mktemp -d)
  trap 'rm -rf "$shots"' EXIT
  mkdir "$shots/pictures"
  : "${NODE_MODULES:?}"
  bash scripts/notes/check.sh "$(dirname "$bin")" "$shots/rendered" "$shots/pictures"
  # A page of text and one colour scale needs few colours.
  target/notes-tools/venv/bin/python - "$shots/pictures" plots/notes << 'END'
import pathlib, sys
from PIL import Image
for file in pathlib.Path(sys.argv[1]).glob("*.png"):
    picture = Image.open(file).convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE, 3, dither=Image.Dither.NONE)
    picture.save(pathlib.Path(sys.argv[2]) / file.name, optimize=True)
END
fi
