import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { sessionQuery } from "@/api/queries";
import { setShortcuts, usePreferences } from "@/lib/preferences";
import { isOperator } from "@/lib/roles";
import { useShortcut } from "@/lib/use-shortcut";
import { Dialog } from "@/ui/dialog";
import { Kbd } from "@/ui/kbd";
import { Switch } from "@/ui/switch";

/** `?` lists the keys, and is the place to switch them off. */
export function ShortcutsHelp() {
  const { t } = useTranslation();
  const { hasShortcuts } = usePreferences();
  const navigate = useNavigate();
  const [isOpen, setOpen] = useState(false);
  useShortcut("?", () => setOpen(true));

  useShortcut("g t", () => void navigate({ to: "/tokens" }));
  useShortcut("g l", () => void navigate({ to: "/usage" }));
  useShortcut("g p", () => void navigate({ to: "/profile" }));
  const { data: session } = useQuery(sessionQuery);
  const hasChannels = session !== undefined && isOperator(session.user.role);
  useShortcut("g c", () => hasChannels && void navigate({ to: "/channels" }));

  const keys = [
    { keys: ["c"], action: t("shortcuts.create") },
    { keys: ["/"], action: t("shortcuts.search") },
    { keys: ["j", "k"], action: t("shortcuts.rows") },
    { keys: ["x"], action: t("shortcuts.select") },
    { keys: ["e"], action: t("shortcuts.edit") },
    { keys: ["Enter"], action: t("shortcuts.open") },
    { keys: ["g", "t"], action: t("shortcuts.goTokens") },
    { keys: ["g", "l"], action: t("shortcuts.goUsage") },
    ...(hasChannels ? [{ keys: ["g", "c"], action: t("shortcuts.goChannels") }] : []),
    { keys: ["g", "p"], action: t("shortcuts.goProfile") },
    { keys: ["?"], action: t("shortcuts.help") },
    { keys: ["Esc"], action: t("shortcuts.close") },
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
        {keys.map(({ keys: printed, action }) => (
          <div key={action} className="flex h-9 items-center justify-between border-t border-line">
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
  );
}
