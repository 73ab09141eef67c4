import { useMutation, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { api, bodyOf } from "@/api/client";
import type { ApiError } from "@/api/errors";
import { instanceQuery } from "@/api/queries";
import type { ProviderAddress } from "@/api/types";
import { leaveFor } from "@/lib/provider-visit";
import { Button } from "@/ui/button";

import { ErrorNote } from "./error-note";

interface ProviderButtonsProps {
  /** Where the reader goes on when they are back. */
  next: string;
  /** The code of an invitation, for those who register. */
  invitation?: string | null;
}

/** The ways in beside the password, where the relay has any. */
export function ProviderButtons({ next, invitation = null }: ProviderButtonsProps) {
  const { t } = useTranslation();
  const { data: instance } = useQuery(instanceQuery);
  const begin = useMutation<ProviderAddress, ApiError, string>({
    mutationFn: (provider) =>
      bodyOf(api.POST("/api/v1/provider-sign-ins", { body: { provider, invitation } })),
    onSuccess: ({ url }) => leaveFor(url, next),
  });
  if (!instance || instance.providers.length === 0) return null;
  return (
    <div className="mt-6 flex flex-col gap-3 border-t border-line pt-6">
      {instance.providers.map(({ id, name }) => (
        <Button
          key={id}
          size="large"
          isBusy={begin.isPending && begin.variables === id}
          onClick={() => begin.mutate(id)}
        >
          {t("providers.continue", { name })}
        </Button>
      ))}
      {begin.error && <ErrorNote error={begin.error} />}
    </div>
  );
}
