import { Search } from "lucide-react";
import { lazy, Suspense, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import { cx } from "@/lib/cx";
import { usePreferences } from "@/lib/preferences";
import { IconButton } from "@/ui/button";
import { Kbd } from "@/ui/kbd";
import { Tooltip } from "@/ui/tooltip";

import { ShortcutsHelp } from "./shortcuts-help";

// Most visits never open it: it comes when it is asked for.
const CommandPalette = lazy(() =>
  import("./command-palette").then((module) => ({ default: module.CommandPalette })),
);

const open_event = "anc-palette";

/** Opens the palette from anywhere. */
const openPalette = () => document.dispatchEvent(new Event(open_event));

/** What lies above every page and is opened by keys: the palette and the list of keys. */
export function Overlays() {
  const [open, setOpen] = useState<"palette" | "shortcuts" | null>(null);
  const { hasShortcuts } = usePreferences();
  useEffect(() => {
    const show = () => setOpen("palette");
    const onKeyDown = (event: KeyboardEvent) => {
      const isAsked = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
      if (!hasShortcuts || !isAsked || event.key.toLowerCase() !== "k") return;
      event.preventDefault();
      setOpen((now) => (now === "palette" ? null : "palette"));
    };
    document.addEventListener(open_event, show);
    document.addEventListener("keydown", onKeyDown);
    return () => {
      document.removeEventListener(open_event, show);
      document.removeEventListener("keydown", onKeyDown);
    };
  }, [hasShortcuts]);
  return (
    <>
      <ShortcutsHelp
        isOpen={open === "shortcuts"}
        onOpenChange={(isOpen) => setOpen(isOpen ? "shortcuts" : null)}
      />
      {open === "palette" && (
        <Suspense>
          <CommandPalette onClose={() => setOpen(null)} onShortcuts={() => setOpen("shortcuts")} />
        </Suspense>
      )}
    </>
  );
}

/** The palette's button in the menu; an icon where the menu is narrow. */
export function PaletteButton() {
  const { t } = useTranslation();
  return (
    <Tooltip content={t("palette.title")} side="right" className="menu:hidden">
      <button
        type="button"
        aria-label={t("palette.title")}
        onClick={openPalette}
        className={cx(
          "mx-2 mb-3 flex h-9 w-10 items-center justify-center gap-2 rounded-control text-muted transition-colors hover:bg-line/60 hover:text-ink",
          "menu:mx-3 menu:h-8 menu:w-auto menu:justify-start menu:border menu:border-line menu:bg-surface menu:px-2 menu:hover:border-line-strong menu:hover:bg-surface",
        )}
      >
        <Search size={16} strokeWidth={1.75} aria-hidden />
        <span aria-hidden className="hidden flex-1 text-left menu:block">
          {t("palette.short")}
        </span>
        <span aria-hidden className="hidden gap-1 menu:flex">
          <Kbd>{isApple ? "⌘" : "Ctrl"}</Kbd>
          <Kbd>{"K"}</Kbd>
        </span>
      </button>
    </Tooltip>
  );
}

const isApple = /Mac|iPhone|iPad/.test(navigator.userAgent);

/** The same for the bar of a phone. */
export function PaletteIcon() {
  const { t } = useTranslation();
  return (
    <IconButton
      label={t("palette.title")}
      icon={<Search size={18} strokeWidth={1.75} aria-hidden />}
      onClick={openPalette}
    />
  );
}
