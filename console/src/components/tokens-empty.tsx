import { Plus } from "lucide-react";
import { useTranslation } from "react-i18next";

import { Button } from "@/ui/button";

/** The first thing an owner sees: what a token is for, in three lines, and the one next step. */
export function NoTokens({ onAdd }: { onAdd: () => void }) {
  const { t } = useTranslation();
  return (
    <div className="rounded-panel border border-line-strong bg-surface px-6 py-12">
      <h2 className="text-lead font-semibold">{t("tokens.emptyTitle")}</h2>
      <p className="mt-2 text-muted">{t("tokens.emptyLead1")}</p>
      <p className="text-muted">{t("tokens.emptyLead2")}</p>
      <p className="text-muted">{t("tokens.emptyLead3")}</p>
      <Button
        variant="primary"
        className="mt-5"
        icon={<Plus size={16} strokeWidth={1.75} aria-hidden />}
        onClick={onAdd}
      >
        {t("tokens.add")}
      </Button>
    </div>
  );
}

export function NoMatch({ onClear }: { onClear: () => void }) {
  const { t } = useTranslation();
  return (
    <div className="rounded-panel border border-line-strong bg-surface px-6 py-12">
      <h2 className="text-lead font-semibold">{t("tokens.filteredTitle")}</h2>
      <p className="mt-1 text-muted">{t("tokens.filteredLead")}</p>
      <Button className="mt-4" onClick={onClear}>
        {t("tokens.clearFilters")}
      </Button>
    </div>
  );
}
