// Opens a page of `gradfade page` in Chromium and uses it as a reader does: hover, keys, slider, play, switches, themes, phone, no script.
//
//   node scripts/check_page.mjs PAGE.html --chromium /usr/bin/chromium [--fragment FRAGMENT.html] [--other FRAGMENT.html] [--shots DIR]
//
// Needs Node and playwright-core (`npm install playwright-core` in this or a parent folder, or NODE_PATH). Exits with 1 when something is not
// as it should be, and says what. The page must show at least one run with two layers and two columns.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { playwright } from "./playwright.mjs";

const options = { chromium: "/usr/bin/chromium" };
const rest = [];
for (let i = 2; i < process.argv.length; i++) {
  const match = /^--(chromium|fragment|other|shots)$/.exec(process.argv[i]);
  if (match) options[match[1]] = process.argv[++i]; else rest.push(process.argv[i]);
}
if (rest.length !== 1) {
  console.error("usage: node check_page.mjs PAGE.html [--chromium PATH] [--fragment FILE] [--other FILE] [--shots DIR]");
  process.exit(2);
}

const { chromium } = playwright(import.meta.url);

const work = mkdtempSync(join(tmpdir(), "check-page-"));
if (options.shots) mkdirSync(options.shots, { recursive: true });
const pageUrl = pathToFileURL(resolve(rest[0])).href;
const failures = [];
let checks = 0;
function check(holds, what) {
  checks++;
  if (!holds) failures.push(what);
}

