import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { ChevronsUpDown, LogOut, UserRound } from "lucide-react";
import { useTranslation } from "react-i18next";

import { sessionQuery } from "@/api/queries";
import { useSignOut } from "@/api/sign-out";
import { languageNames, languages, setLanguage, type Language } from "@/i18n";
import { cx } from "@/lib/cx";
import { setTheme, usePreferences } from "@/lib/preferences";
import { MenuChoice, Menu, MenuItem, MenuSeparator } from "@/ui/menu";

interface ProfileMenuProps {
  canCollapse?: boolean;
}

export function ProfileMenu({ canCollapse = false }: ProfileMenuProps) {
  const { t, i18n } = useTranslation();
  const { theme } = usePreferences();
  const { data: session } = useQuery(sessionQuery);
  const signOut = useSignOut();
  const navigate = useNavigate();
  const email = session?.user.email ?? "";

  const trigger = (
    <button
      type="button"
      aria-label={t("nav.profile")}
      className={cx(
        "flex h-10 items-center gap-2.5 rounded-control transition-colors hover:bg-line/60 data-[popup-open]:bg-line/60",
        canCollapse
          ? "w-10 justify-center menu:w-full menu:justify-start menu:px-2"
          : "w-full px-2",
      )}
    >
      <span
        aria-hidden
        className="flex size-6 shrink-0 items-center justify-center rounded-full bg-accent-soft text-meta font-semibold text-accent uppercase"
      >
        {email.slice(0, 1)}
      </span>
      <span
        className={cx(
          "min-w-0 flex-1 truncate text-left text-head",
          canCollapse && "hidden menu:block",
        )}
      >
        {email}
      </span>
      <ChevronsUpDown
        size={14}
        strokeWidth={1.75}
        aria-hidden
        className={cx("shrink-0 text-muted", canCollapse && "hidden menu:block")}
      />
    </button>
  );

  return (
    <Menu trigger={trigger} side="top" align="start">
      <p className="max-w-56 truncate px-2 pt-1.5 pb-1 text-head font-medium">{email}</p>
      <MenuSeparator />
      <MenuChoice
        label={t("theme.title")}
        value={theme}
        onChange={setTheme}
        options={[
          { value: "system", label: t("theme.system") },
          { value: "light", label: t("theme.light") },
          { value: "dark", label: t("theme.dark") },
        ]}
      />
      <MenuSeparator />
      <MenuChoice<Language>
        label={t("language.title")}
        value={i18n.language as Language}
        onChange={(language) => void setLanguage(language)}
        options={languages.map((value) => ({ value, label: languageNames[value], lang: value }))}
      />
      <MenuSeparator />
      <MenuItem
        onSelect={() => void navigate({ to: "/profile" })}
        icon={<UserRound size={16} strokeWidth={1.75} aria-hidden className="text-muted" />}
      >
        {t("nav.toProfile")}
      </MenuItem>
      <MenuItem
        onSelect={() => signOut.mutate()}
        icon={<LogOut size={16} strokeWidth={1.75} aria-hidden className="text-muted" />}
      >
        {t("nav.signOut")}
      </MenuItem>
    </Menu>
  );
}
