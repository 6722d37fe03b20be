import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // The runtime that Convex functions have: no Node modules.
    environment: "edge-runtime",
    include: ["tests/**/*.test.ts"],
    server: { deps: { inline: ["convex-test"] } },
  },
});
