import { useTranslation } from "react-i18next";

import type { Model, ModelHealth } from "@/api/types";
import { cx } from "@/lib/cx";
import { formatUnits } from "@/lib/models";
import { useHasTable } from "@/lib/use-media";
import { CopyButton } from "@/ui/copy-button";

import { HealthStrip } from "./health-strip";
import { Price } from "./price";

export interface ModelListProps {
  models: readonly Model[];
  /** The reader's own factor on every price. */
  ppm: number;
  /** How each did in the last day; absent while that is not known. */
  health: ReadonlyMap<string, ModelHealth> | undefined;
  onOpen: (model: Model) => void;
}

/** The models with what they cost: a table, and on a phone the same as cards. */
export function ModelList(props: ModelListProps) {
  return useHasTable() ? <ModelTable {...props} /> : <ModelCards {...props} />;
}

const cell = "border-b border-line px-3 py-2 align-top first:pl-4 last:pr-2";
const head =
  "h-9 border-b border-line-strong px-3 text-left text-head font-medium whitespace-nowrap text-muted first:pl-4 last:pr-4";
// The opened model has them all.
const roomy = "hidden menu:table-cell";

function ModelTable({ models, ppm, health, onOpen }: ModelListProps) {
  const { t, i18n } = useTranslation();
  return (
    <div
      role="region"
      tabIndex={0}
      aria-label={t("models.table")}
      className="overflow-x-auto rounded-panel border border-line-strong bg-surface"
    >
      <table className="tabular w-full border-separate border-spacing-0 [&_tbody_tr:last-child>*]:border-b-0">
        <caption className="sr-only">{t("models.perMillion")}</caption>
        <thead>
          <tr>
            <th scope="col" className={head}>
              {t("usage.model")}
            </th>
            <th scope="col" className={head}>
              {t("models.status")}
            </th>
            <th scope="col" className={cx(head, roomy)}>
              {t("health.title")}
            </th>
            <th scope="col" className={cx(head, roomy, "text-right")}>
              {t("models.context")}
            </th>
            <th scope="col" className={cx(head, "text-right")}>
              {t("models.price_input")}
            </th>
            <th scope="col" className={cx(head, "text-right")}>
              {t("models.price_output")}
            </th>
            <th scope="col" className={cx(head, roomy, "text-right")}>
              {t("models.price_cached_input")}
            </th>
            <th scope="col" className={cx(head, roomy, "text-right")}>
              {t("models.price_cache_write")}
            </th>
            <th scope="col" className={head}>
              <span className="sr-only">{t("tokens.columns.actions")}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {models.map((model) => (
            <tr
              key={model.id}
              data-row={model.id}
              // The button in the first cell does the same for keyboards.
              onClick={() => onOpen(model)}
              className="cursor-pointer transition-colors focus-within:bg-sunken hover:bg-sunken"
            >
              <th scope="row" className={cx(cell, "max-w-44 text-left font-normal menu:max-w-72")}>
                <button
                  type="button"
                  data-row-link
                  title={model.id}
                  className="block max-w-full truncate rounded-[4px] font-mono text-head"
                >
                  {model.id}
                </button>
                <span className="block text-meta text-muted">{model.provider}</span>
              </th>
              <td className={cell}>
                <ServedWord model={model} />
              </td>
              <td className={cx(cell, roomy, "w-36")}>
                {health && <HealthFact model={model} health={health.get(model.id)} />}
              </td>
              <td className={cx(cell, roomy, "text-right whitespace-nowrap")}>
                {model.context ? formatUnits(model.context, i18n.language) : t("common.dash")}
              </td>
              <td className={cx(cell, "text-right")}>
                <Price price={model.price?.input} ppm={ppm} />
              </td>
              <td className={cx(cell, "text-right")}>
                <Price price={model.price?.output} ppm={ppm} />
              </td>
              <td className={cx(cell, roomy, "text-right")}>
                <Price price={model.price?.cached_input} ppm={ppm} />
              </td>
              <td className={cx(cell, roomy, "text-right")}>
                <Price price={model.price?.cache_write} ppm={ppm} />
              </td>
              <td
                className={cx(cell, "w-px py-1! text-right")}
                onClick={(event) => event.stopPropagation()}
              >
                <CopyId model={model} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function ModelCards({ models, ppm, health, onOpen }: ModelListProps) {
  const { t } = useTranslation();
  return (
    <ul
      aria-label={t("models.table")}
      className="tabular overflow-hidden rounded-panel border border-line-strong bg-surface"
    >
      {models.map((model) => (
        <li key={model.id} className="border-t border-line first:border-t-0">
          <button
            type="button"
            onClick={() => onOpen(model)}
            className="flex w-full flex-col gap-1 px-4 py-3 text-left -outline-offset-2 transition-colors active:bg-sunken"
          >
            <span className="flex w-full items-baseline justify-between gap-3">
              <span className="min-w-0 truncate font-mono text-head">{model.id}</span>
              <ServedWord model={model} />
            </span>
            <span className="flex w-full items-start justify-between gap-3 text-head">
              <span className="text-muted">{model.provider}</span>
              <span className="flex gap-4 text-right">
                <span className="flex gap-1.5">
                  <span className="text-muted">{t("models.price_input")}</span>
                  <Price price={model.price?.input} ppm={ppm} />
                </span>
                <span className="flex gap-1.5">
                  <span className="text-muted">{t("models.price_output")}</span>
                  <Price price={model.price?.output} ppm={ppm} />
                </span>
              </span>
            </span>
            {health?.has(model.id) && (
              <HealthFact model={model} health={health.get(model.id)} isWide />
            )}
          </button>
        </li>
      ))}
    </ul>
  );
}

interface HealthFactProps {
  model: Model;
  health: ModelHealth | undefined;
  /** Takes a line of its own. */
  isWide?: boolean;
}

/** How a model did in the last day: an hour a bar, and how much succeeded. */
export function HealthFact({ model, health, isWide = false }: HealthFactProps) {
  const { t, i18n } = useTranslation();
  if (!health) return <span className="text-meta text-muted">{t("health.unused")}</span>;
  const percent = new Intl.NumberFormat(i18n.language).format(health.success_percent);
  return (
    <span className={cx("flex gap-x-2", isWide ? "items-center" : "flex-col gap-y-1")}>
      <HealthStrip
        label={t("health.of", { name: model.id })}
        words={health.hours}
        className={isWide ? "h-4 min-w-0 flex-1" : "h-4 w-28"}
      />
      <span className="text-meta whitespace-nowrap text-muted">
        {t("health.percent", { percent })}
      </span>
    </span>
  );
}

/** Whether calls of a model would be answered: a dot and a word. */
export function ServedWord({ model }: { model: Model }) {
  const { t } = useTranslation();
  const state = !model.available ? "idle" : model.price === null ? "priceless" : "served";
  const dots = { served: "bg-ok", idle: "bg-control-line", priceless: "bg-warn" };
  return (
    <span className="inline-flex items-center gap-1.5 align-top whitespace-nowrap">
      <span aria-hidden className={cx("size-1.5 rounded-full", dots[state])} />
      {t(`models.${state}`)}
    </span>
  );
}

export function CopyId({ model }: { model: Model }) {
  const { t } = useTranslation();
  return (
    <CopyButton
      size="small"
      variant="quiet"
      text={model.id}
      label={t("models.copyIdOf", { id: model.id })}
      shownLabel={t("common.copy")}
      copiedLabel={t("common.copied")}
    />
  );
}
