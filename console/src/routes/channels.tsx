import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Ellipsis, Pencil, Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { api, bodyOf } from "@/api/client";
import { describeError, type ApiError } from "@/api/errors";
import { channelsQuery, keys, sessionQuery } from "@/api/queries";
import type { Channel } from "@/api/types";
import { ErrorNote } from "@/components/error-note";
import { PageHeader } from "@/components/page-header";
import { ChannelSheet } from "@/forms/channel-sheet";
import { ProviderForm } from "@/forms/provider-form";
import { isOperator } from "@/lib/roles";
import { formatDate } from "@/lib/time";
import { Button, IconButton } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import { Menu, MenuItem } from "@/ui/menu";
import { Sheet } from "@/ui/sheet";
import { Switch } from "@/ui/switch";
import { toasts } from "@/ui/toast";

export function ChannelsPage() {
  const { t } = useTranslation();
  const { data: session } = useQuery(sessionQuery);
  const isAllowed = session ? isOperator(session.user.role) : null;
  const { data, error, refetch } = useQuery({ ...channelsQuery, enabled: isAllowed === true });
  const [isAdding, setAdding] = useState(false);
  const [leaving, setLeaving] = useState<Channel | null>(null);
  const [editing, setEditing] = useState<Channel | null>(null);

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
              onClick={() => setAdding(true)}
            >
              {t("channels.add")}
            </Button>
          )
        }
      />
      <div className="mt-6">
        {isAllowed === false && <p className="text-muted">{t("channels.forbidden")}</p>}
        {error && (
          <ErrorNote
            error={error}
            title={t("channels.loadFailed")}
            onRetry={() => void refetch()}
          />
        )}
        {data && data.items.length === 0 && <Empty />}
        {data && data.items.length > 0 && (
          <ChannelList channels={data.items} onEdit={setEditing} onDelete={setLeaving} />
        )}
      </div>
      {isAdding && (
        <Sheet
          isOpen
          onClose={() => setAdding(false)}
          title={t("channels.add")}
          closeLabel={t("common.close")}
        >
          <div className="flex-1 overflow-y-auto p-5">
            <ProviderForm
              onConnected={(channel) => {
                toasts.add({
                  type: "plain",
                  title: t("channels.addedToast", { name: channel.name }),
                  priority: "low",
                });
                setAdding(false);
              }}
              aside={<Button onClick={() => setAdding(false)}>{t("common.cancel")}</Button>}
            />
          </div>
        </Sheet>
      )}
      {editing && (
        <ChannelSheet key={editing.id} channel={editing} onClose={() => setEditing(null)} />
      )}
      {leaving && <DeleteChannel channel={leaving} onClose={() => setLeaving(null)} />}
    </>
  );
}

function Empty() {
  const { t } = useTranslation();
  return (
    <div className="rounded-panel border border-line-strong bg-surface px-6 py-10">
      <h2 className="text-lead font-semibold">{t("channels.emptyTitle")}</h2>
      <p className="mt-1 text-muted">{t("channels.emptyLead")}</p>
    </div>
  );
}

function ChannelList({
  channels,
  onEdit,
  onDelete,
}: {
  channels: Channel[];
  onEdit: (channel: Channel) => void;
  onDelete: (channel: Channel) => void;
}) {
  const { t } = useTranslation();
  return (
    <ul
      aria-label={t("channels.table")}
      className="rounded-panel border border-line-strong bg-surface"
    >
      {channels.map((channel) => (
        <li
          key={channel.id}
          className="flex items-center gap-4 border-t border-line px-4 py-3 first:border-t-0"
        >
          <ChannelSwitch channel={channel} />
          <ChannelFacts channel={channel} />
          <Menu
            trigger={
              <IconButton
                size="small"
                label={t("channels.menu", { name: channel.name })}
                icon={<Ellipsis size={16} strokeWidth={1.75} aria-hidden />}
              />
            }
          >
            <MenuItem
              onSelect={() => onEdit(channel)}
              icon={<Pencil size={16} strokeWidth={1.75} aria-hidden className="text-muted" />}
            >
              {t("channels.edit")}
            </MenuItem>
            <MenuItem
              tone="danger"
              onSelect={() => onDelete(channel)}
              icon={<Trash2 size={16} strokeWidth={1.75} aria-hidden />}
            >
              {t("channels.delete")}
            </MenuItem>
          </Menu>
        </li>
      ))}
    </ul>
  );
}

