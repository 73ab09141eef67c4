import { useTranslation } from "react-i18next";

import type { Person } from "@/api/types";
import { cx } from "@/lib/cx";
import { exactMoney, formatMoney, formatShort } from "@/lib/money";
import { formatExact, formatRelative } from "@/lib/time";
import { useHasTable } from "@/lib/use-media";

interface PeopleListProps {
  people: Person[];
  onOpen: (person: Person) => void;
}

/** Everybody beside their account: a table, and on a phone the same facts as cards. */
export function PeopleList(props: PeopleListProps) {
  return useHasTable() ? <PeopleTable {...props} /> : <PeopleCards {...props} />;
}

const cell = "border-b border-line px-3 py-2 align-middle first:pl-4 last:pr-4";
const head =
  "h-9 border-b border-line-strong px-3 text-left text-head font-medium whitespace-nowrap text-muted first:pl-4 last:pr-4";

function PeopleTable({ people, onOpen }: PeopleListProps) {
  const { t } = useTranslation();
  const titles = [
    ["person", false],
    ["role", false],
    ["tier", false],
    ["balance", true],
    ["spent", true],
    ["status", false],
    ["lastSeen", false],
  ] as const;
  return (
    <div
      role="region"
      tabIndex={0}
      aria-label={t("people.title")}
      className="overflow-x-auto rounded-panel border border-line-strong bg-surface"
    >
      <table className="tabular w-full border-separate border-spacing-0 [&_tbody_tr:last-child>*]:border-b-0">
        <thead>
          <tr>
            {titles.map(([title, isFigure]) => (
              <th key={title} scope="col" className={cx(head, isFigure && "text-right")}>
                {t(`people.${title}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {people.map((person) => (
            <tr key={person.id} className="hover:bg-sunken">
              <td className={cx(cell, "max-w-72")}>
                <PersonName person={person} onOpen={onOpen} />
              </td>
              <td className={cell}>{t(`profile.role_${person.role}`)}</td>
              <td className={cell}>{person.tier}</td>
              <td className={cx(cell, "text-right")}>
                <Balance person={person} />
              </td>
              <td className={cx(cell, "text-right")} title={exactMoney(person.spent_30_days)}>
                {formatShort(person.spent_30_days)}
              </td>
              <td className={cell}>
                <PersonStatus person={person} />
              </td>
              <td className={cx(cell, "whitespace-nowrap text-muted")}>
                <LastSeen person={person} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function PeopleCards({ people, onOpen }: PeopleListProps) {
  const { t } = useTranslation();
  return (
    <ul
      aria-label={t("people.title")}
      className="tabular overflow-hidden rounded-panel border border-line-strong bg-surface"
    >
      {people.map((person) => (
        <li
          key={person.id}
          className="flex flex-col gap-1.5 border-t border-line px-4 py-3 first:border-t-0"
        >
          <span className="flex items-start justify-between gap-3">
            <PersonName person={person} onOpen={onOpen} />
            <Balance person={person} />
          </span>
          <span className="flex flex-wrap items-center justify-between gap-x-3 text-head">
            <span className="text-muted">
              {t(`profile.role_${person.role}`)} · {person.tier}
            </span>
            <PersonStatus person={person} />
          </span>
          <span className="flex flex-wrap items-baseline justify-between gap-x-3 text-head text-muted">
            <span>
              {t("people.lastSeen")} <LastSeen person={person} />
            </span>
            <span title={exactMoney(person.spent_30_days)}>
              {t("people.spent")} {formatShort(person.spent_30_days)}
            </span>
          </span>
        </li>
      ))}
    </ul>
  );
}

interface OfPerson {
  person: Person;
}

function PersonName({ person, onOpen }: OfPerson & Pick<PeopleListProps, "onOpen">) {
  const { t } = useTranslation();
  return (
    <span className="flex min-w-0 flex-col">
      <button
        type="button"
        aria-label={t("people.open", { email: person.email })}
        title={person.email}
        className="max-w-full cursor-pointer truncate rounded-[4px] text-left font-medium hover:text-accent"
        onClick={() => onOpen(person)}
      >
        {person.email}
      </button>
      {person.name && <span className="truncate text-head text-muted">{person.name}</span>}
    </span>
  );
}

function Balance({ person }: OfPerson) {
  const { t } = useTranslation();
  if (person.billing === "unmetered") {
    return <span className="text-muted">{t("people.unmetered")}</span>;
  }
  const isOwed = person.balance.startsWith("-");
  return (
    <span className={cx(isOwed && "text-bad")} title={exactMoney(person.balance)}>
      {formatShort(person.balance)}
    </span>
  );
}

/** What keeps a person or their account from working, if anything does. */
export function PersonStatus({ person }: OfPerson) {
  const { t } = useTranslation();
  const state = person.disabled ? "disabled" : person.suspended ? "suspended" : "enabled";
  const look = {
    enabled: ["bg-ok", "text-ink"],
    disabled: ["bg-control-line", "text-muted"],
    suspended: ["bg-warn", "text-warn"],
  } as const;
  const [dot, word] = look[state];
  return (
    <span className={cx("inline-flex items-center gap-1.5 whitespace-nowrap", word)}>
      <span aria-hidden className={cx("size-1.5 shrink-0 rounded-full", dot)} />
      {t(`people.${state}`)}
    </span>
  );
}

function LastSeen({ person }: OfPerson) {
  const { t, i18n } = useTranslation();
  if (person.last_seen_at === null) return <span>{t("people.never")}</span>;
  return (
    <span title={formatExact(person.last_seen_at, i18n.language)}>
      {formatRelative(person.last_seen_at, i18n.language)}
    </span>
  );
}

/** The facts of a person that nobody changes by hand. */
export function PersonFacts({ person }: OfPerson) {
  const { t, i18n } = useTranslation();
  const facts = [
    [t("people.status"), <PersonStatus key="s" person={person} />],
    [t("people.lastSeen"), <LastSeen key="l" person={person} />],
    [t("people.balance"), <Balance key="b" person={person} />],
    [t("people.spent"), formatMoney(person.spent_30_days)],
    [t("people.tier"), person.tier],
    [t("people.factor"), t(person.second_factor ? "people.factorOn" : "people.factorOff")],
    [t("people.account"), person.account_name],
    [t("people.added"), formatExact(person.created_at, i18n.language).split(" · ")[0]],
  ] as const;
  return (
    <dl className="tabular grid grid-cols-2 gap-x-6 gap-y-3">
      {facts.map(([name, value]) => (
        <div key={name} className="min-w-0">
          <dt className="text-meta text-muted">{name}</dt>
          <dd className="break-words">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
