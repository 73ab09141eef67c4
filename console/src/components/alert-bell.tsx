import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Bell } from "lucide-react";
import { useTranslation } from "react-i18next";

import { unseenAlertsQuery } from "@/api/queries";
import { cx } from "@/lib/cx";
import { Tooltip } from "@/ui/tooltip";

/** The way to the alerts, with how many are new. */
export function AlertBell({ side }: { side: "right" | "bottom" }) {
  const { t } = useTranslation();
  const { data } = useQuery(unseenAlertsQuery);
  const count = data?.unseen ?? 0;
  const label = count > 0 ? t("alerts.bellUnseen", { count }) : t("alerts.bell");
  return (
    <Tooltip content={label} side={side}>
      <Link
        to="/alerts"
        aria-label={label}
        activeProps={{ "aria-current": "page" }}
        activeOptions={{ includeSearch: false }}
        className="relative flex size-9 shrink-0 items-center justify-center rounded-control text-muted transition-colors hover:bg-line/60 hover:text-ink aria-[current=page]:text-accent"
      >
        <Bell size={16} strokeWidth={1.75} aria-hidden />
        <span
          aria-hidden
          className={cx(
            "tabular absolute top-0.5 right-0 flex h-4 min-w-4 items-center justify-center rounded-full bg-accent px-1 text-[10px] leading-none font-semibold text-on-accent",
            count === 0 && "hidden",
          )}
        >
          {count > 99 ? "99+" : count}
        </span>
      </Link>
    </Tooltip>
  );
}
