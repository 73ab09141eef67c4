import { useNavigate, useRouterState } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { Button } from "@/ui/button";

interface PagerProps {
  from:
    | "/tokens"
    | "/usage"
    | "/logs"
    | "/wallet"
    | "/redemption-codes"
    | "/alerts"
    | "/users"
    | "/audit";
  /** Where this page starts; absent on the first. */
  cursor: string | undefined;
  /** Where the next one starts, if there is one. */
  next: string | null;
  children?: ReactNode;
}

/** Pages are walked one by one: each knows only where the next one starts. */
export function Pager({ from, cursor, next, children }: PagerProps) {
  const { t } = useTranslation();
  const navigate = useNavigate({ from });
  // A page that was reached by a link has none before it in the history; its way back is the start.
  const isFollowing = useRouterState({ select: (state) => state.location.state.isFollowingPage });
  const back = () =>
    isFollowing
      ? window.history.back()
      : void navigate({ to: from, search: (before) => ({ ...before, cursor: undefined }) });
  const forward = (to: string) =>
    void navigate({
      to: from,
      search: (before) => ({ ...before, cursor: to }),
      state: { isFollowingPage: true },
    });
  return (
    <div className="mt-3 flex min-h-7 items-center justify-between gap-3 text-head text-muted">
      <span className="tabular">{children}</span>
      <span className="flex gap-2">
        {cursor && (
          <Button size="small" onClick={back}>
            {t("common.previousPage")}
          </Button>
        )}
        {next && (
          <Button size="small" onClick={() => forward(next)}>
            {t("common.nextPage")}
          </Button>
        )}
      </span>
    </div>
  );
}
