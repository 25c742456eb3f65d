/** Makes dist/ui from src/ui: files that a strict Content-Security-Policy lets through, nothing inline. */

import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  root: "src/ui",
  plugins: [react()],
  worker: { format: "es" },
  build: {
    outDir: "../../dist/ui",
    emptyOutDir: true,
    target: "es2023",
    // A data: address would need more of the policy than a small file is worth.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: { input: "src/ui/index.html" },
  },
});
