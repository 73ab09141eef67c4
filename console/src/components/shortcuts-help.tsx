import { useState } from "react";
import { useTranslation } from "react-i18next";

import { setShortcuts, usePreferences } from "@/lib/preferences";
import { useShortcut } from "@/lib/use-shortcut";
import { Dialog } from "@/ui/dialog";
import { Kbd } from "@/ui/kbd";
import { Switch } from "@/ui/switch";

/** `?` lists the keys, and is the place to switch them off. */
export function ShortcutsHelp() {
  const { t } = useTranslation();
  const { hasShortcuts } = usePreferences();
  const [isOpen, setOpen] = useState(false);
  useShortcut("?", () => setOpen(true));

  const keys = [
    { key: "c", action: t("shortcuts.create") },
    { key: "/", action: t("shortcuts.search") },
    { key: "?", action: t("shortcuts.help") },
    { key: "Esc", action: t("shortcuts.close") },
  ];

  return (
    <Dialog
      isOpen={isOpen}
      onClose={() => setOpen(false)}
      title={t("shortcuts.title")}
      description={t("shortcuts.description")}
      closeLabel={t("common.close")}
    >
      <dl className="mt-4">
        {keys.map(({ key, action }) => (
          <div key={key} className="flex h-9 items-center justify-between border-t border-line">
            <dt>{action}</dt>
            <dd>
              <Kbd>{key}</Kbd>
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
  );
}
