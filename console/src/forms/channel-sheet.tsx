import { zodResolver } from "@hookform/resolvers/zod";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useForm, useWatch } from "react-hook-form";
import { useTranslation } from "react-i18next";

import { api, bodyOf } from "@/api/client";
import type { ApiError } from "@/api/errors";
import { keys, providersQuery } from "@/api/queries";
import type { Channel, Provider } from "@/api/types";
import { ErrorNote } from "@/components/error-note";
import { Button } from "@/ui/button";
import { Choice } from "@/ui/choice";
import { Field } from "@/ui/field";
import { Input } from "@/ui/input";
import { Sheet } from "@/ui/sheet";
import { toasts } from "@/ui/toast";

import { ConnectionFields, CostField, RoutingFields } from "./channel-fields";
import { ModelMapField } from "./channel-map-field";
import { ChannelModelsField } from "./channel-models-field";
import {
  channelChange,
  channelSchema,
  emptyChannel,
  newChannel,
  providers,
  valuesOfChannel,
  type ChannelValues,
} from "./channel-values";
import { useFieldError } from "./use-field-error";

interface ChannelSheetProps {
  /** The channel to edit; null connects a new one. */
  channel: Channel | null;
  onClose: () => void;
}

/** A connection: to whom, with which keys, for which models, and when it is tried. */
export function ChannelSheet({ channel, onClose }: ChannelSheetProps) {
  const { t } = useTranslation();
  const { data: offers, error } = useQuery(providersQuery);
  return (
    <Sheet
      isOpen
      onClose={onClose}
      title={channel ? t("channels.editTitle", { name: channel.name }) : t("channels.add")}
      closeLabel={t("common.close")}
    >
      {offers ? (
        <ChannelForm channel={channel} offers={offers.items} onClose={onClose} />
      ) : (
        <div className="p-5">
          {error ? <ErrorNote error={error} /> : <span className="skeleton block h-5 w-40" />}
        </div>
      )}
    </Sheet>
  );
}

interface ChannelFormProps extends ChannelSheetProps {
  offers: Provider[];
}

function ChannelForm({ channel, offers, onClose }: ChannelFormProps) {
  const { t } = useTranslation();
  const errorText = useFieldError();
  const first = offers.find((offer) => offer.id === "openai") ?? offers[0];
  const form = useForm<ChannelValues>({
    resolver: zodResolver(channelSchema),
    defaultValues: channel ? valuesOfChannel(channel) : first && emptyChannel(first),
  });
  const { control, register, handleSubmit, reset, setError, formState } = form;
  const { errors } = formState;
  const provider = useWatch({ control, name: "provider" });
  const offer = offers.find((one) => one.id === provider);
  const save = useSaveChannel(channel, onClose);
  const submit = handleSubmit((values) => {
    if (!channel && offer?.needs_key && values.keys.trim() === "") {
      setError("keys", { message: "required" }, { shouldFocus: true });
      return;
    }
    save.mutate(values);
  });
  return (
    <form
      noValidate
      className="flex min-h-0 flex-1 flex-col"
      onSubmit={(event) => void submit(event)}
    >
      <div className="flex flex-1 flex-col gap-5 overflow-y-auto px-5 py-5">
        {!channel && (
          <Choice
            value={provider}
            onChange={(next) => {
              const chosen = offers.find((one) => one.id === next);
              if (chosen) reset(emptyChannel(chosen));
            }}
            label={t("providerForm.kind")}
            options={providers.map((value) => ({
              value,
              label: t(`providerForm.${value}`),
              help: t(`providerForm.${value}Help`),
            }))}
          />
        )}
        <Field
          label={t("providerForm.name")}
          help={t("providerForm.nameHelp")}
          error={errorText(errors.name?.message)}
        >
          {(field) => <Input {...field} autoComplete="off" {...register("name")} />}
        </Field>
        {provider === "simulated" ? (
          <p className="rounded-panel bg-warn-soft px-3.5 py-3 text-head">
            {t("providerForm.simulatedNote")}
          </p>
        ) : (
          <ConnectionFields form={form} channel={channel} offer={offer} />
        )}
        <ChannelModelsField form={form} channel={channel} known={offer?.models ?? []} />
        <ModelMapField form={form} />
        <RoutingFields form={form} />
        <CostField form={form} />
        {save.error && <ErrorNote error={save.error} />}
      </div>
      <footer className="flex shrink-0 justify-end gap-2 border-t border-line px-5 py-3">
        <Button onClick={onClose}>{t("common.cancel")}</Button>
        <Button type="submit" variant="primary" isBusy={save.isPending}>
          {channel ? t("common.save") : t("providerForm.submit")}
        </Button>
      </footer>
    </form>
  );
}

function useSaveChannel(channel: Channel | null, onClose: () => void) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation<Channel, ApiError, ChannelValues>({
    mutationFn: (values) =>
      channel
        ? bodyOf(
            api.PATCH("/api/v1/channels/{id}", {
              params: { path: { id: channel.id } },
              body: channelChange(values),
            }),
          )
        : bodyOf(api.POST("/api/v1/channels", { body: newChannel(values) })),
    onSuccess: async (saved) => {
      await queryClient.invalidateQueries({ queryKey: keys.channels });
      void queryClient.invalidateQueries({ queryKey: keys.models });
      const title = t(channel ? "channels.savedToast" : "channels.addedToast", {
        name: saved.name,
      });
      toasts.add({ type: "plain", title, priority: "low" });
      onClose();
    },
  });
}
