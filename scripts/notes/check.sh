#!/usr/bin/env bash
# Figures in notes, rendered by the programs that authors use: mdBook, pandoc, nbconvert, Typst, LaTeX, reveal.js in Chromium.
#
#   scripts/notes/check.sh [FOLDER OF THE PROGRAMS] [FOLDER THAT KEEPS WHAT WAS RENDERED] [FOLDER FOR PICTURES]
#
# Installs what is missing: Python packages into target/notes-tools, LaTeX from Debian where that is possible. MDBOOK=PATH takes
# another mdBook, such as one of `cargo install mdbook --version 0.4.52 --locked`. NODE_MODULES=PATH, with playwright-core and
# reveal.js in it, also looks at what was rendered in Chromium. The pictures are those of the gallery.
set -euo pipefail
cd "$(dirname "$0")/../.."
programs=$(realpath "${1:-target/release}")
tools=target/notes-tools
mkdir -p "$tools"
keep=${2:-$(mktemp -d)}
pictures=${3:-}

if [ ! -x "$tools/venv/bin/python" ]; then
  python3 -m venv "$tools/venv"
fi
"$tools/venv/bin/pip" install --quiet --disable-pip-version-check --requirement scripts/notes/requirements.txt

if ! { command -v xelatex && kpsewhich ctexart.cls; } > /dev/null 2>&1 && command -v apt-get > /dev/null && [ "$(id -u)" = 0 ]; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends texlive-xetex texlive-lang-chinese \
    > "$tools/apt.log" 2>&1 || { tail -n 20 "$tools/apt.log"; exit 1; }
fi

PATH="$programs:$(realpath "$tools/venv/bin"):$PATH" "$tools/venv/bin/python" scripts/notes/check.py "$keep" ${pictures:+"$pictures"}

if [ -n "${NODE_MODULES:-}" ]; then
  cp -r "$NODE_MODULES/reveal.js/dist" "$keep/dist"
  NODE_PATH="$NODE_MODULES" node scripts/notes/look.mjs "$keep" ${pictures:+--shots "$pictures"}
fi
