import { useTranslation } from "react-i18next";

import { Button } from "@/ui/button";

import { PlainPage } from "./plain-page";

export function CrashPage() {
  const { t } = useTranslation();
  return (
    <PlainPage title={t("crash.title")} lead={t("crash.lead")}>
      <Button variant="primary" onClick={() => window.location.reload()}>
        {t("crash.reload")}
      </Button>
    </PlainPage>
  );
}
