import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Check, Plus } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { instanceQuery, modelsQuery, tokensQuery } from "@/api/queries";
import { RevealSetups } from "@/forms/reveal-setups";
import { cx } from "@/lib/cx";
import { any_model, placeholder_secret } from "@/lib/snippets";
import { buttonLook } from "@/ui/button";

import { Panel } from "./panel";

/** What stands between somebody new and their first answer; it is gone once that has come. */
export function FirstSteps() {
  const { t } = useTranslation();
  const { data: tokens } = useQuery(tokensQuery({ limit: 1 }));
  const { data: instance } = useQuery(instanceQuery);
  const { data: models } = useQuery(modelsQuery);
  const origin = instance?.public_url || window.location.origin;
  const served = models?.items.filter((one) => one.available) ?? [];
  const hasToken = (tokens?.total ?? 0) > 0;
  return (
    <section aria-labelledby="first-steps">
      <h2 id="first-steps" className="mb-2 text-lead font-semibold">
        {t("dashboard.firstSteps")}
      </h2>
      <Panel className="px-5! py-5! table:px-6!">
        <ol className="flex flex-col">
          <Step number={1} isDone={hasToken} title={t("dashboard.stepToken")}>
            <p className="text-muted">{t("dashboard.stepTokenLead")}</p>
            {!hasToken && (
              <Link
                to="/tokens"
                search={{ new: "1" }}
                className={cx(buttonLook("primary"), "mt-3 self-start")}
              >
                <Plus size={16} strokeWidth={1.75} aria-hidden />
                {t("tokens.add")}
              </Link>
            )}
          </Step>
          <Step number={2} isDone={false} title={t("dashboard.stepClient")}>
            <p className="text-muted">
              {models && served.length === 0
                ? t("dashboard.stepNoModel")
                : t("dashboard.stepClientLead")}
            </p>
            <div className="mt-3 max-w-[640px]">
              <RevealSetups
                input={{ origin, secret: placeholder_secret, model: served[0]?.id ?? any_model }}
              />
            </div>
          </Step>
          <Step number={3} isDone={false} isLast title={t("dashboard.stepCall")}>
            <p role="status" className="flex items-center gap-2 text-muted">
              <span
                aria-hidden
                className="size-1.5 animate-pulse rounded-full bg-accent motion-reduce:animate-none"
              />
              {t("dashboard.stepCallLead")}
            </p>
          </Step>
        </ol>
      </Panel>
    </section>
  );
}

interface StepProps {
  number: number;
  isDone: boolean;
  isLast?: boolean;
  title: string;
  children: ReactNode;
}

function Step({ number, isDone, isLast = false, title, children }: StepProps) {
  const { t } = useTranslation();
  return (
    <li className="grid grid-cols-[24px_minmax(0,1fr)] gap-x-4">
      <span aria-hidden className="flex flex-col items-center">
        <span
          className={cx(
            "tabular flex size-6 shrink-0 items-center justify-center rounded-full border text-meta font-medium",
            isDone
              ? "border-transparent bg-accent text-on-accent"
              : "border-line-strong text-muted",
          )}
        >
          {isDone ? <Check size={14} strokeWidth={2} /> : number}
        </span>
        {!isLast && <span className="my-1 w-px flex-1 bg-line" />}
      </span>
      <div className={cx("flex min-w-0 flex-col", !isLast && "pb-6")}>
        <h3 className="leading-6 font-medium">
          {title}
          {isDone && <span className="sr-only"> {t("dashboard.done")}</span>}
        </h3>
        {children}
      </div>
    </li>
  );
}