function ChannelFacts({ channel }: { channel: Channel }) {
  const { t, i18n } = useTranslation();
  const models =
    channel.models.length > 0
      ? t("channels.modelCount", { count: channel.models.length })
      : t("tokens.all");
  return (
    <div className="min-w-0 flex-1">
      <p className="truncate font-medium">{channel.name}</p>
      <p className="truncate text-head text-muted">
        {t(`providerForm.${channel.provider}`)}
        {channel.base_url && <span className="font-mono text-meta"> · {channel.base_url}</span>}
      </p>
      <p className="text-meta text-muted">
        {t("channels.columns.models")}: {models} · {t("channels.columns.created")}:{" "}
        {formatDate(channel.created_at, i18n.language)}
        {channel.key_hint && (
          <>
            {" · "}
            {t("channels.columns.key")}: <span className="font-mono">{channel.key_hint}</span>
            {channel.keys > 1 && ` +${channel.keys - 1}`}
          </>
        )}
        {" · "}
        {t("channels.priority")} {channel.priority} · {t("channels.weight")} {channel.weight}
        {channel.group !== "default" && ` · ${channel.group}`}
      </p>
    </div>
  );
}

function ChannelSwitch({ channel }: { channel: Channel }) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const set = useMutation<Channel, ApiError, boolean>({
    mutationFn: (enabled) =>
      bodyOf(
        api.PATCH("/api/v1/channels/{id}", {
          params: { path: { id: channel.id } },
          body: { enabled },
        }),
      ),
    onSuccess: (changed) => {
      const title = t(changed.enabled ? "channels.enabledToast" : "channels.disabledToast", {
        name: changed.name,
      });
      toasts.add({ type: "plain", title, priority: "low" });
    },
    onError: (error) => {
      const title = t("channels.changeFailed", { name: channel.name });
      toasts.add({
        type: "error",
        title,
        description: describeError(error, t).message,
        priority: "high",
      });
    },
    onSettled: () => {
      void queryClient.invalidateQueries({ queryKey: keys.models });
      return queryClient.invalidateQueries({ queryKey: keys.channels });
    },
  });
  // What was pressed shows at once; a refusal takes it back.
  const isOn = set.isPending ? set.variables : channel.enabled;
  return (
    <span className="flex w-28 shrink-0 items-center gap-2.5">
      <Switch
        isOn={isOn}
        onChange={(on) => set.mutate(on)}
        label={t("channels.statusOf", { name: channel.name })}
      />
      <span className={isOn ? undefined : "text-muted"}>
        {t(isOn ? "channels.enabled" : "channels.disabled")}
      </span>
    </span>
  );
}

function DeleteChannel({ channel, onClose }: { channel: Channel; onClose: () => void }) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const remove = useMutation<unknown, ApiError>({
    mutationFn: () => api.DELETE("/api/v1/channels/{id}", { params: { path: { id: channel.id } } }),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: keys.channels });
      void queryClient.invalidateQueries({ queryKey: keys.models });
      toasts.add({
        type: "plain",
        title: t("channels.deletedToast", { name: channel.name }),
        priority: "low",
      });
      onClose();
    },
  });
  return (
    <Confirm
      isOpen
      onCancel={onClose}
      onConfirm={() => remove.mutate()}
      title={t("channels.deleteTitle", { name: channel.name })}
      description={t("channels.deleteLead")}
      confirmLabel={t("channels.deleteConfirm")}
      cancelLabel={t("common.cancel")}
      isBusy={remove.isPending}
    >
      {remove.error && <ErrorNote error={remove.error} />}
    </Confirm>
  );
}
