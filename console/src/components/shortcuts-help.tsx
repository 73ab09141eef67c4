import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import type { Page } from "@/lib/pages";
import { setShortcuts, usePreferences } from "@/lib/preferences";
import { usePages } from "@/lib/use-pages";
import { useShortcut } from "@/lib/use-shortcut";
import { Dialog } from "@/ui/dialog";
import { Kbd } from "@/ui/kbd";
import { Switch } from "@/ui/switch";

interface ShortcutsHelpProps {
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
}

/** `?` lists the keys, and is the place to switch them off. */
export function ShortcutsHelp({ isOpen, onOpenChange }: ShortcutsHelpProps) {
  const { t } = useTranslation();
  const { hasShortcuts } = usePreferences();
  const pages = usePages();
  useShortcut("?", () => onOpenChange(true));

  const keys = [
    { keys: ["⌘ / Ctrl", "k"], action: t("palette.title") },
    { keys: ["c"], action: t("shortcuts.create") },
    { keys: ["/"], action: t("shortcuts.search") },
    { keys: ["j", "k"], action: t("shortcuts.rows") },
    { keys: ["x"], action: t("shortcuts.select") },
    { keys: ["e"], action: t("shortcuts.edit") },
    { keys: ["Enter"], action: t("shortcuts.open") },
    ...pages.map((page) => ({
      keys: ["g", page.key],
      action: t("shortcuts.go", { page: t(page.label) }),
    })),
    { keys: ["?"], action: t("shortcuts.help") },
    { keys: ["Esc"], action: t("shortcuts.close") },
  ];

  return (
    <>
      {pages.map((page) => (
        <GoKey key={page.to} page={page} />
      ))}
      <Dialog
        isOpen={isOpen}
        onClose={() => onOpenChange(false)}
        title={t("shortcuts.title")}
        description={t("shortcuts.description")}
        closeLabel={t("common.close")}
      >
        <dl className="mt-4 max-h-[calc(100dvh-160px)] overflow-y-auto">
          {keys.map(({ keys: printed, action }) => (
            <div
              key={action}
              className="flex h-9 items-center justify-between border-t border-line"
            >
              <dt>{action}</dt>
              <dd className="flex gap-1">
                {printed.map((key) => (
                  <Kbd key={key}>{key}</Kbd>
                ))}
              </dd>
            </div>
          ))}
          <div className="flex h-9 items-center justify-between border-t border-line">
            <dt id="shortcuts-enabled">{t("shortcuts.enabled")}</dt>
            <dd>
              <Switch isOn={hasShortcuts} onChange={setShortcuts} labelledBy="shortcuts-enabled" />
            </dd>
          </div>
        </dl>
      </Dialog>
    </>
  );
}

/** Listens for the keys of one page, since a hook cannot stand in a loop. */
function GoKey({ page }: { page: Page }) {
  const navigate = useNavigate();
  useShortcut(`g ${page.key}`, () => void navigate({ to: page.to }));
  return null;
}
