import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import {
  Boxes,
  Keyboard,
  KeyRound,
  Languages,
  LogOut,
  Monitor,
  Moon,
  Plus,
  ScrollText,
  Sun,
  type LucideIcon,
} from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { modelsQuery, tokensQuery } from "@/api/queries";
import { useSignOut } from "@/api/sign-out";
import { languageNames, languages, setLanguage } from "@/i18n";
import { setTheme } from "@/lib/preferences";
import { useDebounced } from "@/lib/use-debounced";
import { usePages } from "@/lib/use-pages";
import { CommandDialog, CommandGroup, CommandItem } from "@/ui/command";
import { Kbd } from "@/ui/kbd";

interface CommandPaletteProps {
  onClose: () => void;
  onShortcuts: () => void;
}

const typing_pause_ms = 120;
const found_max = 6;
const themes = [
  { value: "light", icon: Sun },
  { value: "dark", icon: Moon },
  { value: "system", icon: Monitor },
] as const;

/** Ctrl/Cmd-K: every page, token, model and action, found by what it is called. */
export function CommandPalette({ onClose, onShortcuts }: CommandPaletteProps) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState("");
  const go = useGo(onClose);
  const pages = usePages();
  return (
    <CommandDialog
      isOpen
      onClose={onClose}
      label={t("palette.title")}
      placeholder={t("palette.placeholder")}
      emptyLabel={t("palette.empty")}
      typed={typed}
      onType={setTyped}
      foot={<Foot />}
    >
      <Found typed={typed.trim()} go={go} />
      <CommandGroup heading={t("palette.pages")}>
        {pages.map(({ to, label, icon, key }) => (
          <CommandItem
            key={to}
            value={t(label)}
            keywords={[to]}
            icon={<Picture of={icon} />}
            aside={
              <>
                <Kbd>{"g"}</Kbd>
                <Kbd>{key}</Kbd>
              </>
            }
            onSelect={() => go((navigate) => void navigate({ to }))}
          >
            {t(label)}
          </CommandItem>
        ))}
      </CommandGroup>
      <Actions go={go} onShortcuts={onShortcuts} />
    </CommandDialog>
  );
}

type Navigate = ReturnType<typeof useNavigate>;
type Go = (act: (navigate: Navigate) => void) => void;

function useGo(onClose: () => void): Go {
  const navigate = useNavigate();
  return (act) => {
    onClose();
    act(navigate);
  };
}

function Picture({ of: Icon }: { of: LucideIcon }) {
  return <Icon size={16} strokeWidth={1.75} aria-hidden />;
}

/** Tokens and models of that name, and the call of that id. */
function Found({ typed, go }: { typed: string; go: Go }) {
  const { t } = useTranslation();
  const search = useDebounced(typed, typing_pause_ms);
  const { data: tokens } = useQuery({
    ...tokensQuery({ search, limit: found_max }),
    enabled: search !== "",
    placeholderData: keepPreviousData,
  });
  const { data: models } = useQuery({ ...modelsQuery, enabled: search !== "" });
  if (typed === "") return null;
  const wanted = typed.toLowerCase();
  const named = (models?.items ?? [])
    .filter((model) => model.id.toLowerCase().includes(wanted))
    .slice(0, found_max);
  return (
    <>
      {/^req_\w+$/.test(typed) && (
        <CommandGroup heading={t("nav.usage")}>
          <CommandItem
            value={typed}
            icon={<Picture of={ScrollText} />}
            onSelect={() =>
              go((navigate) => void navigate({ to: "/usage", search: { open: typed } }))
            }
          >
            {t("palette.openCall", { id: typed })}
          </CommandItem>
        </CommandGroup>
      )}
      {tokens && tokens.items.length > 0 && (
        <CommandGroup heading={t("nav.tokens")}>
          {tokens.items.map((token) => (
            <CommandItem
              key={token.id}
              value={token.id}
              keywords={[token.name, token.hint, typed]}
              icon={<Picture of={KeyRound} />}
              aside={<span className="font-mono">{token.hint}</span>}
              onSelect={() =>
                go((navigate) => void navigate({ to: "/tokens/$id", params: { id: token.id } }))
              }
            >
              {token.name}
            </CommandItem>
          ))}
        </CommandGroup>
      )}
      {named.length > 0 && (
        <CommandGroup heading={t("nav.models")}>
          {named.map((model) => (
            <CommandItem
              key={model.id}
              value={`model ${model.id}`}
              icon={<Picture of={Boxes} />}
              aside={model.provider}
              onSelect={() =>
                go((navigate) => void navigate({ to: "/models", search: { open: model.id } }))
              }
            >
              {model.id}
            </CommandItem>
          ))}
        </CommandGroup>
      )}
    </>
  );
}

function Actions({ go, onShortcuts }: { go: Go; onShortcuts: () => void }) {
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

function Foot() {
  const { t } = useTranslation();
  const keys = [
    { key: "↑↓", text: t("palette.move") },
    { key: "↵", text: t("palette.choose") },
    { key: "Esc", text: t("common.close") },
  ];
  return keys.map(({ key, text }) => (
    <span key={key} className="flex items-center gap-1.5">
      <Kbd>{key}</Kbd>
      {text}
    </span>
  ));
}
