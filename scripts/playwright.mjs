// Finds playwright-core for the scripts that look at pages in Chromium; it is no dependency of the project.
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** playwright-core from beside the script at `script` (its import.meta.url), from the working folder, or from NODE_PATH. */
export function playwright(script) {
  for (const from of [script, pathToFileURL(join(process.cwd(), "x.js"))]) {
    try { return createRequire(from)("playwright-core"); } catch { /* look further */ }
  }
  console.error("playwright-core is not installed: npm install playwright-core");
  process.exit(2);
}
