import { useTranslation } from "react-i18next";

import type { Channel } from "@/api/types";
import { cx } from "@/lib/cx";
import { formatRelative } from "@/lib/time";

interface KeyStatesProps {
  states: Channel["key_states"];
  labelledBy?: string;
}

/** Each key by its hint, and whether it is used or rests after a refusal. */
export function KeyStates({ states, labelledBy }: KeyStatesProps) {
  const { t, i18n } = useTranslation();
  return (
    <ul aria-labelledby={labelledBy} className="flex flex-col gap-1">
      {states.map((key, index) => {
        const isResting = key.state === "resting";
        return (
          <li key={`${key.hint} ${index}`} className="flex items-baseline gap-2 text-head">
            <span
              aria-hidden
              className={cx(
                "size-1.5 shrink-0 -translate-y-px rounded-full",
                isResting ? "bg-warn" : "bg-ok",
              )}
            />
            <span className="font-mono text-meta">{key.hint ?? t("common.dash")}</span>
            <span className={isResting ? "text-warn" : "text-muted"}>
              {t(isResting ? "channels.keyResting" : "channels.keyReady")}
              {key.status !== null && ` · ${t("channels.keyStatus", { status: key.status })}`}
              {key.until &&
                ` · ${t("channels.keyUntil", { when: formatRelative(key.until, i18n.language) })}`}
            </span>
          </li>
        );
      })}
    </ul>
  );
}
