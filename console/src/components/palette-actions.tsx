import type { useNavigate } from "@tanstack/react-router";
import {
  Keyboard,
  Languages,
  LogOut,
  Monitor,
  Moon,
  Plus,
  Sun,
  type LucideIcon,
} from "lucide-react";
import { useTranslation } from "react-i18next";

import { useSignOut } from "@/api/sign-out";
import { languageNames, languages, setLanguage } from "@/i18n";
import { setTheme } from "@/lib/preferences";
import { CommandGroup, CommandItem } from "@/ui/command";
import { Kbd } from "@/ui/kbd";

/** Closes the palette and does something. */
export type Go = (act: (navigate: ReturnType<typeof useNavigate>) => void) => void;

const themes = [
  { value: "light", icon: Sun },
  { value: "dark", icon: Moon },
  { value: "system", icon: Monitor },
] as const;

export function Picture({ of: Icon }: { of: LucideIcon }) {
  return <Icon size={16} strokeWidth={1.75} aria-hidden />;
}

/** What the palette does beside leading somewhere. */
export function PaletteActions({ go, onShortcuts }: { go: Go; onShortcuts: () => void }) {
  const { t, i18n } = useTranslation();
  const signOut = useSignOut();
  return (
    <CommandGroup heading={t("palette.actions")}>
      <CommandItem
        value={t("tokens.add")}
        icon={<Picture of={Plus} />}
        onSelect={() => go((navigate) => void navigate({ to: "/tokens", search: { new: "1" } }))}
      >
        {t("tokens.add")}
      </CommandItem>
      {themes.map(({ value, icon }) => (
        <CommandItem
          key={value}
          value={`${t("theme.title")} ${t(`theme.${value}`)}`}
          icon={<Picture of={icon} />}
          onSelect={() => go(() => setTheme(value))}
        >
          {t("palette.theme", { name: t(`theme.${value}`) })}
        </CommandItem>
      ))}
      {languages
        .filter((language) => language !== i18n.language)
        .map((language) => (
          <CommandItem
            key={language}
            value={`${t("language.title")} ${languageNames[language]}`}
            keywords={[language]}
            icon={<Picture of={Languages} />}
            onSelect={() => go(() => void setLanguage(language))}
          >
            <span lang={language}>{languageNames[language]}</span>
          </CommandItem>
        ))}
      <CommandItem
        value={t("shortcuts.title")}
        icon={<Picture of={Keyboard} />}
        aside={<Kbd>{"?"}</Kbd>}
        onSelect={() => go(onShortcuts)}
      >
        {t("shortcuts.title")}
      </CommandItem>
      <CommandItem
        value={t("nav.signOut")}
        icon={<Picture of={LogOut} />}
        onSelect={() => go(() => signOut.mutate())}
      >
        {t("nav.signOut")}
      </CommandItem>
    </CommandGroup>
  );
}
