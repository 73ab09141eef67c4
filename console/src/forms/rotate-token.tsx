import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";

import { api, bodyOf } from "@/api/client";
import type { ApiError } from "@/api/errors";
import { keys } from "@/api/queries";
import type { CreatedToken, Token } from "@/api/types";
import { ErrorNote } from "@/components/error-note";
import { Confirm } from "@/ui/confirm";
import { Segmented } from "@/ui/segmented";

import { RevealPanel } from "./reveal-panel";

const overlaps = ["now", "1h", "24h", "7d"] as const;
type Overlap = (typeof overlaps)[number];

/** Asks for how long the old secret goes on, then shows the new one, once. */
export function RotateToken({ token, onClose }: { token: Token; onClose: () => void }) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const [overlap, setOverlap] = useState<Overlap>("24h");
  const labelId = useId();
  const rotate = useMutation<CreatedToken, ApiError>({
    mutationFn: () =>
      bodyOf(
        api.POST("/api/v1/tokens/{id}/rotate", {
          params: { path: { id: token.id } },
          body: { overlap },
        }),
      ),
    onSuccess: () => void queryClient.invalidateQueries({ queryKey: keys.tokens }),
  });
  if (rotate.data) return <RevealPanel created={rotate.data} isRotated onClose={onClose} />;
  return (
    <Confirm
      isOpen
      tone="primary"
      onCancel={onClose}
      onConfirm={() => rotate.mutate()}
      title={t("rotateToken.title", { name: token.name })}
      description={t("rotateToken.lead")}
      confirmLabel={t("rotateToken.confirm")}
      cancelLabel={t("common.cancel")}
      isBusy={rotate.isPending}
    >
      <div className="mt-4 flex flex-col gap-1.5">
        <span id={labelId} className="text-head font-medium">
          {t("rotateToken.overlap")}
        </span>
        <Segmented
          value={overlap}
          onChange={setOverlap}
          labelledBy={labelId}
          isStretched
          options={overlaps.map((value) => ({ value, label: t(`rotateToken.overlap_${value}`) }))}
        />
      </div>
      {rotate.error && <ErrorNote error={rotate.error} />}
    </Confirm>
  );
}
