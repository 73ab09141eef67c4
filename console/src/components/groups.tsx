import { useQuery } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { groupsQuery } from "@/api/queries";
import type { Channel, Group } from "@/api/types";
import { GroupDialog } from "@/forms/group-dialog";
import { formatMultiplier } from "@/lib/multiplier";
import { Button } from "@/ui/button";

import { ErrorNote } from "./error-note";
import { Section } from "./panel";

/** Sets of channels, and the factor that each puts on the prices. */
export function Groups({ channels }: { channels: Channel[] }) {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery(groupsQuery);
  const [open, setOpen] = useState<Group | "new" | null>(null);
  return (
    <Section
      title={t("groups.title")}
      aside={
        <Button
          size="small"
          icon={<Plus size={14} strokeWidth={1.75} aria-hidden />}
          onClick={() => setOpen("new")}
        >
          {t("groups.add")}
        </Button>
      }
    >
      <p className="mb-2 text-muted">{t("groups.lead")}</p>
      {error && <ErrorNote error={error} onRetry={() => void refetch()} />}
      {data && (
        <ul
          aria-label={t("groups.title")}
          className="tabular rounded-panel border border-line-strong bg-surface"
        >
          {data.items.map((group) => (
            <li
              key={group.name}
              className="flex items-center gap-4 border-t border-line py-2 pr-2 pl-4 first:border-t-0"
            >
              <span className="min-w-0 flex-1 truncate font-medium">{group.name}</span>
              <span className="text-head text-muted">
                {t("groups.channels", {
                  count: channels.filter((channel) => channel.group === group.name).length,
                })}
              </span>
              <span className="w-20 text-right">{formatMultiplier(group.multiplier_ppm)}</span>
              <Button
                size="small"
                variant="quiet"
                aria-label={t("groups.editOf", { name: group.name })}
                onClick={() => setOpen(group)}
              >
                {t("groups.edit")}
              </Button>
            </li>
          ))}
        </ul>
      )}
      {open && <GroupDialog group={open === "new" ? null : open} onClose={() => setOpen(null)} />}
    </Section>
  );
}