const browser = await chromium.launchPersistentContext(join(work, "profile"), {
  executablePath: options.chromium,
  headless: true,
  viewport: { width: 1200, height: 900 },
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

/** A tab on `url`, with everything that goes wrong on it collected. */
async function open(context, url, settings = {}) {
  const tab = await context.newPage();
  tab.on("console", (message) => { if (message.type() === "error" || message.type() === "warning") failures.push(`console: ${message.text()}`); });
  tab.on("pageerror", (error) => failures.push(`script: ${error}`));
  tab.on("request", (request) => { if (!/^(file|data|about):/.test(request.url())) failures.push(`asks the network for ${request.url()}`); });
  if (settings.size) await tab.setViewportSize(settings.size);
  await tab.emulateMedia({ colorScheme: settings.scheme || "light", reducedMotion: settings.motion || "no-preference" });
  await tab.goto(url);
  await tab.waitForTimeout(300);
  return tab;
}
async function shot(tab, name) {
  if (options.shots) await tab.screenshot({ path: join(options.shots, `${name}.png`), fullPage: true });
}

const part = (name) => `[class$="-${name}"]`;
const pause = (tab) => tab.waitForTimeout(120);
const texts = (tab, name) => tab.locator(`${part(name)}:visible`).allTextContents();
/** What the first run that is shown on each page reads at the cursor. */
const readings = (tab) => tab.locator("section").evaluateAll((all) => all.map((s) => [...s.querySelectorAll('[class$="-value"]')].find((e) => e.offsetParent).textContent));
const overflow = (tab) => tab.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** Middle of a cell of a heatmap: layer from 1, share of the step axis. */
async function cell(map, layer, share) {
  const box = await map.boundingBox();
  const layers = await map.evaluate((m) => m.closest("article") && document.querySelectorAll(`[data-run="${m.closest("article").dataset.run}"] tbody tr`).length);
  const [left, right, top, foot] = [44, 8, 6, 34];
  const height = box.height - top - foot;
  return { x: box.x + left + share * (box.width - left - right), y: box.y + top + height * (1 - (layer - 0.5) / layers) };
}

// ---- desktop: everything a mouse and a keyboard do
{
  const tab = await open(browser, pageUrl);
  const policy = await tab.locator("meta[http-equiv='Content-Security-Policy']").getAttribute("content");
  check(/default-src 'none'.*script-src 'sha256-.*style-src 'sha256-/.test(policy), "the page has a strict policy");
  check(await tab.locator(part("live")).isVisible(), "the live view is shown");
  check(!(await tab.locator(part("figure")).first().isVisible()), "the static figure gives way to it");
  check((await overflow(tab)) <= 0, "nothing is wider than the window");
  // The policy is at work: a script that is not ours does not run, a style attribute does not count.
  const silent = failures.length;
  const foreign = await tab.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "window.foreign = true";
    document.body.append(script);
    return window.foreign === true;
  });
  check(!foreign, "the policy stops a foreign script");
  await pause(tab);
  check(failures.length > silent, "the browser says that it stopped it");
  failures.length = silent;
  const painted = await tab.evaluate(() => [...document.querySelectorAll("canvas")].filter((c) => c.offsetParent).map((c) => {
    const data = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
    return new Set(Array.from({ length: data.length / 4 }, (_, i) => data[4 * i] << 16 | data[4 * i + 1] << 8 | data[4 * i + 2])).size;
  }));
  check(painted.length > 0 && painted.every((colours) => colours > 2), `every canvas is drawn on (${painted})`);
  await shot(tab, "desktop-light");
  // The gallery's picture: the cursor in the middle, only what a window shows.
  if (options.shots) {
    await tab.locator(part("step")).first().evaluate((slider) => { slider.value = Math.round(slider.max / 2); slider.dispatchEvent(new Event("input")); });
    await pause(tab);
    await tab.screenshot({ path: join(options.shots, "gallery.png") });
    await tab.locator(part("step")).first().evaluate((slider) => { slider.value = 0; slider.dispatchEvent(new Event("input")); });
    await pause(tab);
  }

  const maps = tab.locator(`${part("map")}:visible`);
  const first = maps.first();
  const runs = await maps.count();
  // Hover: all runs tell the same place; leaving goes back.
  const before = await texts(tab, "value");
  const spot = await cell(first, 2, 0.5);
  await tab.mouse.move(spot.x, spot.y);
  await pause(tab);
  const hovered = await texts(tab, "value");
  check(hovered.length === runs && hovered.every((v, i) => v !== before[i]), `hover moves the cursor of all runs (${hovered})`);
  check(/\b2\b/.test(hovered[0]), `hover tells the layer under the pointer (${hovered[0]})`);
  await tab.mouse.move(2, 2);
  await pause(tab);
  check((await texts(tab, "value")).join() === before.join(), "leaving the heatmap goes back");

  // Press: stays.
  await tab.mouse.click(spot.x, spot.y);
  await tab.mouse.move(2, 2);
  await pause(tab);
  check((await texts(tab, "value")).join() === hovered.join(), "a press stays");
  const slider = tab.locator(part("step")).first();
  const most = Number(await slider.getAttribute("max"));
  check(Number(await slider.inputValue()) > 0.3 * most, "the slider follows a press");

  // Keys: from the first column and layer; values are those of the table, which was written without the script.
  await first.focus();
  await tab.keyboard.press("Home");
  for (let i = 0; i < 60; i++) await tab.keyboard.press("ArrowDown");
  await pause(tab);
  const table = await tab.evaluate(() => [...document.querySelectorAll("tbody tr")].map((row) => [...row.children].map((c) => c.textContent)));
  const rows = await tab.evaluate(() => document.querySelectorAll("article:not([hidden])").length && document.querySelector("article:not([hidden])").dataset.run);
  const own = await tab.evaluate((run) => [...document.querySelectorAll(`[data-run="${run}"] tbody tr`)].map((row) => [...row.children].map((c) => c.textContent)), rows);
  check(table.length >= own.length && own.length >= 2, "there is a table by layer");
  const lowest = own[own.length - 1], second = own[own.length - 2];
  const value = async () => (await texts(tab, "value"))[0];
  check((await value()).endsWith(lowest[1]), `layer 1 at the first step: "${await value()}" is the table's "${lowest[1]}"`);
  await tab.keyboard.press("ArrowUp");
  await pause(tab);
  check((await value()).endsWith(second[1]), `arrow up: "${await value()}" is the table's "${second[1]}"`);
  await tab.keyboard.press("End");
  await pause(tab);
  if (runs === 1) check((await value()).endsWith(second[2]), `End: "${await value()}" is the table's "${second[2]}"`);
  check(Number(await slider.inputValue()) === most, "End goes to the last step");
  await tab.keyboard.press("PageDown");
  await tab.keyboard.press("ArrowLeft");
  await pause(tab);
  const tenth = Math.max(1, Math.round((most + 1) / 10));
  check(Number(await slider.inputValue()) === Math.max(0, Math.max(0, most - tenth) - 1), "page down goes back by a tenth, arrow left by one");
  await tab.waitForTimeout(400);
  const spoken = await tab.locator("[aria-live]").textContent();
  check(spoken.includes((await value()).split(/[:：]/).pop().trim()), `the live region says what the cursor reads (${spoken})`);
  const ring = await first.evaluate((map) => getComputedStyle(map).outlineStyle + getComputedStyle(map).outlineWidth);
  check(/solid[2-9]/.test(ring), `focus is seen (${ring})`);

  // Slider.
  await slider.focus();
  await tab.keyboard.press("Home");
  await pause(tab);
  const atStart = await value();
  await tab.keyboard.press("ArrowRight");
  await pause(tab);
  check((await value()) !== atStart, "the slider moves by one step");
  check(/\d/.test(await slider.getAttribute("aria-valuetext")), "the slider says its step");

  // Metrics.
  const metrics = tab.locator(`${part("metrics")} input`);
  const labels = new Set();
  for (let i = 0; i < await metrics.count(); i++) {
    await tab.locator(`${part("metrics")} label`).nth(i).click();
    await pause(tab);
    labels.add((await texts(tab, "label")).join());
    check((await texts(tab, "finding")).every((f) => f.length > 0), `metric ${i} tells its finding`);
    const headline = await tab.evaluate(([data, title, i]) => {
      const { groups, start } = JSON.parse(document.querySelector(data).textContent);
      return [document.querySelector(title).textContent, groups[start].titles[i]];
    }, [part("data"), part("title"), i]);
    check(headline[0].length > 0 && headline[0] === headline[1], `metric ${i} has its headline (${headline.join(" | ")})`);
    await shot(tab, `desktop-light-metric-${i}`);
  }
  check(labels.size === await metrics.count(), "each metric has a scale of its own");
  await metrics.nth(0).focus();
  await tab.locator(`${part("metrics")} label`).nth(0).click();

  // Depths, where there are some.
  const depth = tab.locator(`${part("depth")} select`);
  if (await depth.count()) {
    const shown = new Set();
    for (let i = 0; i < await depth.locator("option").count(); i++) {
      await depth.selectOption({ index: i });
      await pause(tab);
      shown.add((await tab.locator("article:visible").evaluateAll((all) => all.map((a) => a.dataset.run))).join());
    }
    check(shown.size === await depth.locator("option").count(), "each depth shows its own runs");
    await shot(tab, "desktop-depth");
  }

  // Verdicts: a panel for each run that is shown, with its counts; lists open by keyboard.
  const panels = tab.locator(`${part("panel")}:visible`);
  check((await panels.count()) === (await tab.locator("article:visible").count()), "each run that is shown has its verdicts");
  for (const counts of await texts(tab, "counts")) check((counts.match(/\d+/g) || []).length === 4, `verdicts are counted (${counts})`);
  const list = panels.first().locator(`${part("rest")} summary`).first();
  await list.focus();
  await tab.keyboard.press("Enter");
  await pause(tab);
  check(await panels.first().locator(`${part("rest")} li`).first().isVisible(), "a list of verdicts opens");
  await tab.keyboard.press("Enter");

  // Play.
  await slider.focus();
  await tab.keyboard.press("Home");
  const play = tab.locator(part("play"));
  const word = await play.textContent();
  await play.click();
  await tab.waitForTimeout(900);
  check((await play.textContent()) !== word, "the button says that it pauses");
  await play.click();
  const reached = Number(await slider.inputValue());
  check(reached > 0 && reached < most || most < 20, `playing moves the slider and pausing stops it (${reached} of ${most})`);
  await tab.waitForTimeout(300);
  check(Number(await slider.inputValue()) === reached, "paused means paused");

  // Themes.
  const ground = () => tab.evaluate(() => getComputedStyle(document.querySelector("section")).backgroundColor + getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  await tab.locator(part("theme")).click();
  await pause(tab);
  check((await ground()) !== light, "the button changes the theme");
  check((await tab.locator(part("theme")).getAttribute("aria-pressed")) === "true", "and says so");
  await tab.locator(part("theme")).click();
  check((await ground()) === light, "and back");
  await tab.close();
}

// ---- dark by the system's wish; contrast of words
{
  const tab = await open(browser, pageUrl, { scheme: "dark" });
  await tab.mouse.move(400, 500);
  await shot(tab, "desktop-dark");
  for (const scheme of ["dark", "light"]) {
    await tab.emulateMedia({ colorScheme: scheme });
    await tab.waitForTimeout(300);
    const low = await tab.evaluate(() => {
      const channels = (c) => c.match(/[\d.]+/g).map(Number);
      const luminance = (c) => channels(c).slice(0, 3).map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
      const behind = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if ((channels(c)[3] ?? 1) === 1) return c; } return "rgb(255,255,255)"; };
      return [...document.querySelectorAll("section *")].filter((e) => e.offsetParent && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())).map((e) => {
        const [a, b] = [luminance(getComputedStyle(e).color), luminance(behind(e))];
        return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), e.className, e.textContent.slice(0, 30)];
      }).filter(([ratio]) => ratio < 4.5);
    });
    check(low.length === 0, `${scheme}: words with too little contrast: ${JSON.stringify(low)}`);
  }
  await tab.close();
}

