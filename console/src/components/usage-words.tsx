import { useTranslation } from "react-i18next";

import type { UsageRow } from "@/api/types";
import { cx } from "@/lib/cx";
import { endReasons } from "@/lib/usage-search";

/** Neither the client nor the money, but the way to the provider. */
const failures = new Set(["upstream_cut", "upstream_error", "timeout", "interrupted"]);

export function dotOf(reason: string): string {
  if (reason === "complete") return "bg-ok";
  return failures.has(reason) ? "bg-bad" : "bg-warn";
}

/** How a request ended: a dot and a word, never a colour alone. */
export function EndWord({ row }: { row: UsageRow }) {
  const { t } = useTranslation();
  const known = endReasons.find((reason) => reason === row.end_reason);
  return (
    <span className="inline-flex items-center gap-1.5 align-top whitespace-nowrap">
      <span aria-hidden className={cx("size-1.5 rounded-full", dotOf(row.end_reason))} />
      {known ? t(`usage.end.${known}`) : row.end_reason}
    </span>
  );
}

/** Milliseconds as "1.2 s". */
export function useSeconds(): (ms: number | null | undefined) => string {
  const { t, i18n } = useTranslation();
  const number = new Intl.NumberFormat(i18n.language, {
    minimumFractionDigits: 1,
    maximumFractionDigits: 1,
  });
  return (ms) =>
    ms === null || ms === undefined
      ? t("common.dash")
      : t("usage.seconds", { seconds: number.format(ms / 1000) });
}
