"""Puts figures into the sample notes, renders those with the real programs, and looks for the figures in what comes out.

Usage: check.py FOLDER [PICTURES]. Everything that was rendered stays in FOLDER; pages of PDF documents also become pictures, in
PICTURES if that is given. Called by check.sh, which provides the programs.
"""

import html.parser
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import zipfile

import nbformat
import pymupdf
import pypandoc
import typst

ROOT = pathlib.Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "tests" / "fixtures" / "notes"
RUN = ROOT / "plots" / "records" / "sigmoid"
KEEP = pathlib.Path(sys.argv[1]).resolve()
PICTURES = pathlib.Path(sys.argv[2]).resolve() if len(sys.argv) > 2 else None
STALE = 5
MDBOOK = os.environ.get("MDBOOK", "mdbook")
# nbconvert calls pandoc by name.
os.environ["PATH"] += os.pathsep + str(pathlib.Path(pypandoc.get_pandoc_path()).parent)


def call(*words, cwd=None, code=0):
    """Runs a program; its exit code must be `code`."""
    done = subprocess.run([str(w) for w in words], cwd=cwd, capture_output=True)
    output = done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")
    assert done.returncode == code, f"{words}: exit code {done.returncode}\n{output[-3000:]}"
    return output


def notes(file, lang="en", *more):
    """Puts the figure in, twice; the second time nothing may change."""
    arguments = ("gradfade", "notes", RUN, "--into", file, "--lang", lang, *more)
    call(*arguments, "--check", code=STALE)
    call(*arguments)
    here = [p for p in file.parent.rglob("*") if p.is_file()]
    before = {p: p.read_bytes() for p in here}
    call(*arguments)
    call(*arguments, "--check")
    assert before == {p: p.read_bytes() for p in here}, f"{file}: a second call changed something"


