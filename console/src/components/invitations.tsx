import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { api } from "@/api/client";
import type { ApiError } from "@/api/errors";
import { instanceQuery, invitationsQuery, keys } from "@/api/queries";
import type { Invitation } from "@/api/types";
import { cx } from "@/lib/cx";
import { formatExact, formatRelative } from "@/lib/time";
import { Button } from "@/ui/button";
import { toasts } from "@/ui/toast";

import { ErrorNote } from "./error-note";
import { Panel } from "./panel";

/** Who was invited, and what became of it. */
export function Invitations() {
  const { t } = useTranslation();
  const { data: instance } = useQuery(instanceQuery);
  const { data, error, refetch } = useQuery(invitationsQuery);
  return (
    <div className="flex flex-col gap-3">
      <p className="text-muted">{t("invitations.lead")}</p>
      {instance?.sign_up === "closed" && (
        <p className="rounded-panel bg-warn-soft px-3.5 py-3">{t("invitations.closed")}</p>
      )}
      {error && (
        <ErrorNote
          error={error}
          title={t("invitations.loadFailed")}
          onRetry={() => void refetch()}
        />
      )}
      {!data && !error && <span className="skeleton block h-28 rounded-panel!" />}
      {data?.items.length === 0 && (
        <Panel>
          <p className="text-muted">{t("invitations.empty")}</p>
        </Panel>
      )}
      {data && data.items.length > 0 && (
        <ul
          aria-label={t("people.tabInvitations")}
          className="rounded-panel border border-line-strong bg-surface"
        >
          {data.items.map((invitation) => (
            <InvitationLine key={invitation.id} invitation={invitation} />
          ))}
        </ul>
      )}
    </div>
  );
}

const stateLook = {
  open: "text-ok",
  used: "text-ink",
  withdrawn: "text-muted",
  expired: "text-muted",
} as const;

function InvitationLine({ invitation }: { invitation: Invitation }) {
  const { t, i18n } = useTranslation();
  const queryClient = useQueryClient();
  const whom = invitation.email ?? t("invitations.anybody");
  const withdraw = useMutation<unknown, ApiError>({
    mutationFn: () =>
      api.DELETE("/api/v1/invitations/{id}", { params: { path: { id: invitation.id } } }),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: keys.invitations });
      toasts.add({ type: "plain", title: t("invitations.withdrawnToast"), priority: "low" });
    },
  });
  const when = formatRelative(invitation.expires_at, i18n.language);
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 border-t border-line py-2.5 pr-2 pl-4 first:border-t-0">
      <span className="flex min-w-0 flex-1 flex-col">
        <span className="break-words">{whom}</span>
        <span className="tabular flex flex-wrap gap-x-3 text-head text-muted">
          <span>{t("invitations.by", { who: invitation.created_by })}</span>
          {invitation.state === "open" && (
            <span title={formatExact(invitation.expires_at, i18n.language)}>
              {t("invitations.until", { when })}
            </span>
          )}
        </span>
        {withdraw.error && <ErrorNote error={withdraw.error} />}
      </span>
      <span className={cx("text-head font-medium", stateLook[invitation.state])}>
        {t(`invitations.${invitation.state}`)}
      </span>
      {invitation.state === "open" && (
        <Button
          size="small"
          isBusy={withdraw.isPending}
          aria-label={t("invitations.withdrawOf", { email: whom })}
          onClick={() => withdraw.mutate()}
        >
          {t("invitations.withdraw")}
        </Button>
      )}
    </li>
  );
}
