#!/usr/bin/env python3
"""Builds assets/font/GradfadeSans-{Regular,Bold}.ttf, the one font that gradfade's figures are set in.

    apt-get install fonts-noto-core            # Noto Sans 2.004 and Noto Sans Math 2.001, both OFL 1.1
    npm install --no-save --prefix target/font @expo-google-fonts/noto-sans-sc@0.4.3    # Noto Sans SC 2.004, OFL 1.1
    pip install fonttools==4.68.0
    python3 scripts/build_font.py              # writes the fonts and prints their SHA-256
    python3 scripts/build_font.py --check      # builds in memory and compares with the committed files

Which Chinese characters: those of every file in src/, and those of scripts/font_reserve.txt. A new word that needs another
one needs a rebuild, and nothing else; a test says when.

The same sources and the same fonttools give the same bytes: no time stamp reaches the file. The sources' hashes are
checked first, so a newer package says so instead of silently giving another font.
"""

import argparse
import hashlib
import io
import re
import sys
import tempfile
from pathlib import Path

from fontTools import merge, subset, version as FONTTOOLS
from fontTools.ttLib import TTFont

FONTTOOLS_WANTED = "4.68.0"
FAMILY = "Gradfade Sans"
ROOT = Path(__file__).resolve().parent.parent
NOTO = Path("/usr/share/fonts/truetype/noto")
NOTO_SC = ROOT / "target" / "font" / "node_modules" / "@expo-google-fonts" / "noto-sans-sc"
OUT = ROOT / "assets" / "font"

# Where each source lies, and how to get it.
SOURCES = {
    "NotoSans-Regular.ttf": (NOTO, "apt-get install fonts-noto-core"),
    "NotoSans-Bold.ttf": (NOTO, "apt-get install fonts-noto-core"),
    "NotoSansMath-Regular.ttf": (NOTO, "apt-get install fonts-noto-core"),
    "NotoSansSC_400Regular.ttf": (NOTO_SC / "400Regular", "see the npm line on top of this file"),
    "NotoSansSC_700Bold.ttf": (NOTO_SC / "700Bold", "see the npm line on top of this file"),
}
# Sources in the order in which a character is looked for. Noto Sans Math has one weight, which serves both.
WEIGHTS = {
    "Regular": ["NotoSans-Regular.ttf", "NotoSansMath-Regular.ttf", "NotoSansSC_400Regular.ttf"],
    "Bold": ["NotoSans-Bold.ttf", "NotoSansMath-Regular.ttf", "NotoSansSC_700Bold.ttf"],
}
SOURCE_SHA256 = {
    "NotoSans-Regular.ttf": "89c3c497f618fdaa0b2d1e98fef93582f28c71debd2c4a8cdf41f190ced2909d",
    "NotoSans-Bold.ttf": "e83493c945848ecd4a9ad0f6d19164541a0d3e23a9c952304a00a46e00272ac5",
    "NotoSansMath-Regular.ttf": "8242bd1e55368b27e32455260754cf9aa58f3ad7ea80664b66c21f1b09910d6c",
    "NotoSansSC_400Regular.ttf": "d45f67f0a7c0ca3f256950777ce6a61cc7ce5f9696d02900cbbaac25f8aa7d16",
    "NotoSansSC_700Bold.ttf": "9a38ae0ab28cd5a256f9ea8e00dedc688aac17f7915fcb000572990afa956b96",
}
FONT_SHA256 = {
    "GradfadeSans-Regular.ttf": "d35da27fa565a0b8fed8d3ec3f53cd743ee443319fdaf7f037508500c058f094",
    "GradfadeSans-Bold.ttf": "2e05e3c4b99d8a4dc4163b3ab14f49d9cf1423c28c04706c26a84c166315381c",
}

# One em is 1000 units. With ascent + descent = 1.24 em, the size that plotters' text measuring and its SVG backend agree
# on, a text has the same width in both.
UNITS_PER_EM, ASCENT, DESCENT = 1000, 1000, -240


def characters() -> set[str]:
    """Every character a figure may show. Another script is added here, and its source to WEIGHTS."""
    blocks = [
        range(0x20, 0x7F),  # ASCII
        range(0xA0, 0x180),  # Latin-1 and Latin Extended-A: names of people and data sets
        range(0x391, 0x3CA),  # Greek
    ]
    chars = {chr(c) for block in blocks for c in block} - {"\u03a2", "\u00ad"}
    chars |= set("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ₀₁₂₃₄₅₆₇₈₉")  # decades and indices
    chars |= set("−±×·⋅√∞∂∇∑∏∈≈≠≤≥≪≫∝∼‖ℓ←↑→↓↔")  # mathematics and arrows
    chars |= set("–—‘’“”„…‰•†‑\u2009\u202f")  # punctuation and thin spaces
    chars |= set("，。、；：！？（）《》「」『』【】〈〉％～￥")  # full-width punctuation
    return chars | chinese()