// ---- Tab alone reaches every control, in the order in which they are read; each has a name
{
  const tab = await open(browser, pageUrl);
  const reached = [];
  for (let i = 0; i < 80; i++) {
    await tab.keyboard.press("Tab");
    const name = await tab.evaluate(() => {
      const e = document.activeElement;
      return e === document.body ? "" : (e.className || e.type || e.localName).replace(/^.*-/, "");
    });
    if (!name) break;
    reached.push(name);
  }
  const order = ["theme", "radio", "play", "step", "map"].map((name) => reached.indexOf(name));
  check(order.every((at, i) => at >= 0 && (i === 0 || at > order[i - 1])), `Tab goes from control to control (${reached})`);
  const maps = await tab.locator(`${part("map")}:visible`).count();
  check(reached.filter((name) => name === "map").length === maps, `Tab reaches each heatmap (${reached})`);
  const nameless = await tab.evaluate(() => [...document.querySelectorAll("[tabindex], input, select, button, summary")].filter((e) => e.offsetParent
    && !(e.getAttribute("aria-label") || e.textContent.trim() || e.labels?.length)).map((e) => e.outerHTML.slice(0, 80)));
  check(nameless.length === 0, `every control has a name (${nameless})`);
  await tab.close();
}

// ---- phone
for (const scheme of ["light", "dark"]) {
  const tab = await open(browser, pageUrl, { size: { width: 375, height: 760 }, scheme });
  check((await overflow(tab)) <= 0, "nothing overflows at 375 pixels");
  const small = await tab.locator("button:visible, select:visible, input[type=range]:visible").evaluateAll((all) => all.filter((e) => e.getBoundingClientRect().height < 24).length);
  check(small === 0, "controls are high enough for a finger");
  const maps = (await tab.locator(part("map")).evaluateAll((all) => all.filter((e) => e.offsetParent).map((e) => e.getBoundingClientRect()).map((r) => [r.x, r.y]))).slice(0, 2);
  check(maps.length < 2 || (maps[0][1] === maps[1][1] && maps[0][0] < maps[1][0]), `two runs stand side by side (${maps.join("; ")})`);
  await tab.locator(part("map")).last().evaluate((e) => e.scrollIntoView({ block: "end" }));
  await pause(tab);
  const ramp = await tab.locator(part("ramp")).evaluate((e) => e.getBoundingClientRect().toJSON());
  check(ramp.top >= 0 && ramp.bottom <= 760, `the colour scale stays in sight (${ramp.top})`);
  await tab.evaluate(() => window.scrollTo(0, 0));
  await shot(tab, `phone-${scheme}`);
  await tab.close();
}

