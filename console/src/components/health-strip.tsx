import { useTranslation } from "react-i18next";

import { cx } from "@/lib/cx";
import { countWords, healthWords, type HealthWord } from "@/lib/health";

interface HealthStripProps {
  /** Oldest first. */
  words: readonly HealthWord[];
  /** What each is about, for the pointer; as many as words. */
  titles?: readonly string[];
  /** What the strip is about. */
  label: string;
  className?: string;
}

/** The worse, the shorter, so that the colour is not alone. */
const looks: Record<HealthWord, string> = {
  good: "h-full bg-ok",
  mixed: "h-2/3 bg-warn",
  bad: "h-1/3 bg-bad",
  none: "h-0.5 bg-line-strong",
};

/** How hours in a row went, as on a status page. */
export function HealthStrip({ words, titles, label, className }: HealthStripProps) {
  const { t } = useTranslation();
  const counts = countWords(words);
  const summary = healthWords
    .filter((word) => counts[word] > 0)
    .map((word) => t(`health.count_${word}`, { n: counts[word] }))
    .join(", ");
  return (
    <span
      role="img"
      aria-label={`${label}: ${summary}`}
      className={cx("flex h-5 items-end gap-px", className)}
    >
      {words.map((word, at) => (
        <span
          key={at}
          title={titles?.[at]}
          className="flex h-full min-w-px flex-1 items-end hover:opacity-70"
        >
          <span className={cx("block w-full rounded-[1px]", looks[word])} />
        </span>
      ))}
    </span>
  );
}
