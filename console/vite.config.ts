import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";

/**
 * Asks for the two fonts together with the style sheet. Found only through the
 * style sheet they would arrive after the first paint and move the text.
 */
function preloadFonts(): Plugin {
  return {
    name: "preload-fonts",
    transformIndexHtml: {
      order: "post",
      handler: (_html, { bundle }) =>
        Object.keys(bundle ?? {})
          .filter((name) => name.endsWith(".woff2"))
          .map((name) => ({
            tag: "link",
            attrs: {
              rel: "preload",
              as: "font",
              type: "font/woff2",
              href: `/${name}`,
              crossorigin: true,
            },
            injectTo: "head" as const,
          })),
    },
  };
}

export default defineConfig({
  plugins: [react(), tailwindcss(), preloadFonts()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    // The server's policy allows neither inline scripts nor data: fonts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
    // The browser tests weigh the shell by following this file.
    manifest: true,
  },
  server: {
    proxy: Object.fromEntries(
      ["/api", "/v1"].map((path) => [
        path,
        // The relay compares the page's origin with the host that was called: it must stay.
        { target: process.env.ANC_RELAY_URL ?? "http://127.0.0.1:8080", changeOrigin: false },
      ]),
    ),
  },
});
