import { useQuery } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { sessionQuery, tiersQuery } from "@/api/queries";
import type { Tier, TierInUse } from "@/api/types";
import { DeleteTier } from "@/components/delete-tier";
import { ErrorNote } from "@/components/error-note";
import { PageHeader } from "@/components/page-header";
import { TierList } from "@/components/tier-list";
import { TierSheet } from "@/forms/tier-sheet";
import { isOperator } from "@/lib/roles";
import { useShortcut } from "@/lib/use-shortcut";
import { Button } from "@/ui/button";

export function TiersPage() {
  const { t } = useTranslation();
  const { data: session } = useQuery(sessionQuery);
  const isAllowed = session ? isOperator(session.user.role) : null;
  const { data, error, refetch } = useQuery({ ...tiersQuery, enabled: isAllowed === true });
  const [open, setOpen] = useState<Tier | "new" | null>(null);
  const [leaving, setLeaving] = useState<TierInUse | null>(null);
  useShortcut("c", () => isAllowed && setOpen("new"));

  return (
    <>
      <PageHeader
        title={t("tiers.title")}
        lead={t("tiers.lead")}
        action={
          isAllowed && (
            <Button
              variant="primary"
              icon={<Plus size={16} strokeWidth={1.75} aria-hidden />}
              onClick={() => setOpen("new")}
            >
              {t("tiers.add")}
            </Button>
          )
        }
      />
      <div className="mt-6">
        {isAllowed === false && <p className="text-muted">{t("tiers.forbidden")}</p>}
        {error && (
          <ErrorNote error={error} title={t("tiers.loadFailed")} onRetry={() => void refetch()} />
        )}
        {!data && !error && isAllowed !== false && (
          <span className="skeleton block h-28 rounded-panel!" />
        )}
        {data && <TierList tiers={data.items} onEdit={setOpen} onDelete={setLeaving} />}
      </div>
      {open && (
        <TierSheet
          key={open === "new" ? "new" : open.id}
          tier={open === "new" ? null : open}
          onClose={() => setOpen(null)}
        />
      )}
      {leaving && <DeleteTier item={leaving} onClose={() => setLeaving(null)} />}
    </>
  );
}
