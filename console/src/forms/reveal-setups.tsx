import { useState } from "react";
import { useTranslation } from "react-i18next";

import { SetupText } from "@/components/setup-text";
import {
  shellNames,
  shells,
  snippets,
  type Client,
  type Shell,
  type SnippetInput,
} from "@/lib/snippets";
import { Segmented } from "@/ui/segmented";
import { Tabs } from "@/ui/tabs";

type Tab = "claude-code" | "codex" | "sdks" | "curl" | "dotenv";

const sdks = [
  { value: "openai-python", label: "OpenAI · Python" },
  { value: "openai-js", label: "OpenAI · JS" },
  { value: "anthropic-python", label: "Anthropic · Python" },
  { value: "anthropic-js", label: "Anthropic · JS" },
  { value: "gemini-python", label: "Gemini · Python" },
] as const;

type Sdk = (typeof sdks)[number]["value"];

interface RevealSetupsProps {
  input: SnippetInput;
  onCopied?: () => void;
}

/** What to paste where, client by client. */
export function RevealSetups({ input, onCopied }: RevealSetupsProps) {
  const { t } = useTranslation();
  const [tab, setTab] = useState<Tab>("claude-code");
  const [shell, setShell] = useState<Shell>("bash");
  const [sdk, setSdk] = useState<Sdk>("openai-python");
  const [kind, setKind] = useState<"curl" | "curl-stream">("curl");
  const setup = (client: Client, note?: string) => (
    <SetupText text={snippets[client][shell](input)} note={note} onCopied={onCopied} />
  );
  return (
    <div className="flex flex-col gap-1">
      <div className="flex items-center justify-between gap-3">
        <h3 className="text-head font-medium">{t("reveal.setups")}</h3>
        <Segmented
          size="small"
          value={shell}
          onChange={setShell}
          label={t("reveal.shell")}
          options={shells.map((value) => ({ value, label: shellNames[value] }))}
        />
      </div>
      <Tabs<Tab>
        value={tab}
        onChange={setTab}
        label={t("reveal.setups")}
        tabs={[
          {
            value: "claude-code",
            label: t("reveal.claudeCode"),
            panel: setup("claude-code", t("reveal.claudeCodeNote")),
          },
          {
            value: "codex",
            label: t("reveal.codex"),
            panel: setup("codex", t("reveal.codexNote")),
          },
          {
            value: "sdks",
            label: t("reveal.sdks"),
            panel: (
              <div className="flex flex-col gap-3">
                <div className="overflow-x-auto">
                  <Segmented
                    size="small"
                    value={sdk}
                    onChange={setSdk}
                    label={t("reveal.sdk")}
                    options={sdks}
                  />
                </div>
                {setup(sdk, t("reveal.sdkNote"))}
              </div>
            ),
          },
          {
            value: "curl",
            label: t("reveal.curl"),
            panel: (
              <div className="flex flex-col items-start gap-3">
                <Segmented
                  size="small"
                  value={kind}
                  onChange={setKind}
                  label={t("reveal.mode")}
                  options={[
                    { value: "curl", label: t("reveal.plain") },
                    { value: "curl-stream", label: t("reveal.stream") },
                  ]}
                />
                {setup(kind)}
              </div>
            ),
          },
          {
            value: "dotenv",
            label: t("reveal.dotenv"),
            panel: setup("dotenv", t("reveal.dotenvNote")),
          },
        ]}
      />
    </div>
  );
}