def chinese() -> set[str]:
    """The Chinese characters of the sources of this program and of the reserve."""
    files = [path for path in sorted((ROOT / "src").rglob("*")) if path.is_file()]
    texts = [path.read_text(encoding="utf-8") for path in files]
    reserve = (ROOT / "scripts" / "font_reserve.txt").read_text(encoding="utf-8")
    texts += [line for line in reserve.splitlines() if not line.startswith("#")]
    return set(re.findall("[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]", "".join(texts)))


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def take(path: Path, wanted: set[str], kerning: bool) -> tuple[TTFont, set[str]]:
    """The part of a font that holds `wanted`, and the characters it does not have."""
    font = TTFont(path, recalcTimestamp=False)
    assert font["head"].unitsPerEm == UNITS_PER_EM, path
    have = {c for c in wanted if ord(c) in font.getBestCmap()}
    options = subset.Options()
    options.layout_features = ["kern"] if kerning else []
    options.hinting = False  # the figures are drawn large; hints would double the size
    options.glyph_names = False
    options.notdef_outline = True
    options.name_IDs = []
    options.drop_tables += ["DSIG", "GDEF", "MATH", "BASE", "STAT", "vhea", "vmtx", "gasp", "prep"]
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[ord(c) for c in have])
    subsetter.subset(font)
    return font, wanted - have


def rename(font: TTFont, weight: str) -> None:
    """Noto reserves no font name, but a changed font should not answer to its parent's name."""
    name = font["name"]
    name.names = []
    bold = weight == "Bold"
    texts = {
        0: "Copyright 2015-2021 Google LLC. All Rights Reserved. Copyright 2014-2021 Adobe (http://www.adobe.com/). "
        "A subset of Noto Sans, Noto Sans Math and Noto Sans SC.",
        1: FAMILY,
        2: weight,
        3: f"{FAMILY} {weight}; from Noto Sans 2.004, Noto Sans Math 2.001 and Noto Sans SC 2.004",
        4: f"{FAMILY} {weight}",
        5: "Version 1.000",
        6: f"{FAMILY.replace(' ', '')}-{weight}",
        13: "This Font Software is licensed under the SIL Open Font License, Version 1.1.",
        14: "https://openfontlicense.org",
    }
    for key, text in sorted(texts.items()):
        name.setName(text, key, 3, 1, 0x409)
    head, hhea, os2 = font["head"], font["hhea"], font["OS/2"]
    head.created = head.modified = 3_700_000_000  # fixed: the clock must not reach the file
    head.fontRevision = 1.0
    head.macStyle = 1 if bold else 0
    hhea.ascent, hhea.descent, hhea.lineGap = ASCENT, DESCENT, 0
    os2.sTypoAscender, os2.sTypoDescender, os2.sTypoLineGap = ASCENT, DESCENT, 0
    os2.usWinAscent, os2.usWinDescent = ASCENT, -DESCENT
    os2.usWeightClass = 700 if bold else 400
    os2.fsSelection = (1 << 5) if bold else (1 << 6)


def build(weight: str) -> bytes:
    left, parts = characters(), []
    for i, source in enumerate(WEIGHTS[weight]):
        font, left = take(SOURCES[source][0] / source, left, kerning=i == 0)
        parts.append(font)
    if left:
        sys.exit(f"no source has {''.join(sorted(left))!r}: add one to WEIGHTS or drop the characters")
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for i, part in enumerate(parts):
            paths.append(str(Path(folder) / f"{i}.ttf"))
            part.save(paths[-1])
        font = merge.Merger().merge(paths)
    rename(font, weight)
    font.recalcTimestamp = False
    buffer = io.BytesIO()
    font.save(buffer)
    return buffer.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the committed files, write nothing")
    check = parser.parse_args().check
    if FONTTOOLS != FONTTOOLS_WANTED:
        sys.exit(f"fonttools {FONTTOOLS} found, {FONTTOOLS_WANTED} wanted: pip install fonttools=={FONTTOOLS_WANTED}")
    for source, wanted in SOURCE_SHA256.items():
        path = SOURCES[source][0] / source
        if not path.exists():
            sys.exit(f"{path} is missing: {SOURCES[source][1]}")
        if sha256(path.read_bytes()) != wanted:
            sys.exit(f"{path} is not the known version: look at the new one, then change SOURCE_SHA256")
    failed = False
    for weight in WEIGHTS:
        data, file = build(weight), f"GradfadeSans-{weight}.ttf"
        path = OUT / file
        print(f"{sha256(data)}  {file}  {len(data)} bytes")
        if check:
            same = path.exists() and path.read_bytes() == data and sha256(data) == FONT_SHA256[file]
            failed |= not same
            if not same:
                print(f"{path} differs from what the sources give", file=sys.stderr)
        else:
            OUT.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            if sha256(data) != FONT_SHA256[file]:
                print("new content: put this hash into FONT_SHA256", file=sys.stderr)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
