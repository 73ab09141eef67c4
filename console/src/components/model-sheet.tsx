import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { instanceQuery } from "@/api/queries";
import type { Model, ModelHealth } from "@/api/types";
import { RevealSetups } from "@/forms/reveal-setups";
import { cx } from "@/lib/cx";
import { furtherFacts } from "@/lib/models";
import { placeholder_secret } from "@/lib/snippets";
import { formatExact } from "@/lib/time";
import { buttonLook } from "@/ui/button";
import { Sheet } from "@/ui/sheet";

import { CopyId, HealthFact, ServedWord } from "./model-table";
import { PriceBookEntry } from "./price-book-entry";

interface ModelSheetProps {
  model: Model;
  ppm: number;
  /** How it did in the last day, if it was called. */
  health: ModelHealth | undefined;
  onClose: () => void;
}

/** Everything that is known of a model, and how to call it. */
export function ModelSheet({ model, ppm, health, onClose }: ModelSheetProps) {
  const { t, i18n } = useTranslation();
  const { data: instance } = useQuery(instanceQuery);
  const number = new Intl.NumberFormat(i18n.language);
  const facts = furtherFacts(model);
  return (
    <Sheet
      isOpen
      onClose={onClose}
      title={<span className="font-mono text-lead">{model.id}</span>}
      closeLabel={t("common.close")}
    >
      <div className="flex flex-1 flex-col gap-6 overflow-y-auto px-5 py-5">
        <dl className="tabular grid grid-cols-2 gap-x-6 gap-y-4">
          <Fact label={t("models.provider")}>{model.provider}</Fact>
          <Fact label={t("models.status")}>
            <ServedWord model={model} />
          </Fact>
          <Fact label={t("models.context")}>
            {model.context ? number.format(model.context) : t("common.dash")}
          </Fact>
          <Fact label={t("models.maxOutput")}>
            {model.max_output ? number.format(model.max_output) : t("common.dash")}
          </Fact>
          <Fact label={t("health.title")} className="col-span-2">
            <HealthFact model={model} health={health} isWide />
          </Fact>
        </dl>
        <div className="flex flex-wrap gap-2">
          <Link
            to="/tokens"
            search={{ new: "1", models: model.id }}
            className={buttonLook("secondary", "small")}
          >
            {t("models.addToken")}
          </Link>
          {model.available && model.price && (
            <Link
              to="/playground"
              search={{ model: model.id }}
              className={buttonLook("secondary", "small")}
            >
              {t("models.try")}
            </Link>
          )}
          <CopyId model={model} />
        </div>
        <section>
          <h3 className="mb-1 font-medium">{t("models.perMillion")}</h3>
          {model.price ? (
            <PriceBookEntry price={model.price} ppm={ppm} />
          ) : (
            <p className="text-muted">{t("models.noPrice")}</p>
          )}
        </section>
        {model.upcoming_prices?.map((upcoming) => (
          <section key={upcoming.version}>
            <h3 className="mb-1 font-medium">
              {t("models.upcoming", { when: formatExact(upcoming.valid_from, i18n.language) })}
            </h3>
            <PriceBookEntry price={upcoming.price} ppm={ppm} />
          </section>
        ))}
        {facts.length > 0 && (
          <section>
            <h3 className="mb-1 font-medium">{t("models.further")}</h3>
            <dl>
              {facts.map((fact) => (
                <div key={fact.name} className="border-t border-line py-2">
                  <dt className="text-muted">{fact.name}</dt>
                  <dd className="font-mono text-meta break-words whitespace-pre-wrap">
                    {fact.text}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        )}
        <RevealSetups
          input={{
            origin: instance?.public_url || window.location.origin,
            secret: placeholder_secret,
            model: model.id,
          }}
        />
      </div>
    </Sheet>
  );
}

interface FactProps {
  label: string;
  className?: string;
  children: ReactNode;
}

function Fact({ label, className, children }: FactProps) {
  return (
    <div className={cx("flex min-w-0 flex-col gap-1", className)}>
      <dt className="text-meta text-muted">{label}</dt>
      <dd className="break-words">{children}</dd>
    </div>
  );
}
