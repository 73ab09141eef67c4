import i18next from "i18next";
import { initReactI18next } from "react-i18next";

import { en, type Texts } from "./en";

declare module "i18next" {
  interface CustomTypeOptions {
    resources: { translation: Texts };
  }
}

export const languages = ["en", "zh-CN"] as const;
export type Language = (typeof languages)[number];

/** Languages name themselves: a reader who cannot read the page must find their own. */
export const languageNames: Record<Language, string> = { en: "English", "zh-CN": "简体中文" };

const storage_key = "anc-language";

export const i18n = i18next.createInstance();

/** Starts in the language that `theme.js` put on the document before the first paint. */
export async function startI18n(): Promise<void> {
  const language: Language = document.documentElement.lang === "zh-CN" ? "zh-CN" : "en";
  await i18n.use(initReactI18next).init({
    lng: language,
    fallbackLng: "en",
    resources: { en: { translation: en } },
    interpolation: { escapeValue: false },
    partialBundledLanguages: true,
  });
  await load(language);
}

export async function setLanguage(language: Language): Promise<void> {
  await load(language);
  await i18n.changeLanguage(language);
  document.documentElement.lang = language;
  try {
    localStorage.setItem(storage_key, language);
  } catch {
    // Storage may be forbidden; the choice then lasts as long as the page.
  }
}

async function load(language: Language): Promise<void> {
  if (language === "en" || i18n.hasResourceBundle(language, "translation")) return;
  const { zhCN } = await import("./zh-CN");
  i18n.addResourceBundle(language, "translation", zhCN);
}
