import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Ellipsis, Pencil, Trash2 } from "lucide-react";
import { useTranslation } from "react-i18next";

import { api, bodyOf } from "@/api/client";
import { describeError, type ApiError } from "@/api/errors";
import { keys } from "@/api/queries";
import type { Channel } from "@/api/types";
import { formatMultiplier } from "@/lib/multiplier";
import { formatDate } from "@/lib/time";
import { IconButton } from "@/ui/button";
import { Menu, MenuItem } from "@/ui/menu";
import { Switch } from "@/ui/switch";
import { toasts } from "@/ui/toast";

import { ChannelTest } from "./channel-test";
import { KeyStates } from "./key-states";

interface ChannelListProps {
  channels: Channel[];
  onEdit: (channel: Channel) => void;
  onDelete: (channel: Channel) => void;
}

export function ChannelList({ channels, onEdit, onDelete }: ChannelListProps) {
  const { t } = useTranslation();
  return (
    <ul
      aria-label={t("channels.table")}
      className="rounded-panel border border-line-strong bg-surface"
    >
      {channels.map((channel) => (
        <li
          key={channel.id}
          className="grid grid-cols-[minmax(0,1fr)_auto] gap-x-4 gap-y-2 border-t border-line px-4 py-3 first:border-t-0 table:grid-cols-[112px_minmax(0,1fr)_auto]"
        >
          <div className="max-table:order-last max-table:col-span-2">
            <ChannelSwitch channel={channel} />
          </div>
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
  const mapped = Object.keys(channel.model_map).length;
  const facts = [
    channel.models.length > 0
      ? t("channels.modelCount", { count: channel.models.length })
      : t("channels.allModels"),
    ...(mapped > 0 ? [t("channels.mapCount", { count: mapped })] : []),
    t("channels.priorityOf", { priority: channel.priority }),
    t("channels.weightOf", { weight: channel.weight }),
    ...(channel.cost_multiplier_ppm === 1_000_000
      ? []
      : [t("channels.costOf", { factor: formatMultiplier(channel.cost_multiplier_ppm) })]),
    ...(channel.group === "default" ? [] : [t("channels.groupOf", { group: channel.group })]),
    t("channels.since", { when: formatDate(channel.created_at, i18n.language) }),
  ];
  return (
    <div className="flex min-w-0 flex-col gap-1">
      <p className="truncate font-medium">{channel.name}</p>
      <p className="text-head break-words text-muted">
        {t(`providerForm.${channel.provider}`)}
        {channel.base_url && (
          <span className="font-mono text-meta break-all"> · {channel.base_url}</span>
        )}
      </p>
      <p className="tabular text-head text-muted">{facts.join(" · ")}</p>
      {channel.key_states.length > 0 && <KeyStates states={channel.key_states} />}
      <ChannelTest channel={channel} />
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
    <span className="flex items-center gap-2.5">
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
