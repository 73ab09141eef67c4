import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { Overview } from "@/api/types";
import { formatRate, successOf } from "@/lib/change";
import { cx } from "@/lib/cx";
import { healthOf, slotStarts } from "@/lib/health";
import { formatClock } from "@/lib/time";
import { Segmented } from "@/ui/segmented";

import { HealthStrip } from "./health-strip";
import { Panel, Section } from "./panel";

type ChannelSums = Overview["channels"][number];

interface ChannelHealthProps {
  data: Overview;
}

/** How each channel did, hour by hour, and whether its keys are used: like a status page. */
export function ChannelHealth({ data }: ChannelHealthProps) {
  const { t } = useTranslation();
  const [view, setView] = useState<"chart" | "table">("chart");
  return (
    <Section
      title={t("overview.channels")}
      aside={
        <Segmented
          size="small"
          label={t("token.view")}
          value={view}
          onChange={setView}
          options={[
            { value: "chart" as const, label: t("token.chart") },
            { value: "table" as const, label: t("token.table") },
          ]}
        />
      }
    >
      {data.channels.length === 0 && (
        <Panel>
          <p className="text-muted">{t("overview.noChannels")}</p>
        </Panel>
      )}
      {data.channels.length > 0 &&
        (view === "chart" ? <Strips data={data} /> : <Slots data={data} />)}
    </Section>
  );
}

function Strips({ data }: ChannelHealthProps) {
  const { t, i18n } = useTranslation();
  const number = new Intl.NumberFormat(i18n.language);
  const starts = startsOf(data);
  return (
    <div className="rounded-panel border border-line-strong bg-surface">
      <ul aria-label={t("overview.channels")}>
        {data.channels.map((channel) => {
          const rate = successOf(channel);
          return (
            <li
              key={channel.channel_id}
              className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 gap-y-2 border-t border-line px-4 py-3 first:border-t-0 table:grid-cols-[minmax(0,12rem)_minmax(0,1fr)_7rem] wide:grid-cols-[minmax(0,16rem)_minmax(0,1fr)_8rem]"
            >
              <div className="min-w-0">
                <p className="truncate font-medium" title={channel.name}>
                  {channel.name}
                </p>
                <KeysWord channel={channel} />
              </div>
              <p className="tabular text-right table:order-last">
                <span className="block font-medium">
                  {rate === null ? t("common.dash") : formatRate(rate, i18n.language)}
                </span>
                <span className="block text-meta text-muted">
                  {t("overview.callsOf", {
                    calls: number.format(channel.requests),
                    failed: number.format(channel.failed),
                  })}
                </span>
              </p>
              <HealthStrip
                label={t("overview.stripOf", { name: channel.name })}
                words={channel.slots.map(healthOf)}
                titles={channel.slots.map((slot, at) =>
                  t("overview.slot", {
                    when: formatClock(starts[at] ?? "", i18n.language),
                    calls: number.format(slot.requests),
                    failed: number.format(slot.failed),
                  }),
                )}
                className="col-span-2 h-7 table:col-span-1"
              />
            </li>
          );
        })}
      </ul>
      <p className="flex flex-wrap items-center justify-between gap-x-6 gap-y-1 border-t border-line px-4 py-2 text-meta text-muted">
        <span className="tabular">
          {t("overview.stripSpan", {
            since: formatClock(starts[0] ?? "", i18n.language),
            count: data.slot_hours,
          })}
        </span>
        <Legend />
      </p>
    </div>
  );
}

function startsOf(data: Overview): string[] {
  const count = data.channels[0]?.slots.length ?? 0;
  return slotStarts(data.since, data.slot_hours, count);
}

/** Whether the channel is used, and its keys. */
function KeysWord({ channel }: { channel: ChannelSums }) {
  const { t } = useTranslation();
  const { enabled, keys_resting, keys_ready } = channel;
  const dot = !enabled ? "bg-control-line" : keys_resting > 0 ? "bg-warn" : "bg-ok";
  const text = !enabled
    ? t("channels.disabled")
    : keys_resting > 0
      ? t("overview.keysResting", { resting: keys_resting, all: keys_resting + keys_ready })
      : keys_ready > 0
        ? t("overview.keysReady", { count: keys_ready })
        : t("overview.noKeys");
  return (
    <p className="flex items-center gap-1.5 text-meta text-muted">
      <span aria-hidden className={cx("size-1.5 shrink-0 rounded-full", dot)} />
      {text}
    </p>
  );
}

function Legend() {
  const { t } = useTranslation();
  return (
    <span aria-hidden className="flex items-center gap-4">
      {(["good", "mixed", "bad"] as const).map((word) => (
        <span key={word} className="inline-flex items-end gap-1.5">
          <span className="flex h-3 items-end self-center">
            <span
              className={cx(
                "block w-1.5 rounded-[1px]",
                { good: "h-3 bg-ok", mixed: "h-2 bg-warn", bad: "h-1 bg-bad" }[word],
              )}
            />
          </span>
          {t(`overview.legend_${word}`)}
        </span>
      ))}
    </span>
  );
}

const head = "px-4 py-2 text-head font-medium whitespace-nowrap text-muted";
const cell = "border-t border-line px-4 py-1.5";

/** The figures behind the strips, the latest first; what nothing was called in is left out. */
function Slots({ data }: ChannelHealthProps) {
  const { t, i18n } = useTranslation();
  const number = new Intl.NumberFormat(i18n.language);
  const starts = startsOf(data);
  const rows = starts
    .flatMap((start, at) =>
      data.channels.map((channel) => ({ start, channel, slot: channel.slots[at] })),
    )
    .filter(({ slot }) => slot !== undefined && slot.requests > 0)
    .toReversed();
  if (rows.length === 0) {
    return (
      <Panel>
        <p className="text-muted">{t("token.noUsage")}</p>
      </Panel>
    );
  }
  return (
    <div
      role="region"
      tabIndex={0}
      aria-label={t("overview.channels")}
      className="max-h-96 overflow-auto rounded-panel border border-line-strong bg-surface"
    >
      <table className="tabular w-full border-separate border-spacing-0">
        <thead>
          <tr>
            {(["from", "channel", "calls", "failed"] as const).map((name, at) => (
              <th key={name} scope="col" className={cx(head, at < 2 ? "text-left" : "text-right")}>
                {t(`overview.head_${name}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ start, channel, slot }) => (
            <tr key={`${start} ${channel.channel_id}`}>
              <td className={cx(cell, "whitespace-nowrap")}>{formatClock(start, i18n.language)}</td>
              <th scope="row" className={cx(cell, "w-full max-w-0 truncate text-left font-normal")}>
                {channel.name}
              </th>
              <td className={cx(cell, "text-right")}>{number.format(slot?.requests ?? 0)}</td>
              <td className={cx(cell, "text-right")}>{number.format(slot?.failed ?? 0)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
