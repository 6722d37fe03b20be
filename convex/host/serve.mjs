// Bundles the host with the functions it serves, and runs it: `node host/serve.mjs`. PORT, WHORL_HOST_ADMIN_KEY and WHORL_HOST_TOKENS
// (JSON: token to subject) are taken from the environment; it serves 127.0.0.1 only and keeps everything in memory.
import { build } from "esbuild";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";

// indexes.ts needs the class of convex-test's database, which the package does not export.
const exposeDatabase = {
  name: "expose-database",
  setup: (bundle) =>
    bundle.onLoad({ filter: /convex-test\/dist\/index\.js$/ }, ({ path }) => ({
      contents: `${readFileSync(path, "utf8")}\nexport { DatabaseFake };\n`,
      loader: "js",
    })),
};

const folder = fileURLToPath(new URL("../node_modules/.cache/", import.meta.url));
mkdirSync(folder, { recursive: true });
const outfile = `${folder}whorl-host-${process.pid}.mjs`;
await build({
  entryPoints: [fileURLToPath(new URL("server.ts", import.meta.url))],
  outfile,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node18",
  plugins: [exposeDatabase],
  logLevel: "error",
});
await import(pathToFileURL(outfile).href);
rmSync(outfile);
