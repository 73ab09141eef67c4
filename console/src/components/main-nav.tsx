import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { cx } from "@/lib/cx";
import type { Page } from "@/lib/pages";
import { usePages } from "@/lib/use-pages";
import { Tooltip } from "@/ui/tooltip";

interface MainNavProps {
  /** Shows icons only where the window is narrow. */
  canCollapse?: boolean;
}

export function MainNav({ canCollapse = false }: MainNavProps) {
  const { t } = useTranslation();
  const pages = usePages();
  const list = (place: Page["place"]) => (
    <ul className="flex flex-col gap-0.5">
      {pages
        .filter((page) => page.place === place)
        .map((page) => (
          <Entry key={page.to} page={page} canCollapse={canCollapse} />
        ))}
    </ul>
  );
  return (
    <nav
      aria-label={t("nav.main")}
      className={cx("flex flex-col", canCollapse ? "px-2 menu:px-3" : "px-3")}
    >
      {list("user")}
      {pages.some((page) => page.place === "operator") && (
        <>
          <h2
            className={cx(
              "mt-5 mb-1.5 px-2 text-meta font-medium text-muted",
              canCollapse && "sr-only menu:not-sr-only menu:mt-5! menu:mb-1.5! menu:px-2!",
            )}
          >
            {t("nav.operator")}
          </h2>
          {canCollapse && <span aria-hidden className="my-2 border-t border-line menu:hidden" />}
          {list("operator")}
        </>
      )}
    </nav>
  );
}

function Entry({ page, canCollapse }: { page: Page; canCollapse: boolean }) {
  const { t } = useTranslation();
  const { icon: Icon } = page;
  const link = (
    <Link
      to={page.to}
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
      <span className={canCollapse ? "sr-only menu:not-sr-only" : undefined}>{t(page.label)}</span>
    </Link>
  );
  return (
    <li>
      {canCollapse ? (
        <Tooltip content={t(page.label)} side="right" className="menu:hidden">
          {link}
        </Tooltip>
      ) : (
        link
      )}
    </li>
  );
}