// ---- paper: light whatever the theme, no controls, every list open; afterwards as before
{
  const tab = await open(browser, pageUrl, { scheme: "dark" });
  const ground = () => tab.evaluate(() => getComputedStyle(document.querySelector("section")).backgroundColor);
  const dark = await ground();
  await tab.evaluate(() => dispatchEvent(new Event("beforeprint")));
  await tab.emulateMedia({ media: "print", colorScheme: "dark" });
  check((await ground()) === "rgb(255, 255, 255)", `paper is white (${await ground()})`);
  check(!(await tab.locator(part("play")).isVisible()) && !(await tab.locator(part("theme")).isVisible()), "paper has no buttons");
  check((await tab.locator("details:not([open])").count()) === 0, "every list is open on paper");
  check((await overflow(tab)) <= 0, "nothing is cut off on paper");
  await shot(tab, "paper");
  await tab.evaluate(() => dispatchEvent(new Event("afterprint")));
  await tab.emulateMedia({ media: "screen", colorScheme: "dark" });
  check((await ground()) === dark && (await tab.locator("details:not([open])").count()) > 0, "afterwards all is as before");
  await tab.emulateMedia({ media: null, colorScheme: "dark" });
  if (options.shots) await tab.pdf({ path: join(options.shots, "paper.pdf"), format: "A4", margin: { top: "12mm", bottom: "12mm", left: "12mm", right: "12mm" } });
  await tab.close();
}

