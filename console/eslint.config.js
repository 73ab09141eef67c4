import js from "@eslint/js";
import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["dist", "node_modules", "src/api/schema.d.ts", "playwright-report", "test-results"] },
  js.configs.recommended,
  ...tseslint.configs.recommended,
  {
    files: ["src/**/*.{ts,tsx}"],
    plugins: { "react-hooks": reactHooks },
    rules: {
      ...reactHooks.configs.recommended.rules,
      "max-lines": ["error", { max: 300, skipBlankLines: true, skipComments: true }],
      "@typescript-eslint/consistent-type-imports": "error",
    },
  },
  {
    files: ["src/components/**/*.tsx", "src/ui/**/*.tsx"],
    rules: { "max-lines": ["error", { max: 240 }] },
  },
  {
    // A table of texts is read by looking up, not from front to back.
    files: ["src/i18n/*.ts"],
    rules: { "max-lines": "off" },
  },
  {
    // ui/ is a drawer of parts: it knows no page, no server and no word of the domain.
    files: ["src/ui/**/*.{ts,tsx}"],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            "@tanstack/*",
            "@/api/*",
            "@/routes/*",
            "@/components/*",
            "@/forms/*",
            "@/i18n/*",
            "react-i18next",
          ],
        },
      ],
    },
  },
  {
    files: ["public/**/*.js"],
    languageOptions: {
      sourceType: "script",
      globals: {
        document: "readonly",
        localStorage: "readonly",
        navigator: "readonly",
        matchMedia: "readonly",
      },
    },
  },
);
