import { useState } from "react";
import { useTranslation } from "react-i18next";

import { requestKinds, requestText, type RequestKind } from "@/lib/playground/snippets";
import type { Ask } from "@/lib/playground/types";
import { Sheet } from "@/ui/sheet";
import { Tabs } from "@/ui/tabs";

import { SetupText } from "./setup-text";

const names: Record<RequestKind, string> = { curl: "curl", python: "Python", js: "JavaScript" };

interface PlaygroundRequestProps {
  ask: Ask;
  origin: string;
  onClose: () => void;
}

/** The call of the playground as text, to go on with it elsewhere. */
export function PlaygroundRequest({ ask, origin, onClose }: PlaygroundRequestProps) {
  const { t } = useTranslation();
  const [kind, setKind] = useState<RequestKind>("curl");
  return (
    <Sheet isOpen onClose={onClose} title={t("playground.request")} closeLabel={t("common.close")}>
      <div className="flex flex-1 flex-col gap-4 overflow-y-auto px-5 py-5">
        <p className="text-muted">{t("playground.requestLead")}</p>
        <Tabs<RequestKind>
          value={kind}
          onChange={setKind}
          label={t("playground.request")}
          tabs={requestKinds.map((value) => ({
            value,
            label: names[value],
            panel: <SetupText text={requestText(value, ask, origin)} />,
          }))}
        />
      </div>
    </Sheet>
  );
}
