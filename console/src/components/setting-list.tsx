import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";

import type { Setting } from "@/api/types";
import { cx } from "@/lib/cx";
import { formatMoney } from "@/lib/money";
import { inBytes, inTime, isChanged, plainValue } from "@/lib/settings";
import { CopyIcon } from "@/ui/copy-icon";

interface SettingListProps {
  settings: Setting[];
  meaningOf: (setting: Setting) => string;
  /** What the list is about. */
  label: string;
}

/** Settings one below the other: what each is for at the left, its value and variable at the right. */
export function SettingList({ settings, meaningOf, label }: SettingListProps) {
  return (
    <ul aria-label={label} className="rounded-panel border border-line-strong bg-surface">
      {settings.map((setting) => (
        <li
          key={setting.key}
          data-setting={setting.key}
          className="grid gap-x-8 gap-y-2 border-t border-line px-4 py-3 first:border-t-0 table:grid-cols-[minmax(0,1fr)_minmax(0,18rem)] wide:grid-cols-[minmax(0,1fr)_minmax(0,24rem)]"
        >
          <div className="min-w-0">
            <p className="font-mono text-head font-medium break-words">{nameOf(setting)}</p>
            <p className="mt-0.5 max-w-[72ch] text-head text-muted">
              <Meaning text={meaningOf(setting)} />
            </p>
          </div>
          <div className="min-w-0">
            <Value setting={setting} />
            <p className="flex items-center gap-1 text-muted">
              <span className="min-w-0 font-mono text-meta break-all">{setting.variable}</span>
              <CopyVariable name={setting.variable} />
            </p>
          </div>
        </li>
      ))}
    </ul>
  );
}

function CopyVariable({ name }: { name: string }) {
  const { t } = useTranslation();
  return (
    <CopyIcon
      text={name}
      label={t("settings.copyVariable", { name })}
      copiedLabel={t("common.copied")}
    />
  );
}

/** The name within its table. */
function nameOf({ key, table }: Setting): string {
  return table === "" ? key : key.slice(table.length + 1);
}

/** Words between back quotes are names. */
function Meaning({ text }: { text: string }) {
  return text.split("`").map((part, at) =>
    at % 2 === 0 ? (
      part
    ) : (
      <code key={at} className="font-mono text-meta break-words text-ink">
        {part}
      </code>
    ),
  );
}

function Value({ setting }: { setting: Setting }) {
  const { t, i18n } = useTranslation();
  const { value } = setting;
  const hint = value === null ? t("settings.secretNote") : hintOf(setting, value, t, i18n.language);
  return (
    <>
      <p className="tabular flex flex-wrap items-baseline gap-x-2">
        <span
          className={cx(
            "min-w-0 break-words",
            isChanged(setting) ? "font-medium" : "text-ink",
            value !== null && setting.kind !== "switch" && "font-mono text-head",
          )}
        >
          {value === null
            ? t(setting.set ? "settings.secretSet" : "settings.secretNotSet")
            : shown(setting, value, t, i18n.language)}
        </span>
        {hint && <span className="text-meta text-muted">{hint}</span>}
      </p>
      <Origin setting={setting} />
    </>
  );
}

function Origin({ setting }: { setting: Setting }) {
  const { t, i18n } = useTranslation();
  if (!isChanged(setting)) {
    return <p className="text-meta text-muted">{t("settings.isDefault")}</p>;
  }
  const name = setting.source_name ?? "";
  const from =
    setting.source === "file"
      ? t("settings.fromFile")
      : setting.source === "flag"
        ? t("settings.fromFlag", { name })
        : t("settings.fromEnvironment");
  const standard = t("settings.default", {
    value: shown(setting, setting.default, t, i18n.language),
  });
  return (
    <p className="flex items-baseline gap-1.5 text-meta text-muted">
      <span aria-hidden className="size-1.5 shrink-0 self-center rounded-full bg-accent" />
      <span className="min-w-0 break-words">{setting.secret ? from : `${from} · ${standard}`}</span>
    </p>
  );
}

function shown(setting: Setting, written: string, t: TFunction, language: string): string {
  const text = plainValue(written);
  if (text === "") return t("settings.empty");
  if (setting.kind === "switch") return t(text === "true" ? "settings.on" : "settings.off");
  // Ports are names rather than numbers.
  if (setting.kind === "number" && !setting.key.endsWith("_port")) {
    return new Intl.NumberFormat(language).format(Number(text));
  }
  return text;
}

/** The value once more, in a unit that people think in. */
function hintOf(setting: Setting, written: string, t: TFunction, language: string): string | null {
  const text = plainValue(written);
  const count = Number(text);
  if (setting.choices.length > 0) return setting.choices.join(" | ");
  switch (setting.unit) {
    case "bytes":
      return inBytes(count, language);
    case "bytes_per_second": {
      const amount = inBytes(count, language);
      return amount && t("settings.perSecond", { amount });
    }
    case "seconds":
      return inTime(count, language);
    case "days":
      return new Intl.NumberFormat(language, {
        style: "unit",
        unit: "day",
        unitDisplay: "long",
      }).format(count);
    case "usd":
      return formatMoney(text);
    default:
      return null;
  }
}
