import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";

import { api, bodyOf } from "@/api/client";
import type { ApiError } from "@/api/errors";
import { groupsQuery, keys } from "@/api/queries";
import type { Channel } from "@/api/types";
import { ErrorNote } from "@/components/error-note";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { Input, TextArea } from "@/ui/input";
import { Select } from "@/ui/select";
import { Sheet } from "@/ui/sheet";
import { toasts } from "@/ui/toast";

/** "a = b" a line; lines without a sign are kept for the server to refuse. */
function mapOf(text: string): Record<string, string> {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return Object.fromEntries(
    lines.map((line) => {
      const [from = "", to = ""] = line.split("=");
      return [from.trim(), to.trim()];
    }),
  );
}

function textOf(map: Record<string, string>): string {
  return Object.entries(map)
    .map(([from, to]) => `${from} = ${to}`)
    .join("\n");
}

const listOf = (text: string) => text.split(/[\s,]+/).filter(Boolean);

/** When a channel is tried, with which keys, and under which names. */
export function ChannelSheet({ channel, onClose }: { channel: Channel; onClose: () => void }) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const { data: groups } = useQuery(groupsQuery);
  const [values, setValues] = useState({
    name: channel.name,
    priority: String(channel.priority),
    weight: String(channel.weight),
    group: channel.group,
    models: channel.models.join("\n"),
    map: textOf(channel.model_map),
    keys: "",
  });
  const set = (key: keyof typeof values) => (value: string) =>
    setValues((before) => ({ ...before, [key]: value }));
  const save = useMutation<Channel, ApiError>({
    mutationFn: () =>
      bodyOf(
        api.PATCH("/api/v1/channels/{id}", {
          params: { path: { id: channel.id } },
          body: {
            name: values.name,
            priority: Number(values.priority) || 0,
            weight: Number(values.weight) || 0,
            group: values.group,
            models: listOf(values.models),
            model_map: mapOf(values.map),
            ...(values.keys.trim() === "" ? {} : { key: values.keys }),
          },
        }),
      ),
    onSuccess: async (saved) => {
      await queryClient.invalidateQueries({ queryKey: keys.channels });
      void queryClient.invalidateQueries({ queryKey: keys.models });
      const title = t("channels.savedToast", { name: saved.name });
      toasts.add({ type: "plain", title, priority: "low" });
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  const names = groups?.items.map((group) => group.name) ?? [channel.group];
  return (
    <Sheet
      isOpen
      onClose={onClose}
      title={t("channels.editTitle", { name: channel.name })}
      closeLabel={t("common.close")}
    >
      <form className="flex min-h-0 flex-1 flex-col" onSubmit={submit}>
        <div className="flex flex-1 flex-col gap-5 overflow-y-auto px-5 py-5">
          <Field label={t("providerForm.name")}>
            {(field) => (
              <Input {...field} value={values.name} onChange={(e) => set("name")(e.target.value)} />
            )}
          </Field>
          <div className="grid grid-cols-2 gap-3">
            <Field label={t("channels.priority")} help={t("channels.priorityHelp")}>
              {(field) => (
                <Input
                  {...field}
                  inputMode="numeric"
                  className="tabular"
                  value={values.priority}
                  onChange={(e) => set("priority")(e.target.value)}
                />
              )}
            </Field>
            <Field label={t("channels.weight")} help={t("channels.weightHelp")}>
              {(field) => (
                <Input
                  {...field}
                  inputMode="numeric"
                  className="tabular"
                  value={values.weight}
                  onChange={(e) => set("weight")(e.target.value)}
                />
              )}
            </Field>
          </div>
          {names.length > 1 && (
            <div className="flex flex-col gap-1.5">
              <span className="text-head font-medium">{t("channels.group")}</span>
              <Select
                label={t("channels.group")}
                value={values.group}
                onChange={set("group")}
                options={names.map((name) => ({ value: name, label: name }))}
              />
            </div>
          )}
          <Field label={t("channels.columns.models")} help={t("channels.modelsHelp")}>
            {(field) => (
              <TextArea
                {...field}
                rows={4}
                value={values.models}
                onChange={(e) => set("models")(e.target.value)}
              />
            )}
          </Field>
          <Field label={t("channels.map")} help={t("channels.mapHelp")}>
            {(field) => (
              <TextArea
                {...field}
                rows={3}
                value={values.map}
                onChange={(e) => set("map")(e.target.value)}
              />
            )}
          </Field>
          {channel.provider !== "simulated" && (
            <Field
              label={t("channels.newKeys")}
              help={t("channels.newKeysHelp", { count: channel.keys })}
            >
              {(field) => (
                <TextArea
                  {...field}
                  rows={3}
                  autoComplete="off"
                  spellCheck={false}
                  value={values.keys}
                  onChange={(e) => set("keys")(e.target.value)}
                />
              )}
            </Field>
          )}
          {save.error && <ErrorNote error={save.error} />}
        </div>
        <footer className="flex shrink-0 justify-end gap-2 border-t border-line px-5 py-3">
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" variant="primary" isBusy={save.isPending}>
            {t("tokenForm.submit")}
          </Button>
        </footer>
      </form>
    </Sheet>
  );
}
