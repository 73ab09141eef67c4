import { useNavigate, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { UsageLog } from "@/components/usage-log";

/** The reader's own calls. */
export function UsagePage() {
  const { t } = useTranslation();
  const search = useSearch({ from: "/app/usage" });
  const navigate = useNavigate({ from: "/usage" });
  return (
    <UsageLog
      scope="own"
      from="/usage"
      title={t("usage.title")}
      lead={t("usage.lead")}
      search={search}
      onChange={(to) =>
        void navigate({ search: (before) => ({ ...before, ...to }), replace: true })
      }
    />
  );
}
