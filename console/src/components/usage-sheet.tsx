import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { usageOfQuery } from "@/api/queries";
import { exactMoney } from "@/lib/money";
import { formatExact } from "@/lib/time";
import { CopyButton } from "@/ui/copy-button";
import { Sheet } from "@/ui/sheet";

import { ErrorNote } from "./error-note";
import { EndWord } from "./usage-list";

/** One request: how it went, and the arithmetic of its charge. */
export function UsageSheet({ id, onClose }: { id: string; onClose: () => void }) {
  const { t, i18n } = useTranslation();
  const { data, error } = useQuery(usageOfQuery(id));
  const number = new Intl.NumberFormat(i18n.language);
  const ms = (value: number | null | undefined) =>
    value === null || value === undefined ? "—" : t("usage.ms", { ms: number.format(value) });
  return (
    <Sheet isOpen onClose={onClose} title={t("usage.detail")} closeLabel={t("common.close")}>
      <div className="flex flex-1 flex-col gap-5 overflow-y-auto px-5 py-5">
        {error && <ErrorNote error={error} />}
        {data && (
          <>
            <div className="flex items-center justify-between gap-2">
              <code className="font-mono text-meta break-all">{data.request_id}</code>
              <CopyButton
                size="small"
                text={data.request_id}
                label={t("usage.copyId")}
                shownLabel={t("common.copy")}
                copiedLabel={t("common.copied")}
              />
            </div>
            <dl className="tabular grid grid-cols-[auto_1fr] gap-x-6 gap-y-1.5">
              <Fact label={t("usage.time")}>{formatExact(data.ended_at, i18n.language)}</Fact>
              <Fact label={t("usage.token")}>{data.token_name ?? data.token_id}</Fact>
              <Fact label={t("usage.model")}>{data.model}</Fact>
              {data.channel_name && <Fact label={t("usage.channel")}>{data.channel_name}</Fact>}
              <Fact label={t("usage.ended")}>
                <EndWord row={data} />
              </Fact>
              <Fact label={t("usage.firstContent")}>{ms(data.first_token_ms)}</Fact>
              <Fact label={t("usage.duration")}>{ms(data.total_ms)}</Fact>
              <Fact label={t("usage.attempts")}>{data.attempts}</Fact>
              {data.client_address && <Fact label={t("usage.address")}>{data.client_address}</Fact>}
              {data.client_agent && <Fact label={t("usage.client")}>{data.client_agent}</Fact>}
            </dl>
            <section className="flex flex-col gap-2">
              <h3 className="font-semibold">{t("usage.arithmetic")}</h3>
              <table className="tabular w-full text-head">
                <thead className="text-left text-muted">
                  <tr>
                    <th scope="col" className="py-1 font-medium">
                      {t("usage.meter")}
                    </th>
                    <th scope="col" className="py-1 text-right font-medium">
                      {t("usage.units")}
                    </th>
                    <th scope="col" className="py-1 text-right font-medium">
                      {t("usage.pricePerMillion")}
                    </th>
                    <th scope="col" className="py-1 text-right font-medium">
                      {t("usage.amount")}
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {data.lines.map((line) => (
                    <tr key={line.meter} className="border-t border-line">
                      <td className="border-t border-line py-1">{line.meter}</td>
                      <td className="border-t border-line py-1 text-right">
                        {number.format(line.units)}
                      </td>
                      <td className="border-t border-line py-1 text-right">
                        {exactMoney(line.price_per_million)}
                      </td>
                      <td className="border-t border-line py-1 text-right">
                        {exactMoney(line.amount)}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
              <p className="tabular flex justify-between border-t border-line-strong pt-2 font-semibold">
                <span>
                  {t("usage.sum")}
                  {data.multiplier_ppm !== 1_000_000 &&
                    ` × ${number.format(data.multiplier_ppm / 1_000_000)}`}
                </span>
                <span>{exactMoney(data.charge)}</span>
              </p>
              {data.estimated && <p className="text-head text-warn">{t("usage.estimated")}</p>}
              {data.suspect && <p className="text-head text-warn">{t("usage.suspect")}</p>}
            </section>
          </>
        )}
      </div>
    </Sheet>
  );
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-muted">{label}</dt>
      <dd className="min-w-0 break-words">{children}</dd>
    </>
  );
}
