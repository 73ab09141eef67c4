import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Boxes, KeyRound, ScrollText } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { modelsQuery, tokensQuery } from "@/api/queries";
import type { Token } from "@/api/types";
import { modelsOf } from "@/lib/models";
import { useDebounced } from "@/lib/use-debounced";
import { usePages } from "@/lib/use-pages";
import { CommandDialog, CommandGroup, CommandItem } from "@/ui/command";
import { Kbd } from "@/ui/kbd";

import { PaletteActions, Picture, type Go } from "./palette-actions";

interface CommandPaletteProps {
  onClose: () => void;
  onShortcuts: () => void;
}

const typing_pause_ms = 120;
const found_max = 6;
/** So many tokens come at once. */
const at_hand_max = 200;

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
              <span className="hidden gap-1 table:flex">
                <Kbd>{"g"}</Kbd>
                <Kbd>{key}</Kbd>
              </span>
            }
            onSelect={() => go((navigate) => void navigate({ to }))}
          >
            {t(label)}
          </CommandItem>
        ))}
      </CommandGroup>
      <PaletteActions go={go} onShortcuts={onShortcuts} />
    </CommandDialog>
  );
}

function useGo(onClose: () => void): Go {
  const navigate = useNavigate();
  return (act) => {
    onClose();
    act(navigate);
  };
}

/** Tokens and models of that name, and the call of that id. */
function Found({ typed, go }: { typed: string; go: Go }) {
  const { t } = useTranslation();
  const tokens = useTokensNamed(typed);
  const { data: models } = useQuery(modelsQuery);
  if (typed === "") return null;
  const named = modelsOf(models?.items ?? [], { search: typed }).slice(0, found_max);
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
      {tokens.length > 0 && (
        <CommandGroup heading={t("nav.tokens")}>
          {tokens.map((token) => (
            <CommandItem
              key={token.id}
              value={token.id}
              keywords={[token.name, token.hint]}
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
              keywords={[model.provider]}
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

/**
 * Tokens of that name. Where all of them are at hand nothing is asked: what is found must not move
 * under the choice by coming late.
 */
function useTokensNamed(typed: string): readonly Token[] {
  const search = useDebounced(typed, typing_pause_ms);
  const { data: all } = useQuery(tokensQuery({ limit: at_hand_max, sort: "name" }));
  const isWhole = all !== undefined && all.next_cursor === null;
  const { data: found } = useQuery({
    ...tokensQuery({ search, limit: found_max }),
    enabled: all !== undefined && !isWhole && search !== "",
  });
  if (typed === "" || all === undefined) return [];
  if (!isWhole) return found?.items ?? [];
  const wanted = typed.toLowerCase();
  return all.items
    .filter((token) => `${token.name} ${token.hint}`.toLowerCase().includes(wanted))
    .slice(0, found_max);
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
