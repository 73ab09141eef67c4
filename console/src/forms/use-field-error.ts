import { useTranslation } from "react-i18next";

import type { Texts } from "@/i18n/en";

type Message = keyof Texts["validation"];

/** Puts a form's message into words; `value` is what was typed, where the words name it. */
export function useFieldError(): (
  message: string | undefined,
  value?: string,
) => string | undefined {
  const { t } = useTranslation();
  return (message, value = "") =>
    message === undefined ? undefined : t(`validation.${message as Message}`, { value });
}
