import { zodResolver } from "@hookform/resolvers/zod";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Controller, useForm, useWatch } from "react-hook-form";
import { useTranslation } from "react-i18next";
import { z } from "zod";

import { api, bodyOf } from "@/api/client";
import type { ApiError } from "@/api/errors";
import { keys } from "@/api/queries";
import type { Channel, NewChannel } from "@/api/types";
import { ErrorNote } from "@/components/error-note";
import { Button } from "@/ui/button";
import { Choice } from "@/ui/choice";
import { Field } from "@/ui/field";
import { Input } from "@/ui/input";
import { Switch } from "@/ui/switch";

import { providers, type ProviderId } from "./channel-values";
import { useFieldError } from "./use-field-error";

const defaults: Record<ProviderId, { name: string; baseUrl: string }> = {
  openai: { name: "OpenAI", baseUrl: "https://api.openai.com/v1" },
  anthropic: { name: "Anthropic", baseUrl: "https://api.anthropic.com" },
  gemini: { name: "Gemini", baseUrl: "https://generativelanguage.googleapis.com" },
  deepseek: { name: "DeepSeek", baseUrl: "https://api.deepseek.com/v1" },
  xai: { name: "xAI", baseUrl: "https://api.x.ai/v1" },
  mistral: { name: "Mistral", baseUrl: "https://api.mistral.ai/v1" },
  qwen: { name: "Qwen", baseUrl: "https://dashscope-intl.aliyuncs.com/compatible-mode/v1" },
  moonshot: { name: "Moonshot", baseUrl: "https://api.moonshot.ai/v1" },
  cohere: { name: "Cohere", baseUrl: "https://api.cohere.ai/compatibility/v1" },
  groq: { name: "Groq", baseUrl: "https://api.groq.com/openai/v1" },
  simulated: { name: "Simulated", baseUrl: "" },
};

const schema = z
  .object({
    provider: z.enum(providers),
    name: z.string().trim().min(1, "required").max(64, "nameLength"),
    baseUrl: z.string().trim(),
    key: z.string().trim(),
    allowPrivate: z.boolean(),
  })
  .superRefine((values, context) => {
    if (values.provider === "simulated") return;
    if (!/^https?:\/\/[^\s/]+/.test(values.baseUrl)) {
      context.addIssue({ code: "custom", path: ["baseUrl"], message: "url" });
    }
    if (values.key === "") context.addIssue({ code: "custom", path: ["key"], message: "required" });
  });

type Values = z.infer<typeof schema>;

interface ProviderFormProps {
  onConnected: (channel: Channel) => void;
  /** Stands beside the button: a way out. */
  aside: ReactNode;
}

/** Connects a provider; the set-up and the channels page use the same form. */
export function ProviderForm({ onConnected, aside }: ProviderFormProps) {
  const { t } = useTranslation();
  const errorText = useFieldError();
  const queryClient = useQueryClient();
  const { control, register, handleSubmit, setValue, formState } = useForm<Values>({
    resolver: zodResolver(schema),
    defaultValues: { provider: "openai", ...defaults.openai, key: "", allowPrivate: false },
  });
  const { errors } = formState;
  const provider = useWatch({ control, name: "provider" });
  const connect = useMutation<Channel, ApiError, Values>({
    mutationFn: (values) => bodyOf(api.POST("/api/v1/channels", { body: newChannel(values) })),
    onSuccess: async (channel) => {
      await queryClient.invalidateQueries({ queryKey: keys.channels });
      void queryClient.invalidateQueries({ queryKey: keys.models });
      onConnected(channel);
    },
  });
  const choose = (next: ProviderId) => {
    setValue("provider", next);
    setValue("name", defaults[next].name);
    setValue("baseUrl", defaults[next].baseUrl);
  };

  return (
    <form
      noValidate
      className="flex flex-col gap-5"
      onSubmit={(event) => void handleSubmit((values) => connect.mutate(values))(event)}
    >
      <Choice
        value={provider}
        onChange={choose}
        label={t("providerForm.kind")}
        options={providers.map((value) => ({
          value,
          label: t(`providerForm.${value}`),
          help: t(`providerForm.${value}Help`),
        }))}
      />
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
        <>
          <Field
            label={t("providerForm.baseUrl")}
            help={t("providerForm.baseUrlHelp")}
            error={errorText(errors.baseUrl?.message)}
          >
            {(field) => <Input {...field} type="url" autoComplete="off" {...register("baseUrl")} />}
          </Field>
          <Field
            label={t("providerForm.key")}
            help={t("providerForm.keyHelp")}
            error={errorText(errors.key?.message)}
          >
            {(field) => (
              <Input {...field} type="password" autoComplete="off" {...register("key")} />
            )}
          </Field>
          <div className="flex items-start justify-between gap-4">
            <div>
              <span id="allow-private" className="text-head font-medium">
                {t("providerForm.allowPrivate")}
              </span>
              <p className="text-head text-muted">{t("providerForm.allowPrivateHelp")}</p>
            </div>
            <Controller
              control={control}
              name="allowPrivate"
              render={({ field }) => (
                <Switch isOn={field.value} onChange={field.onChange} labelledBy="allow-private" />
              )}
            />
          </div>
        </>
      )}
      {connect.error && <ErrorNote error={connect.error} />}
      <div className="flex items-center justify-between gap-3">
        {aside}
        <Button type="submit" variant="primary" isBusy={connect.isPending}>
          {t("providerForm.submit")}
        </Button>
      </div>
    </form>
  );
}

function newChannel(values: Values): NewChannel {
  const { provider, name } = values;
  if (provider === "simulated") return { provider, name, models: [], allow_private: false };
  return {
    provider,
    name,
    base_url: values.baseUrl,
    key: values.key,
    models: [],
    allow_private: values.allowPrivate,
  };
}
