import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { sessionQuery } from "@/api/queries";
import { PageHeader } from "@/components/page-header";
import { UsageLog } from "@/components/usage-log";
import { isOperator } from "@/lib/roles";

/** Everybody's calls, for operators. */
export function LogsPage() {
  const { t } = useTranslation();
  const search = useSearch({ from: "/app/logs" });
  const navigate = useNavigate({ from: "/logs" });
  const { data: session } = useQuery(sessionQuery);
  if (!session || !isOperator(session.user.role)) {
    return (
      <PageHeader
        title={t("logs.title")}
        lead={session ? t("logs.forbidden") : t("logs.lead")}
        action={null}
      />
    );
  }
  return (
    <UsageLog
      scope="all"
      from="/logs"
      title={t("logs.title")}
      lead={t("logs.lead")}
      search={search}
      onChange={(to) =>
        void navigate({ search: (before) => ({ ...before, ...to }), replace: true })
      }
    />
  );
}