class Images(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        if tag == "img":
            self.found.append(dict(attributes))


def shown(page, least, says="layer"):
    """The images of a page: described, and there."""
    found = [i for i in Images(page.read_text(encoding="utf-8")).found if "gradfade" in str(i) or "data:" in i.get("src", "")]
    assert len(found) >= least, f"{page}: {len(found)} images"
    for image in found:
        assert says in image["alt"], f"{page}: alt text {image['alt']!r}"
        if not image["src"].startswith("data:image/"):
            picture = page.parent / image["src"]
            assert picture.stat().st_size > 10_000, picture
    return found


def in_pdf(file, picture, *words):
    """The PDF's text holds these; what stands on its first page becomes a picture for whoever wants to look."""
    document = pymupdf.open(file)
    text = " ".join(page.get_text() for page in document)
    flat = re.sub(r"\s+", "", text)
    for word in words:
        assert word.replace(" ", "") in flat, f"{file}: no {word!r} in {flat[:2000]!r}"
    filled = pymupdf.Rect()
    for _, box in document[0].get_bboxlog():
        filled |= pymupdf.Rect(box)
    # The page's number at the foot is far from the rest.
    filled.y1 = min(filled.y1, 0.75 * document[0].rect.height)
    place = (PICTURES or file.parent) / f"{picture}.png"
    document[0].get_pixmap(dpi=110, clip=filled + (-20, -20, 20, 20)).save(place)


def sample(name):
    place = KEEP / name
    place.parent.mkdir(parents=True, exist_ok=True)
    if (SAMPLES / name).is_dir():
        shutil.copytree(SAMPLES / name, place)
    else:
        shutil.copy(SAMPLES / name, place)
    return place


def markdown():
    for lang, says in [("en", "layer"), ("zh", "层")]:
        file = KEEP / f"markdown-{lang}" / "lecture.md"
        file.parent.mkdir(parents=True)
        shutil.copy(SAMPLES / "lecture.md", file)
        notes(file, lang)
        page = file.with_suffix(".html")
        pypandoc.convert_file(str(file), "html", outputfile=str(page), extra_args=["--standalone", "--metadata=pagetitle:x"])
        shown(page, 1, says)
        assert "(prefers-color-scheme: dark)" in page.read_text(encoding="utf-8")
        # Other readers keep to CommonMark, which is stricter about what is bold.
        strict = pypandoc.convert_file(str(file), "html", format="commonmark")
        assert "<strong>" + ("How to read this." if lang == "en" else "怎样看图") + "</strong>" in strict, strict
        document = file.with_suffix(".docx")
        pypandoc.convert_file(str(file), "docx", outputfile=str(document), extra_args=[f"--resource-path={file.parent}"])
        with zipfile.ZipFile(document) as parts:
            assert any(p.startswith("word/media/") for p in parts.namelist()), "no picture in the Word document"
            body = parts.read("word/document.xml").decode()
            assert ("How to read this." if lang == "en" else "怎样看图") in body


def quarto():
    label = "fig-sigmoid-gradient-heatmap"
    file = KEEP / "quarto" / "lecture.qmd"
    file.parent.mkdir()
    shutil.copy(SAMPLES / "lecture.qmd", file)
    notes(file)
    page = file.with_name("pandoc.html")
    pypandoc.convert_file(str(file), "html", format="markdown", outputfile=str(page), extra_args=["--standalone"])
    text = page.read_text(encoding="utf-8")
    assert len(shown(page, 2)) == 2 and f'id="{label}"' in text and "body.quarto-dark" in text
    # A figure div, as Quarto's pages on cross references ask for: a label that begins with fig-, content, and the caption as its last
    # paragraph. An image that stands alone with words in its brackets would have a caption of its own.
    for theme in ["both", "light"]:
        if theme == "light":
            call("gradfade", "notes", RUN, "--into", file, "--theme", "light")
        blocks = json.loads(pypandoc.convert_file(str(file), "json", format="markdown"))["blocks"]
        (figure,) = [b["c"] for b in blocks if b["t"] == "Div" and b["c"][0][0] == label]
        kinds = [b["t"] for b in figure[1]]
        assert kinds == ["Para", "Para"], kinds
        inlines = [i["t"] for i in figure[1][0]["c"]]
        assert inlines == (["Image", "RawInline"] if theme == "both" else ["Image"]), inlines
        (_, _, attributes), words, _ = figure[1][0]["c"][0]["c"]
        assert words if theme == "both" else not words and "layer" in dict(attributes)["fig-alt"]
        # The dark one is for pages alone.
        paper = pypandoc.convert_file(str(file), "latex", format="markdown")
        assert paper.count("\\includegraphics") == 1 and "-dark" not in paper, paper
    notes(file)
    if shutil.which("quarto"):
        call("quarto", "render", file.name, cwd=file.parent)
        shown(file.with_suffix(".html"), 2)


def mdbook():
    book = sample("book")
    notes(book)
    chapter = book / "src" / "introduction.md"
    run = pathlib.Path("..") / "run"
    shutil.copytree(RUN, KEEP / "run")
    chapter.write_text(
        chapter.read_text(encoding="utf-8")
        + f'\n```gradfade\nrun = "{run}"\nlang = "zh"\n```\n\n```gradfade\nrun = "{run}"\ntheme = "dark"\n```\n\nAfter.\n',
        encoding="utf-8",
    )
    settings = book / "book.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + "\n[preprocessor.gradfade]\n", encoding="utf-8")
    call(MDBOOK, "build", cwd=book)
    assert len(shown(book / "book" / "vanishing.html", 2)) == 2
    found = shown(book / "book" / "introduction.html", 3, says="")
    assert len(found) == 3 and "层" in found[0]["alt"] and "layer" in found[2]["alt"]
    assert "```gradfade" not in (book / "book" / "introduction.html").read_text(encoding="utf-8")
    chinese = KEEP / "book-zh"
    shutil.copytree(SAMPLES / "book", chinese)
    notes(chinese, "zh")
    call(MDBOOK, "build", cwd=chinese)
    shown(chinese / "book" / "vanishing.html", 2, "层")
    # A mistake ends the build, with its place.
    chapter.write_text('```gradfade\nrun = "nowhere"\n```\n', encoding="utf-8")
    done = subprocess.run([MDBOOK, "build", "-d", "broken"], cwd=book, capture_output=True)
    assert done.returncode != 0 and b"introduction.md: line 1" in done.stderr, done.stderr.decode()


def notebook():
    file = sample("lecture.ipynb")
    notes(file)
    for executed in [False, True]:
        loaded = nbformat.read(file, as_version=4)
        nbformat.validate(loaded)
        assert loaded.nbformat_minor == 5
        outputs = [o for c in loaded.cells for o in c.get("outputs", []) if "image/png" in o.get("data", {})]
        assert len(outputs) == 1 and "image/svg+xml" in outputs[0]["data"], executed
        call("jupyter-nbconvert", "--to", "html", "--output", f"notebook-{executed}.html", file)
        text = (KEEP / f"notebook-{executed}.html").read_text(encoding="utf-8")
        assert 'id="sigmoid-gradient-heatmap-title"' in text or "data:image/png" in text, "no picture in the page"
        assert "How to read this." in text
        call("jupyter-nbconvert", "--to", "latex", "--output", f"notebook-{executed}", file)
        assert "includegraphics" in (KEEP / f"notebook-{executed}.tex").read_text(encoding="utf-8")
        call("jupyter-nbconvert", "--to", "markdown", "--output", f"notebook-{executed}.md", file)
        assert "![" in (KEEP / f"notebook-{executed}.md").read_text(encoding="utf-8")
        if not executed:
            # "Run all" shows the same picture, and is no edit of the block.
            call("jupyter-nbconvert", "--to", "notebook", "--execute", "--inplace", file)
            call("gradfade", "notes", RUN, "--into", file, "--check")


def latex():
    for name, engine, lang, words in [
        ("lecture.tex", "pdflatex", "en", ["Figure 1", "How to read this.", "input side"]),
        ("lecture-zh.tex", "xelatex", "zh", ["怎样看图", "层", "图 1"]),
    ]:
        if not shutil.which(engine):
            print(f"{name}: no {engine} here; left out")
            continue
        file = sample(name)
        notes(file, lang)
        for _ in range(2):
            call(engine, "-interaction=nonstopmode", "-halt-on-error", file.name, cwd=KEEP)
        assert "undefined" not in file.with_suffix(".log").read_text(errors="replace"), "a reference is undefined"
        in_pdf(file.with_suffix(".pdf"), f"latex-{lang}", *words)


def typst_notes():
    # Where there is no such font Typst takes another.
    chinese = '#set text(lang: "zh", font: ("Libertinus Serif", "Noto Serif CJK SC", "Noto Sans CJK SC"))\n'
    for lang, head, words in [("en", "", ["Figure 1", "How to read this.", "input side"]), ("zh", chinese, ["怎样看图", "层", "图 1"])]:
        file = KEEP / f"typst-{lang}" / "lecture.typ"
        file.parent.mkdir(parents=True)
        file.write_text(head + (SAMPLES / "lecture.typ").read_text(encoding="utf-8"), encoding="utf-8")
        notes(file, lang)
        typst.compile(str(file), output=str(file.with_suffix(".pdf")))
        in_pdf(file.with_suffix(".pdf"), f"typst-{lang}", *words)


def pages():
    """A browser looks at these, with look.mjs."""
    file = sample("lecture.html")
    notes(file)
    shown(file, 1)
    file = sample("slides.html")
    white = file.with_name("slides-white.html")
    white.write_text(file.read_text(encoding="utf-8").replace("theme/black.css", "theme/white.css"), encoding="utf-8")
    notes(file)
    shown(file, 1)
    notes(white, "zh")
    shown(white, 1, "层")


for check in [markdown, quarto, mdbook, notebook, latex, typst_notes, pages]:
    check()
    print(f"{check.__name__}: the figure is there")
