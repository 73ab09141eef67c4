import { useTranslation } from "react-i18next";

import { nameBrowser } from "@/lib/user-agent";

/** Says in the reader's language which browser it was. */
export function useBrowserName(): (agent: string) => string {
  const { t } = useTranslation();
  return (agent) => {
    const { browser, system } = nameBrowser(agent);
    if (browser === null) return system ?? t("sessions.unknown");
    return system === null ? browser : t("sessions.on", { browser, system });
  };
}
