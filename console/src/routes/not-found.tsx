import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { PlainPage } from "@/components/plain-page";

export function NotFoundPage() {
  const { t } = useTranslation();
  return (
    <PlainPage title={t("notFound.title")} lead={t("notFound.lead")}>
      <Link to="/dashboard" className="font-medium text-accent underline underline-offset-4">
        {t("notFound.back")}
      </Link>
    </PlainPage>
  );
}
