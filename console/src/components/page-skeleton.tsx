import { useTranslation } from "react-i18next";

/** Stands while a page's code is on its way: the sizes of a title, a line, and a bar. */
export function PageSkeleton() {
  const { t } = useTranslation();
  return (
    <div role="status" aria-label={t("common.loading")}>
      <div className="flex h-8 items-center">
        <span className="skeleton h-6 w-32" />
      </div>
      <div className="flex h-5 items-center">
        <span className="skeleton h-3.5 w-48" />
      </div>
    </div>
  );
}
