// Looks at rendered notes in Chromium as a reader does: the picture is there, it is the one that suits the theme, nothing is cut off,
// and the words stand below it once.
//
//   node scripts/notes/look.mjs FOLDER [--chromium PATH] [--shots DIR]
//
// FOLDER is what scripts/notes/check.py left, with reveal.js in its folder `dist`. Needs Node and playwright-core, as
// scripts/check_page.mjs does. Exits with 1 when something is not as it should be, and says what. --shots makes the gallery's pictures.
import { existsSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { playwright } from "../playwright.mjs";

const options = { chromium: "/usr/bin/chromium" };
const rest = [];
for (let i = 2; i < process.argv.length; i++) {
  const match = /^--(chromium|shots)$/.exec(process.argv[i]);
  if (match) options[match[1]] = process.argv[++i]; else rest.push(process.argv[i]);
}
if (rest.length !== 1) {
  console.error("usage: node look.mjs FOLDER [--chromium PATH] [--shots DIR]");
  process.exit(2);
}

const { chromium } = playwright(import.meta.url);

const READING = { en: "How to read this.", zh: "怎样看图" };
const LIGHT = /sigmoid-gradient-heatmap(-slide)?(-zh)?\.svg$/, DARK = /sigmoid-gradient-heatmap(-slide)?(-zh)?-dark\.svg$/;
const INLINE = /^data:image\/svg/, LIGHT_PNG = /sigmoid-gradient-heatmap\.png$/, DARK_PNG = /sigmoid-gradient-heatmap-dark\.png$/;
/** mdBook keeps the reader's theme here. */
const book = (theme) => (tab) => tab.evaluate((name) => { localStorage.setItem("mdbook-theme", name); location.reload(); }, theme);
/** What Quarto's switch does. */
const quarto = (tab) => tab.evaluate(() => { document.body.className = "quarto-dark"; document.documentElement.style.background = "#222"; });

// name of the view, file, what it shows, and how it differs from the usual
const VIEWS = [
  ["html-light", "lecture.html", LIGHT],
  ["html-dark", "lecture.html", DARK, { scheme: "dark" }],
  ["markdown", "markdown-en/lecture.html", LIGHT],
  ["markdown-dark", "markdown-en/lecture.html", DARK, { scheme: "dark" }],
  ["markdown-zh", "markdown-zh/lecture.html", LIGHT, { lang: "zh" }],
  ["mdbook-light", "book/book/vanishing.html", LIGHT, { then: book("light") }],
  ["mdbook-dark", "book/book/vanishing.html", DARK, { then: book("navy") }],
  ["mdbook-zh", "book-zh/book/vanishing.html", LIGHT, { lang: "zh", then: book("light") }],
  ["mdbook-live", "book/book/introduction.html", INLINE, { lang: "zh", figures: 2, then: book("light") }],
  ["notebook", "notebook-True.html", INLINE, { foreign: true, width: 1100 }],
  ["quarto", "quarto/pandoc.html", LIGHT_PNG],
  ["quarto-dark", "quarto/pandoc.html", DARK_PNG, { then: quarto }],
  ["reveal-dark", "slides.html", DARK, { slide: true }],
  ["reveal-light-zh", "slides-white.html", LIGHT, { slide: true, lang: "zh" }],
];

const failures = [];
let checks = 0;
const browser = await chromium.launch({
  executablePath: options.chromium,
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
if (options.shots) mkdirSync(options.shots, { recursive: true });

/** Our pictures that a reader sees: where each comes from, whether it is loaded, and where it stands. */
const seen = (tab) => tab.evaluate(() => [...document.querySelectorAll("img, svg")]
  .filter((e) => /gradfade|sigmoid-gradient-heatmap/.test(e.outerHTML.slice(0, 2000)) || /^data:image\/svg/.test(e.src || ""))
  .map((e) => ({ e, box: e.getBoundingClientRect() }))
  .filter(({ e, box }) => box.width > 0 && box.height > 0 && getComputedStyle(e).visibility === "visible")
  .map(({ e, box }) => ({
    source: e.currentSrc || "",
    loaded: e.tagName === "IMG" ? e.complete && e.naturalWidth > 0 : true,
    alt: e.alt || e.querySelector?.("desc")?.textContent || "",
    ratio: box.width / box.height,
    drawn: e.tagName === "IMG" ? e.naturalWidth / e.naturalHeight : e.viewBox.baseVal.width / e.viewBox.baseVal.height,
    left: box.left, right: box.right, width: box.width,
  })));

for (const [name, file, source, settings = {}] of VIEWS) {
  const { scheme = "light", lang = "en", figures = 1, foreign = false, slide = false, width: wide = 800, then } = settings;
  const check = (holds, what) => { checks++; if (!holds) failures.push(`${name}: ${what}`); };
  const path = resolve(rest[0], file);
  if (!existsSync(path)) { failures.push(`${name}: there is no ${path}`); continue; }
  const context = await browser.newContext({ viewport: { width: wide, height: slide ? 450 : 720 }, colorScheme: scheme });
  const tab = await context.newPage();
  // nbconvert's page asks the network for a library of its own, and leaves out what describes a picture.
  tab.on("console", (message) => { if (message.type() === "error" && !foreign) failures.push(`${name}: console: ${message.text()}`); });
  tab.on("pageerror", (error) => failures.push(`${name}: script: ${error}`));
  tab.on("requestfailed", (request) => { if (/^file:/.test(request.url())) failures.push(`${name}: not there: ${request.url()}`); });
  await tab.goto(pathToFileURL(path).href);
  if (then) await then(tab);
  if (slide) {
    await tab.waitForFunction(() => window.Reveal?.isReady());
    const id = await tab.evaluate(() => document.querySelector("section[id^=sigmoid]")?.id);
    check(id === "sigmoid-gradient-heatmap", `there is a slide of the figure (${id})`);
    await tab.evaluate((hash) => { location.hash = hash; }, `/${id}`);
    await tab.waitForTimeout(1000);
    check(await tab.evaluate((is) => Reveal.getCurrentSlide().id === is && Reveal.getTotalSlides() === 2, id), "it can be gone to");
    const notes = await tab.evaluate(() => Reveal.getSlideNotes() || "");
    check(notes.includes(READING[lang]), `the speaker's notes say how to read it (${notes.slice(0, 40)})`);
  }
  await tab.waitForTimeout(400);

  const pictures = await seen(tab);
  check(pictures.length === figures, `${figures} pictures are seen, not ${pictures.length}`);
  const width = await tab.evaluate(() => document.documentElement.clientWidth);
  for (const picture of pictures) {
    check(picture.loaded, "the picture is loaded");
    check(!source || source.test(picture.source), `it is the one of this theme (${picture.source.slice(-60)})`);
    check(picture.left >= 0 && picture.right <= width + 0.5, `it is not cut off (${picture.left} to ${picture.right} of ${width})`);
    check(picture.width > 0.5 * width, `it is large enough to read (${picture.width} of ${width})`);
    check(Math.abs(picture.ratio / picture.drawn - 1) < 0.02, `it is not squeezed (${picture.ratio}, drawn as ${picture.drawn})`);
    check(!slide || Math.abs(picture.drawn - 16 / 9) < 0.01, `a slide's picture is 16:9 (${picture.drawn})`);
    check(foreign || /layer|层/.test(picture.alt), `it is described (${picture.alt.slice(0, 40)})`);
  }
  // Words that a reader sees, without code and without those inside an inline picture.
  const words = await tab.evaluate(() => {
    const aside = [...document.querySelectorAll("pre, svg")];
    const before = aside.map((e) => e.style.display);
    for (const e of aside) e.style.display = "none";
    const text = document.body.innerText;
    aside.forEach((e, i) => { e.style.display = before[i]; });
    return text;
  });
  const count = (text) => words.split(text).length - 1;
  check(count("gradfade begin") === 0 && count("gradfade end") === 0, "no marker is seen");
  check(count("<figure") === 0 && count("</") === 0 && count("{.") === 0 && count(":::") === 0, "no markup is seen");
  if (!slide) {
    check(count(READING[lang]) === 1, `it says once how to read it (${count(READING[lang])})`);
    const caption = lang === "zh" ? "第 8 层的 1/9,300" : "9,300 times smaller than layer 8";
    check(count(caption) === 1, `the caption is seen once (${count(caption)})`);
  }
  if (options.shots && !["markdown-dark", "markdown-zh", "mdbook-live", "quarto-dark"].includes(name)) {
    const height = await tab.evaluate(() => document.documentElement.scrollHeight);
    await tab.setViewportSize({ width: wide, height: slide ? 450 : Math.min(height, 1000) });
    await tab.waitForTimeout(300);
    await tab.screenshot({ path: join(options.shots, `${name}.png`) });
  }
  await context.close();
}

await browser.close();
for (const failure of failures) console.error(`FAILED  ${failure}`);
console.log(failures.length ? `${failures.length} problems` : `${VIEWS.length} views of rendered notes: ${checks} checks passed`);
process.exit(failures.length ? 1 : 0);
