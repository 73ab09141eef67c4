import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { cx } from "@/lib/cx";

export interface FigureProps {
  label: string;
  help?: string;
  change: string | null;
  /** The change is one that asks for a look. */
  isWorse?: boolean;
  /** The figure of the period before. */
  before: string | null;
  /** Nothing was called in the period before. */
  isFirst: boolean;
  className?: string;
  children: ReactNode;
}

/** A figure of a period, with how it changed. */
export function Figure({
  label,
  help,
  change,
  isWorse = false,
  before,
  isFirst,
  className,
  children,
}: FigureProps) {
  const { t } = useTranslation();
  return (
    <div
      className={cx(
        "flex min-w-0 flex-col border-line px-4 py-3 not-first:border-l max-menu:odd:border-l-0 max-menu:nth-[n+3]:border-t",
        className,
      )}
    >
      <dt className="text-head text-muted" title={help}>
        {label}
      </dt>
      <dd className="tabular text-figure font-medium tracking-[-0.01em]">{children}</dd>
      <dd className="tabular min-h-4 text-meta text-muted">
        {isFirst && t("dashboard.nothingBefore")}
        {change !== null && before !== null && (
          <>
            <span className={cx("font-medium", isWorse ? "text-warn" : "text-ink")}>{change}</span>{" "}
            {t("dashboard.from", { before })}
          </>
        )}
      </dd>
    </div>
  );
}
