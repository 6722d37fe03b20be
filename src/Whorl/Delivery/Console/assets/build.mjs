// Copies what the console serves out of node_modules into ../wwwroot/vendor, licences beside it. No bundler: the packages ship ready files.
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";

const target = new URL("../wwwroot/vendor/", import.meta.url);
const files = {
  "htmx.org/dist/htmx.min.js": "htmx.min.js",
  "htmx.org/LICENSE": "htmx.LICENSE.txt",
  "uplot/dist/uPlot.iife.min.js": "uplot.min.js",
  "uplot/dist/uPlot.min.css": "uplot.min.css",
  "uplot/LICENSE": "uplot.LICENSE.txt",
};

rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });
for (const [from, to] of Object.entries(files)) {
  copyFileSync(new URL(`node_modules/${from}`, import.meta.url), new URL(to, target));
}

const lock = JSON.parse(readFileSync(new URL("package-lock.json", import.meta.url), "utf8"));
const versions = Object.entries(lock.packages).filter(([name]) => name).map(([name, entry]) => `${name.slice("node_modules/".length)} ${entry.version} (${entry.license})`);
writeFileSync(new URL("VERSIONS.txt", target), versions.join("\n") + "\n");
