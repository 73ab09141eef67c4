import { CSPProvider } from "@base-ui/react/csp-provider";
import { Outlet } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { StepUp } from "@/components/step-up";
import { ToastArea } from "@/ui/toast";
import { TooltipProvider } from "@/ui/tooltip";

/** What every page stands in: the toasts, the tooltips' shared delay, and no style tags. */
export function RootPage() {
  const { t } = useTranslation();
  return (
    <CSPProvider disableStyleElements>
      <TooltipProvider delay={300}>
        <ToastArea closeLabel={t("common.dismiss")}>
          <Outlet />
          <StepUp />
        </ToastArea>
      </TooltipProvider>
    </CSPProvider>
  );
}
