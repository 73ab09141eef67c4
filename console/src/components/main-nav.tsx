import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { KeyRound, ScrollText, Waypoints, type LucideIcon } from "lucide-react";
import { useTranslation } from "react-i18next";

import { sessionQuery } from "@/api/queries";
import { cx } from "@/lib/cx";
import { isOperator } from "@/lib/roles";
import { Tooltip } from "@/ui/tooltip";

interface MainNavProps {
  /** Shows icons only where the window is narrow. */
  canCollapse?: boolean;
}

export function MainNav({ canCollapse = false }: MainNavProps) {
  const { t } = useTranslation();
  const { data: session } = useQuery(sessionQuery);
  return (
    <nav
      aria-label={t("nav.main")}
      className={cx("flex flex-col", canCollapse ? "px-2 menu:px-3" : "px-3")}
    >
      <ul className="flex flex-col gap-0.5">
        <Entry to="/tokens" label={t("nav.tokens")} icon={KeyRound} canCollapse={canCollapse} />
        <Entry to="/usage" label={t("nav.usage")} icon={ScrollText} canCollapse={canCollapse} />
      </ul>
      {session && isOperator(session.user.role) && (
        <>
          <h2
            className={cx(
              "mt-5 mb-1.5 px-2 text-meta font-medium text-muted",
              canCollapse && "sr-only menu:not-sr-only menu:mt-5! menu:mb-1.5! menu:px-2!",
            )}
          >
            {t("nav.operator")}
          </h2>
          <ul className="flex flex-col gap-0.5">
            <Entry
              to="/channels"
              label={t("nav.channels")}
              icon={Waypoints}
              canCollapse={canCollapse}
            />
          </ul>
        </>
      )}
    </nav>
  );
}

interface EntryProps {
  to: "/tokens" | "/usage" | "/channels";
  label: string;
  icon: LucideIcon;
  canCollapse: boolean;
}

function Entry({ to, label, icon: Icon, canCollapse }: EntryProps) {
  const link = (
    <Link
      to={to}
      activeOptions={{ includeSearch: false }}
      activeProps={{ "aria-current": "page" }}
      className={cx(
        "group flex items-center gap-2.5 rounded-control font-medium text-muted transition-colors hover:bg-line/60 hover:text-ink aria-[current=page]:bg-accent-soft aria-[current=page]:text-ink",
        canCollapse
          ? "h-9 w-10 justify-center menu:h-8 menu:w-auto menu:justify-start menu:px-2"
          : "h-10 px-2",
      )}
    >
      <Icon
        size={16}
        strokeWidth={1.75}
        aria-hidden
        className="group-aria-[current=page]:text-accent"
      />
      <span className={canCollapse ? "sr-only menu:not-sr-only" : undefined}>{label}</span>
    </Link>
  );
  return (
    <li>
      {canCollapse ? (
        <Tooltip content={label} side="right" className="menu:hidden">
          {link}
        </Tooltip>
      ) : (
        link
      )}
    </li>
  );
}
