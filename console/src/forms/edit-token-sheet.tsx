import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { api, bodyOf } from "@/api/client";
import { keys } from "@/api/queries";
import type { Token } from "@/api/types";
import { ErrorNote } from "@/components/error-note";
import { Sheet } from "@/ui/sheet";

import { TokenSheet } from "./token-sheet";

/** The form of a token that the address names and the page may not have in sight. */
export function EditTokenSheet({
  id,
  known,
  onClose,
}: {
  id: string;
  known: Token | undefined;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const { data, error } = useQuery({
    queryKey: [...keys.tokens, "form", id],
    queryFn: () => bodyOf(api.GET("/api/v1/tokens/{id}", { params: { path: { id } } })),
    enabled: known === undefined,
    gcTime: 0,
  });
  // The list may be read anew while the form is open; what is being edited must not change under it.
  const [first] = useState(known);
  const token = first ?? data;
  if (token) return <TokenSheet token={token} onClose={onClose} />;
  return (
    <Sheet
      isOpen
      onClose={onClose}
      title={t("tokenForm.editFallback")}
      closeLabel={t("common.close")}
    >
      <div className="p-5">
        {error ? <ErrorNote error={error} /> : <span className="skeleton block h-5 w-40" />}
      </div>
    </Sheet>
  );
}
