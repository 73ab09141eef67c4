import { useQuery } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { channelsQuery, sessionQuery } from "@/api/queries";
import type { Channel } from "@/api/types";
import { ChannelList } from "@/components/channel-list";
import { DeleteChannel } from "@/components/delete-channel";
import { ErrorNote } from "@/components/error-note";
import { Groups } from "@/components/groups";
import { PageHeader } from "@/components/page-header";
import { Panel } from "@/components/panel";
import { ChannelSheet } from "@/forms/channel-sheet";
import { isOperator } from "@/lib/roles";
import { useShortcut } from "@/lib/use-shortcut";
import { Button } from "@/ui/button";

export function ChannelsPage() {
  const { t } = useTranslation();
  const { data: session } = useQuery(sessionQuery);
  const isAllowed = session ? isOperator(session.user.role) : null;
  const { data, error, refetch } = useQuery({ ...channelsQuery, enabled: isAllowed === true });
  const [open, setOpen] = useState<Channel | "new" | null>(null);
  const [leaving, setLeaving] = useState<Channel | null>(null);
  useShortcut("c", () => isAllowed && setOpen("new"));

  return (
    <>
      <PageHeader
        title={t("channels.title")}
        lead={t("channels.lead")}
        action={
          isAllowed && (
            <Button
              variant="primary"
              icon={<Plus size={16} strokeWidth={1.75} aria-hidden />}
              onClick={() => setOpen("new")}
            >
              {t("channels.add")}
            </Button>
          )
        }
      />
      <div className="mt-6 flex flex-col gap-8">
        {isAllowed === false && <p className="text-muted">{t("channels.forbidden")}</p>}
        {error && (
          <ErrorNote
            error={error}
            title={t("channels.loadFailed")}
            onRetry={() => void refetch()}
          />
        )}
        {!data && !error && isAllowed !== false && (
          <span className="skeleton block h-28 rounded-panel!" />
        )}
        {data && data.items.length === 0 && (
          <Panel className="px-6! py-10!">
            <h2 className="text-lead font-semibold">{t("channels.emptyTitle")}</h2>
            <p className="mt-1 text-muted">{t("channels.emptyLead")}</p>
          </Panel>
        )}
        {data && data.items.length > 0 && (
          <ChannelList channels={data.items} onEdit={setOpen} onDelete={setLeaving} />
        )}
        {data && <Groups channels={data.items} />}
      </div>
      {open && (
        <ChannelSheet
          key={open === "new" ? "new" : open.id}
          channel={open === "new" ? null : open}
          onClose={() => setOpen(null)}
        />
      )}
      {leaving && <DeleteChannel channel={leaving} onClose={() => setLeaving(null)} />}
    </>
  );
}
