import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { usePageTitle } from "@/lib/use-page-title";

import { Brand } from "./brand";

interface PlainPageProps {
  title: string;
  lead: string;
  /** Stands above the title, as the steps of the set-up do. */
  above?: ReactNode;
  children: ReactNode;
}

/** A page without the menu: sign-in, set-up, and what is neither. */
export function PlainPage({ title, lead, above, children }: PlainPageProps) {
  const { t } = useTranslation();
  usePageTitle(title);
  return (
    <div className="flex min-h-dvh flex-col">
      <header className="flex h-14 items-center px-5 table:px-8">
        <Brand name={t("common.product")} />
      </header>
      <main className="mx-auto w-full max-w-[440px] px-5 pt-8 pb-16 table:pt-[12vh]">
        {above}
        <h1 className="text-page font-semibold tracking-[-0.015em]">{title}</h1>
        <p className="mt-1 text-muted">{lead}</p>
        <div className="mt-6">{children}</div>
      </main>
    </div>
  );
}
