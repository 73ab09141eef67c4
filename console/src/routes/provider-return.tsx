import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { api, bodyOf } from "@/api/client";
import type { ApiError } from "@/api/errors";
import { instanceQuery, keys } from "@/api/queries";
import type { Session, VisitDone } from "@/api/types";
import { ErrorNote } from "@/components/error-note";
import { PlainPage } from "@/components/plain-page";
import { TextLink } from "@/components/text-link";
import { SecondStep } from "@/forms/second-step";
import { pathInside } from "@/lib/path-inside";
import { takeNext } from "@/lib/provider-visit";
import { toasts } from "@/ui/toast";

/** Where a provider sends the browser back to: hands in what it brought, and goes on. */
export function ProviderReturnPage() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const { provider } = useParams({ from: "/sign-in/$provider" });
  // Read once and as text: the router would hand `state` on to lists that have one of their own.
  const [brought] = useState(() => new URLSearchParams(window.location.search));
  const [code, state] = [brought.get("code"), brought.get("state")];
  const { data: instance } = useQuery(instanceQuery);
  const name = instance?.providers.find(({ id }) => id === provider)?.name ?? provider;
  const hasBrought = code !== null && state !== null;

  const goOn = async (session: Session) => {
    queryClient.setQueryData(keys.session, session);
    await navigate({ href: pathInside(takeNext()), replace: true });
  };
  const finish = useMutation<VisitDone | { second_step: boolean }, ApiError>({
    mutationFn: () =>
      bodyOf(
        api.POST("/api/v1/provider-sign-ins/finish", {
          body: { provider, code: code ?? "", state: state ?? "", iss: brought.get("iss") },
        }),
      ),
    onSuccess: async (done) => {
      if (!("outcome" in done)) return;
      if (done.outcome !== "signed_in") {
        const title = t(
          done.outcome === "connected" ? "providers.connectedToast" : "stepUp.shown",
          {
            name,
          },
        );
        toasts.add({ type: "plain", title, priority: "low" });
      }
      await goOn(done.session);
    },
  });
  // What was brought works once, and effects run twice while one develops.
  const hasBegun = useRef(false);
  useEffect(() => {
    if (hasBegun.current || !hasBrought) return;
    hasBegun.current = true;
    finish.mutate();
  });

  if (finish.data && "second_step" in finish.data) {
    return (
      <PlainPage title={t("secondStep.title")} lead={t("secondStep.lead")}>
        <SecondStep
          onSignedIn={goOn}
          onBack={() => void navigate({ to: "/sign-in", replace: true })}
        />
      </PlainPage>
    );
  }
  const failed = finish.error !== null || !hasBrought;
  return (
    <PlainPage
      title={failed ? t("providers.failedTitle", { name }) : t("providers.returning", { name })}
      lead={failed ? t("providers.failedLead") : t("common.loading")}
    >
      {failed && (
        <div className="flex flex-col gap-4">
          {finish.error && <ErrorNote error={finish.error} />}
          {!finish.error && (
            <p role="alert">
              {t(
                brought.get("error") === "access_denied"
                  ? "providers.cancelled"
                  : "providers.nothing",
                {
                  name,
                },
              )}
            </p>
          )}
          <TextLink to="/sign-in">{t("setup.toSignIn")}</TextLink>
        </div>
      )}
    </PlainPage>
  );
}
