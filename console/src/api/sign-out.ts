import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { toasts } from "@/ui/toast";

import { api } from "./client";
import { describeError } from "./errors";

/** Ends the session, and forgets everything that it showed. */
export function useSignOut() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: () => api.DELETE("/api/v1/session"),
    onSuccess: async () => {
      await navigate({ to: "/sign-in" });
      queryClient.clear();
    },
    onError: (error) => {
      const { message } = describeError(error, t);
      toasts.add({ type: "error", title: message, priority: "high" });
    },
  });
}