// ---- calm: playing jumps in few pictures
{
  const tab = await open(browser, pageUrl, { motion: "reduce" });
  await tab.locator(part("play")).click();
  const seen = new Set();
  for (let i = 0; i < 15; i++) {
    await tab.waitForTimeout(100);
    seen.add(await tab.locator(part("step")).inputValue());
  }
  check(seen.size <= 3, `with reduced motion it is played in few pictures (${[...seen]})`);
  await tab.close();
}

// ---- without scripts
{
  const context = await chromium.launchPersistentContext(join(work, "plain"), {
    executablePath: options.chromium, headless: true, javaScriptEnabled: false, viewport: { width: 1200, height: 900 },
    args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
  for (const scheme of ["light", "dark"]) {
    const tab = await open(context, pageUrl, { scheme });
    check(await tab.locator("svg").first().isVisible(), "without a script the figure is shown");
    check(await tab.locator("table").first().isVisible(), "and the table");
    check(!(await tab.locator(part("live")).isVisible()), "and no dead button");
    await shot(tab, `no-script-${scheme}`);
    check(await tab.locator(part("findings")).or(tab.locator(part("counts"))).first().isVisible(), "and the verdicts");
    await tab.setViewportSize({ width: 375, height: 760 });
    await pause(tab);
    check((await overflow(tab)) <= 0, "nothing overflows at 375 pixels without a script");
    await shot(tab, `no-script-phone-${scheme}`);
    await tab.close();
  }
  await context.close();
}

// ---- in other pages: a frame, and fragments beside each other (one of them twice)
{
  const host = join(work, "frame.html");
  writeFileSync(host, `<!doctype html><meta charset="utf-8"><title>host</title><iframe src="${pageUrl}" width="700" height="600" sandbox="allow-scripts"></iframe>`);
  const tab = await open(browser, pathToFileURL(host).href);
  const frame = tab.frames()[1];
  check(await frame.locator(part("live")).isVisible(), "it lives in a sandboxed frame");
  await tab.close();
}
if (options.fragment) {
  const fragment = readFileSync(options.fragment, "utf8");
  const host = join(work, "host.html");
  writeFileSync(host, `<!doctype html><meta charset="utf-8"><title>host</title><style>table{border:9px solid red}button{color:red}</style><h1>Notes</h1><p class="before">before</p>${fragment}<p>between</p>${fragment}<table><tr><td>mine</td></tr></table><button>mine</button>`);
  const tab = await open(browser, pathToFileURL(host).href);
  check((await tab.locator("[data-started]").count()) === 2 && (await tab.locator(`${part("live")}:visible`).count()) === 2, "two fragments on one page both live");
  const values = () => readings(tab);
  const before = await values();
  await tab.locator(`section ${part("map")}:visible`).first().focus();
  await tab.keyboard.press("End");
  await pause(tab);
  const after = await values();
  check(after[0] !== before[0] && after[1] === before[1], "they do not move each other");
  await tab.locator(`${part("metrics")}`).nth(1).locator("label").nth(1).click();
  const checked = await tab.locator(`${part("metrics")}`).evaluateAll((all) => all.map((f) => f.querySelector(":checked")?.value));
  check(checked.join() === "0,1", `their buttons are two groups (${checked})`);
  const own = await tab.evaluate(() => [getComputedStyle(document.querySelector("body > table")).borderTopWidth, getComputedStyle(document.querySelector("body > button")).color, getComputedStyle(document.body).marginTop]);
  check(own.join() === "9px,rgb(255, 0, 0),8px", `the host's own style is untouched (${own})`);
  await shot(tab, "fragments");
  await tab.close();
  // On a slide that is shown later.
  const slide = join(work, "slide.html");
  writeFileSync(slide, `<!doctype html><meta charset="utf-8"><title>host</title><div id="slide" hidden>${fragment}</div>`);
  const later = await open(browser, pathToFileURL(slide).href);
  await later.evaluate(() => { document.getElementById("slide").hidden = false; });
  await later.waitForTimeout(300);
  const colours = await later.locator(`${part("map")}:visible`).first().evaluate((c) => new Set(c.getContext("2d").getImageData(0, 0, c.width, c.height).data).size);
  check(colours > 2, "what was hidden at first is drawn when it is shown");
  await later.close();
  if (options.other) {
    // Another page's fragment beside it, under one policy that allows exactly what the two ask for.
    const both = [fragment, readFileSync(options.other, "utf8")];
    const asked = (kind) => both.map((text) => new RegExp(`${kind}-src ('sha256-[^']+')`).exec(text)[1]).join(" ");
    const policy = `default-src 'none'; script-src ${asked("script")}; style-src ${asked("style")}; img-src data:`;
    const strict = join(work, "strict.html");
    writeFileSync(strict, `<!doctype html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}"><title>host</title>${both.join("<p>between</p>")}`);
    const beside = await open(browser, pathToFileURL(strict).href);
    check((await beside.locator(`${part("live")}:visible`).count()) === 2, "two different fragments live under one strict policy");
    const ids = await beside.evaluate(() => [...document.querySelectorAll("[id]")].map((e) => e.id));
    check(new Set(ids).size === ids.length, `no id stands twice (${ids})`);
    const read = () => readings(beside);
    const still = await read();
    await beside.locator(`section ${part("map")}:visible`).first().focus();
    await beside.keyboard.press("End");
    await pause(beside);
    const moved = await read();
    check(moved[0] !== still[0] && moved[1] === still[1], "they do not move each other either");
    await beside.close();
  }
}

await browser.close();
rmSync(work, { recursive: true, force: true });
for (const failure of failures) console.error(`FAILED  ${failure}`);
console.log(failures.length ? `${failures.length} problems` : `${checks} checks passed`);
process.exit(failures.length ? 1 : 0);
