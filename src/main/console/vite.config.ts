import { defineConfig } from "vite";

// The output is compared with what is committed, so nothing in it may depend on the machine.
export default defineConfig({
  base: "/console/",
  build: {
    outDir: process.env.CONSOLE_OUT ?? "../resources/console",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: false,
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  server: {
    port: 5173,
    proxy: { "/v1": process.env.THREADMILL_URL ?? "http://127.0.0.1:8080" },
  },
});
