/** Makes dist/ui from src/ui: files that a strict Content-Security-Policy lets through, nothing inline. */

import { defineConfig } from "vite";

const SHARED = /\/(preact|src\/(model|client|ui\/(look|parts|router|session|store|stream)))\//;

export default defineConfig({
  root: "src/ui",
  // The page is written for React and runs on Preact, which does the same in a tenth of the size. The longer name
  // comes first: the first that fits is taken.
  resolve: {
    alias: {
      "react/jsx-runtime": "preact/jsx-runtime",
      react: "preact/compat",
    },
  },
  worker: { format: "es" },
  build: {
    outDir: "../../dist/ui",
    emptyOutDir: true,
    target: "es2023",
    // A data: address would need more of the policy than a small file is worth.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      input: "src/ui/index.html",
      // Each view is a file of its own. What several of them need comes with the page: many small files compress badly.
      output: { codeSplitting: { groups: [{ name: "page", test: SHARED }] } },
    },
  },
});
