import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Download } from "lucide-react";
import { useTranslation } from "react-i18next";

import { accountQuery, paymentQuery, statementQuery } from "@/api/queries";
import type { Account } from "@/api/types";
import { ErrorNote } from "@/components/error-note";
import { PageHeader } from "@/components/page-header";
import { Pager } from "@/components/pager";
import { Panel, Section } from "@/components/panel";
import { StatementList } from "@/components/statement-list";
import { PayIn } from "@/forms/pay-in";
import { RedeemCode } from "@/forms/redeem-code";
import type { Texts } from "@/i18n/en";
import { cx } from "@/lib/cx";
import { exactMoney, formatMoney } from "@/lib/money";
import { movementKinds, statementCsv, type MovementKind } from "@/lib/wallet-search";
import { buttonLook } from "@/ui/button";
import { Select } from "@/ui/select";

const all = "all";

/** What is on the account, a way to put more there, and every movement of the balance. */
export function WalletPage() {
  const { t } = useTranslation();
  const search = useSearch({ from: "/app/wallet" });
  const { data: account } = useQuery(accountQuery);
  return (
    <>
      <PageHeader
        title={t("nav.wallet")}
        lead={t("wallet.lead")}
        action={
          <a href={statementCsv(search)} download className={buttonLook()}>
            <Download size={16} strokeWidth={1.75} aria-hidden />
            {t("wallet.csv")}
          </a>
        }
      />
      <div className="mt-6 flex flex-col gap-6">
        {search.payment && <PaymentState id={search.payment} />}
        {account ? <Money account={account} /> : <span className="skeleton block h-20" />}
        <div className="grid items-start gap-6 table:auto-cols-fr table:grid-flow-col">
          <RedeemCode />
          {account?.payments && <PayIn terms={account.payments} />}
        </div>
        <Statement />
      </div>
    </>
  );
}

function Money({ account }: { account: Account }) {
  const { t } = useTranslation();
  const figures = [
    [t("wallet.balance"), account.balance],
    [t("wallet.held"), account.held],
    [t("wallet.available"), account.available],
  ] as const;
  return (
    <Panel>
      <dl className="tabular grid gap-4 table:grid-cols-3">
        {figures.map(([name, amount]) => (
          <div key={name}>
            <dt className="text-head text-muted">{name}</dt>
            <dd className="text-figure font-semibold" title={exactMoney(amount)}>
              {formatMoney(amount)}
            </dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}

/** How the payment ended from whose provider the browser comes back. */
function PaymentState({ id }: { id: string }) {
  const { t } = useTranslation();
  const { data } = useQuery(paymentQuery(id));
  if (!data) return null;
  const state = data.state as PaymentWord;
  return (
    <p role="status" className="rounded-panel border border-line-strong bg-surface px-4 py-3">
      {t(`wallet.state.${state}`, { amount: formatMoney(data.amount) })}
    </p>
  );
}

type PaymentWord = keyof Texts["wallet"]["state"];

function Statement() {
  const { t } = useTranslation();
  const search = useSearch({ from: "/app/wallet" });
  const navigate = useNavigate({ from: "/wallet" });
  const { data, error, refetch, isPlaceholderData } = useQuery(
    statementQuery({ kind: search.kind, cursor: search.cursor }),
  );
  const kinds = movementKinds.map((value) => ({ value, label: t(`wallet.kinds.${value}`) }));
  return (
    <Section
      title={t("wallet.statement")}
      aside={
        <Select<MovementKind | typeof all>
          label={t("wallet.kind")}
          value={search.kind ?? all}
          onChange={(kind) =>
            void navigate({ search: kind === all ? {} : { kind }, replace: true })
          }
          options={[{ value: all, label: t("wallet.allKinds") }, ...kinds]}
        />
      }
    >
      {error && (
        <ErrorNote error={error} title={t("wallet.loadFailed")} onRetry={() => void refetch()} />
      )}
      {!data && !error && <span className="skeleton block h-64 rounded-panel!" />}
      {data?.items.length === 0 && (
        <Panel>
          <p className="text-muted">{t(search.kind ? "wallet.emptyFiltered" : "wallet.empty")}</p>
        </Panel>
      )}
      {data && data.items.length > 0 && (
        <div className={cx("transition-opacity", isPlaceholderData && "opacity-60")}>
          <StatementList lines={data.items} />
        </div>
      )}
      {data && <Pager from="/wallet" cursor={search.cursor} next={data.next_cursor} />}
    </Section>
  );
}
