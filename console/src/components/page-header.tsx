import type { ReactNode } from "react";

import { usePageTitle } from "@/lib/use-page-title";

interface PageHeaderProps {
  title: string;
  /** One line under the title; keeps its height while it is unknown. */
  lead: ReactNode;
  action: ReactNode;
}

export function PageHeader({ title, lead, action }: PageHeaderProps) {
  usePageTitle(title);
  return (
    <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-3">
      <div className="min-w-0">
        <h1 className="text-page font-semibold tracking-[-0.015em]">{title}</h1>
        <div className="tabular flex min-h-5 items-center text-muted">{lead}</div>
      </div>
      {action}
    </div>
  );
}
