/// <reference types="vitest/config" />

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const gateway = "http://127.0.0.1:8000";

/** Writes a Brotli and a gzip copy beside every text file, so that the gateway never compresses while somebody waits. */
const precompressed: Plugin = {
  name: "precompressed",
  apply: "build",
  async writeBundle({ dir = "dist" }, bundle) {
    for (const file of Object.values(bundle)) {
      if (!/\.(js|css|html|svg|json)$/.test(file.fileName)) continue;
      const bytes = Buffer.from(file.type === "chunk" ? file.code : file.source);
      const path = join(dir, file.fileName);
      await writeFile(`${path}.br`, brotliCompressSync(bytes));
      await writeFile(`${path}.gz`, gzipSync(bytes, { level: 9 }));
    }
  },
};

export default defineConfig({
  plugins: [react(), precompressed],
  build: {
    target: "es2022",
    manifest: true,
    // A strict Content-Security-Policy allows no data: fonts or scripts, so nothing is inlined.
    assetsInlineLimit: 0,
  },
  server: {
    proxy: Object.fromEntries(["/v1", "/media", "/p", "/openapi.json"].map((path) => [path, gateway])),
  },
  test: { include: ["src/**/*.test.{ts,tsx}"], restoreMocks: true },
});
