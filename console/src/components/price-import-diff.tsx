import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import type { ImportItem, PriceConditions, PriceImport } from "@/api/types";
import type { PriceKey } from "@/lib/models";
import { exactMoney, formatMoney } from "@/lib/money";
import { Button } from "@/ui/button";

import { PriceConditionWords } from "./price-conditions";

interface PriceImportDiffProps {
  shown: PriceImport;
  /** Models that were left out by hand. */
  except: readonly string[];
  isBusy: boolean;
  onLeave: (model: string) => void;
}

/** Skipped entries that are told one by one. */
const named_max = 50;

/** What a list would change, model by model, what it would not, and why. */
export function PriceImportDiff({ shown, except, isBusy, onLeave }: PriceImportDiffProps) {
  const { t } = useTranslation();
  const of = (step: ImportItem["step"]) => shown.items.filter((item) => item.step === step);
  const changed = of("changed").sort((a, b) => Number(b.jump) - Number(a.jump));
  const leave = (model: string) => (
    <Button
      size="small"
      isBusy={isBusy}
      aria-label={t("prices.leaveOut", { model })}
      onClick={() => onLeave(model)}
    >
      {t("prices.leaveOutShort")}
    </Button>
  );
  return (
    <div className="flex flex-col gap-5" aria-busy={isBusy || undefined}>
      <Sums shown={shown} />
      {shown.added + shown.changed === 0 && <p>{t("prices.nothing")}</p>}
      {shown.jumps > 0 && (
        <div role="status" className="rounded-panel bg-warn-soft px-3.5 py-3">
          <p className="font-medium">{t("prices.jumps", { count: shown.jumps })}</p>
          <p className="text-head">{t("prices.jumpsLead")}</p>
        </div>
      )}
      <Part title={t("prices.changesTitle")} count={changed.length}>
        {changed.map((item) => (
          <Item key={item.model} item={item} action={leave(item.model)} />
        ))}
      </Part>
      <Part title={t("prices.addedTitle")} count={shown.added}>
        {of("added").map((item) => (
          <Item key={item.model} item={item} action={leave(item.model)} />
        ))}
      </Part>
      <Part title={t("prices.keptTitle")} lead={t("prices.keptLead")} count={shown.kept}>
        {of("kept").map((item) => (
          <Item key={item.model} item={item} action={null} />
        ))}
      </Part>
      <Part title={t("prices.othersTitle")} count={except.length}>
        {except.map((model) => (
          <li key={model} className="flex items-center justify-between gap-3 px-3.5 py-2">
            <span className="min-w-0 font-mono text-head break-all">{model}</span>
            <Button
              size="small"
              isBusy={isBusy}
              aria-label={t("prices.takeIn", { model })}
              onClick={() => onLeave(model)}
            >
              {t("prices.takeInShort")}
            </Button>
          </li>
        ))}
      </Part>
      <LeftOut shown={shown} />
    </div>
  );
}

function Sums({ shown }: { shown: PriceImport }) {
  const { t } = useTranslation();
  const sums = [
    [t("prices.sumAdded"), shown.added],
    [t("prices.sumChanged"), shown.changed],
    [t("prices.sumKept"), shown.kept],
    [t("prices.sumUnchanged"), shown.unchanged],
  ] as const;
  return (
    <dl className="tabular grid grid-cols-4 rounded-panel border border-line-strong bg-surface">
      {sums.map(([label, count]) => (
        <div key={label} className="flex flex-col-reverse px-3 py-2">
          <dt className="text-meta text-muted">{label}</dt>
          <dd className="text-lead font-semibold">{count}</dd>
        </div>
      ))}
    </dl>
  );
}

interface PartProps {
  title: string;
  lead?: string;
  count: number;
  children: ReactNode;
}

/** A kind of entries, folded where there are many. */
function Part({ title, lead, count, children }: PartProps) {
  if (count === 0) return null;
  return (
    <details open={count <= 20} className="rounded-panel border border-line-strong bg-surface">
      <summary className="cursor-pointer px-3.5 py-2.5 font-medium">
        {title} <span className="tabular text-muted">{count}</span>
      </summary>
      {lead && <p className="px-3.5 pb-2 text-head text-muted">{lead}</p>}
      <ul className="divide-y divide-line border-t border-line">{children}</ul>
    </details>
  );
}

