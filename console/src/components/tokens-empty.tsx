import { useQuery } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useTranslation } from "react-i18next";

import { instanceQuery, modelsQuery } from "@/api/queries";
import { RevealSetups } from "@/forms/reveal-setups";
import { any_model, placeholder_secret } from "@/lib/snippets";
import { Button } from "@/ui/button";

/** The first thing an owner sees: what a token is for, in three lines, and the one next step. */
export function NoTokens({ onAdd }: { onAdd: () => void }) {
  const { t } = useTranslation();
  const { data: instance } = useQuery(instanceQuery);
  const { data: models } = useQuery(modelsQuery);
  const origin = instance?.public_url || window.location.origin;
  const model = models?.items.find((one) => one.available)?.id ?? any_model;
  return (
    <div className="rounded-panel border border-line-strong bg-surface px-5 py-8 table:px-6 table:py-10">
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
      <div className="mt-8 max-w-[560px] border-t border-line pt-5">
        <RevealSetups input={{ origin, secret: placeholder_secret, model }} />
      </div>
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
