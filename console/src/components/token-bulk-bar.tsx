import { CalendarPlus, CirclePlus, Download, Power, PowerOff, Trash2, X } from "lucide-react";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { useBulkSwitch } from "@/api/token-bulk";
import type { Token } from "@/api/types";
import { AddQuotaToTokens, DeleteTokens, ExtendTokens } from "@/forms/bulk-dialogs";
import { downloadText } from "@/lib/download";
import { tokensCsv } from "@/lib/tokens-csv";
import { Button, IconButton } from "@/ui/button";

interface TokenBulkBarProps {
  tokens: readonly Token[];
  onClear: () => void;
}

/** What can be done with the chosen tokens; stands at the foot of the window while any are chosen. */
export function TokenBulkBar({ tokens, onClear }: TokenBulkBarProps) {
  const { t } = useTranslation();
  const [asked, setAsked] = useState<"extend" | "quota" | "delete" | null>(null);
  const onSwitch = useBulkSwitch();
  if (tokens.length === 0) return null;
  const set = (enabled: boolean) => {
    onSwitch(tokens, enabled);
    onClear();
  };
  const dialog = { tokens, onClose: () => setAsked(null), onDone: onClear };
  return (
    <section
      aria-label={t("bulk.label")}
      className="floating sticky bottom-4 z-10 mt-4 ml-auto flex w-fit max-w-full flex-wrap items-center gap-1 rounded-panel border border-line-strong bg-surface p-1.5 shadow-floating"
    >
      <span role="status" className="tabular px-2 font-medium whitespace-nowrap">
        {t("bulk.selected", { count: tokens.length })}
      </span>
      <span className="order-last table:order-none">
        <IconButton
          size="small"
          label={t("bulk.clear")}
          icon={<X size={16} strokeWidth={1.75} aria-hidden />}
          onClick={onClear}
        />
      </span>
      <span aria-hidden className="mx-1 hidden h-5 w-px bg-line table:block" />
      <Action icon={<Power {...look} />} label={t("bulk.enable")} onClick={() => set(true)} />
      <Action icon={<PowerOff {...look} />} label={t("bulk.disable")} onClick={() => set(false)} />
      <Action
        icon={<CalendarPlus {...look} />}
        label={t("bulk.extend")}
        onClick={() => setAsked("extend")}
      />
      <Action
        icon={<CirclePlus {...look} />}
        label={t("bulk.addQuota")}
        onClick={() => setAsked("quota")}
      />
      <Action
        icon={<Download {...look} />}
        label={t("bulk.exportCsv")}
        onClick={() => downloadText("tokens.csv", tokensCsv(tokens), "text/csv")}
      />
      <Action
        icon={<Trash2 {...look} />}
        label={t("bulk.delete")}
        onClick={() => setAsked("delete")}
        isDanger
      />
      {asked === "extend" && <ExtendTokens {...dialog} />}
      {asked === "quota" && <AddQuotaToTokens {...dialog} />}
      {asked === "delete" && <DeleteTokens {...dialog} />}
    </section>
  );
}

const look = { size: 16, strokeWidth: 1.75, "aria-hidden": true } as const;

interface ActionProps {
  icon: ReactNode;
  label: string;
  onClick: () => void;
  isDanger?: boolean;
}

function Action({ icon, label, onClick, isDanger = false }: ActionProps) {
  return (
    <Button
      size="small"
      variant="quiet"
      icon={icon}
      onClick={onClick}
      className={isDanger ? "text-bad! hover:bg-bad-soft!" : "text-ink!"}
    >
      {label}
    </Button>
  );
}