function Item({ item, action }: { item: ImportItem; action: ReactNode }) {
  const { t, i18n } = useTranslation();
  const units = new Intl.NumberFormat(i18n.language);
  return (
    <li className="flex flex-col gap-1 px-3.5 py-2.5">
      <div className="flex items-start justify-between gap-3">
        <span className="min-w-0">
          <span className="font-mono text-head break-all">{item.model}</span>{" "}
          <span className="text-meta text-muted">{item.provider}</span>
        </span>
        {action}
      </div>
      <ul className="tabular text-head">
        {item.changes.map((change) => (
          <li
            key={`${JSON.stringify(change.condition)} ${change.meter}`}
            className="flex flex-wrap items-baseline justify-between gap-x-3"
          >
            <span className="min-w-0">
              {t(`models.price_${change.meter as PriceKey}`)}
              {Object.keys(change.condition).length > 0 && (
                <span className="text-muted">
                  {" · "}
                  <PriceConditionWords conditions={change.condition as PriceConditions} />
                </span>
              )}
            </span>
            <span className="whitespace-nowrap">
              {item.step !== "added" && (
                <>
                  <Amount label={t("prices.now")} price={change.before} /> →{" "}
                </>
              )}
              <Amount label={t("prices.then")} price={change.after} />
              {change.jump && (
                <strong className="ml-2 font-medium text-warn">{t("prices.jump")}</strong>
              )}
            </span>
          </li>
        ))}
        {item.limits.map(({ limit, before, after }) => (
          <li key={limit} className="flex justify-between gap-3">
            <span>{t(`prices.limit_${limit as "context" | "max_output"}`)}</span>
            <span className="whitespace-nowrap">
              {item.step !== "added" &&
                `${before === null ? t("common.dash") : units.format(before)} → `}
              {units.format(after)}
            </span>
          </li>
        ))}
      </ul>
      {item.not_taken.length > 0 && (
        <p className="text-meta break-words text-muted">
          {t("prices.notTaken", { keys: item.not_taken.join(", ") })}
        </p>
      )}
    </li>
  );
}

function Amount({ label, price }: { label: string; price: string | null }) {
  const { t } = useTranslation();
  return (
    <span title={price === null ? undefined : exactMoney(price)}>
      <span className="sr-only">{label} </span>
      {price === null ? t("common.dash") : formatMoney(price)}
    </span>
  );
}

type SkipReason = "no_price" | "free" | "not_a_price" | "too_precise" | "tiers" | "name" | "twice";

/** What of the list is not taken over, and why. */
function LeftOut({ shown }: { shown: PriceImport }) {
  const { t } = useTranslation();
  const counts = (all: Record<string, number>) =>
    Object.entries(all)
      .map(([name, count]) => `${name} ${count}`)
      .join(", ");
  const more = shown.skipped.length - named_max;
  const kinds = counts(shown.other_kinds);
  const providers = counts(shown.other_providers);
  return (
    <>
      <Part title={t("prices.skippedTitle")} count={shown.skipped.length}>
        {shown.skipped.slice(0, named_max).map(({ name, reason, key }) => (
          <li key={`${name} ${reason}`} className="px-3.5 py-2 text-head">
            <span className="font-mono break-all">{name}</span>{" "}
            <span className="text-muted">
              {t(`prices.skipped_${reason as SkipReason}`)}
              {key && ` (${key})`}
            </span>
          </li>
        ))}
        {more > 0 && (
          <li className="px-3.5 py-2 text-head text-muted">{t("prices.more", { count: more })}</li>
        )}
      </Part>
      {(kinds !== "" || providers !== "") && (
        <div className="flex flex-col gap-1 text-head break-words text-muted">
          {kinds !== "" && <p>{t("prices.otherKinds", { names: kinds })}</p>}
          {providers !== "" && <p>{t("prices.otherProviders", { names: providers })}</p>}
        </div>
      )}
    </>
  );
}
