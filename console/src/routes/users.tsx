import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useCallback, useState } from "react";
import { useTranslation } from "react-i18next";

import { peopleQuery, sessionQuery } from "@/api/queries";
import { ErrorNote } from "@/components/error-note";
import { Invitations } from "@/components/invitations";
import { PageHeader } from "@/components/page-header";
import { Pager } from "@/components/pager";
import { Panel } from "@/components/panel";
import { PeopleList } from "@/components/people-list";
import { SearchField } from "@/components/search-field";
import { AddPerson } from "@/forms/add-person";
import { Invite } from "@/forms/invite";
import { PersonSheet } from "@/forms/person-sheet";
import { cx } from "@/lib/cx";
import {
  personStates,
  roles,
  toPeopleQuery,
  type PeopleSearch,
  type PersonState,
  type Role,
} from "@/lib/people-search";
import { isOperator } from "@/lib/roles";
import { useShortcut } from "@/lib/use-shortcut";
import { Button } from "@/ui/button";
import { Select } from "@/ui/select";
import { Tabs } from "@/ui/tabs";

const all = "all";

/** Everybody who signs in, for those who run the relay. */
export function UsersPage() {
  const { t } = useTranslation();
  const search = useSearch({ from: "/app/users" });
  const navigate = useNavigate({ from: "/users" });
  const { data: session } = useQuery(sessionQuery);
  const isAllowed = session ? isOperator(session.user.role) : null;
  const [isAdding, setAdding] = useState(false);
  const tab = search.tab ?? "people";
  useShortcut("c", () => isAllowed && setAdding(true));
  const open = (id: string | undefined) =>
    void navigate({ search: (before) => ({ ...before, open: id }), replace: true });
  return (
    <>
      <PageHeader
        title={t("people.title")}
        lead={t("people.lead")}
        action={
          isAllowed && (
            <Button
              variant="primary"
              icon={<Plus size={16} strokeWidth={1.75} aria-hidden />}
              onClick={() => setAdding(true)}
            >
              {t(tab === "people" ? "people.add" : "invitations.invite")}
            </Button>
          )
        }
      />
      <div className="mt-4">
        {isAllowed === false && <p className="text-muted">{t("people.forbidden")}</p>}
        {isAllowed && (
          <Tabs
            label={t("people.tabs")}
            value={tab}
            onChange={(value) =>
              void navigate({ search: value === "people" ? {} : { tab: "invitations" } })
            }
            tabs={[
              {
                value: "people",
                label: t("people.tabPeople"),
                panel: <People search={search} onOpen={open} />,
              },
              {
                value: "invitations",
                label: t("people.tabInvitations"),
                panel: <Invitations />,
              },
            ]}
          />
        )}
      </div>
      {isAdding && tab === "people" && <AddPerson onClose={() => setAdding(false)} />}
      {isAdding && tab !== "people" && <Invite onClose={() => setAdding(false)} />}
      {isAllowed && search.open && (
        <PersonSheet key={search.open} id={search.open} onClose={() => open(undefined)} />
      )}
    </>
  );
}

interface PeopleProps {
  search: PeopleSearch;
  onOpen: (id: string) => void;
}

function People({ search, onOpen }: PeopleProps) {
  const { t } = useTranslation();
  const { data, error, refetch, isPlaceholderData } = useQuery(peopleQuery(toPeopleQuery(search)));
  return (
    <>
      <Filters search={search} />
      {error && (
        <ErrorNote error={error} title={t("people.loadFailed")} onRetry={() => void refetch()} />
      )}
      {!data && !error && <span className="skeleton block h-64 rounded-panel!" />}
      {data?.items.length === 0 && (
        <Panel className="px-6! py-10!">
          <h2 className="text-lead font-semibold">{t("people.filteredTitle")}</h2>
        </Panel>
      )}
      {data && data.items.length > 0 && (
        <div className={cx("transition-opacity", isPlaceholderData && "opacity-60")}>
          <PeopleList people={data.items} onOpen={(person) => onOpen(person.id)} />
        </div>
      )}
      {data && (
        <Pager from="/users" cursor={search.cursor} next={data.next_cursor}>
          {t("people.count", { count: data.total })}
        </Pager>
      )}
    </>
  );
}

function Filters({ search }: { search: PeopleSearch }) {
  const { t } = useTranslation();
  const navigate = useNavigate({ from: "/users" });
  const change = useCallback(
    (to: PeopleSearch) =>
      void navigate({
        search: (before) => ({ ...before, cursor: undefined, ...to }),
        replace: true,
      }),
    [navigate],
  );
  const onSearch = useCallback((text: string | undefined) => change({ search: text }), [change]);
  const either = <T extends string>(value: T | typeof all) => (value === all ? undefined : value);
  return (
    <div role="search" className="mb-3 flex flex-wrap gap-2">
      <SearchField
        label={t("people.search")}
        placeholder={t("people.searchPlaceholder")}
        value={search.search}
        onChange={onSearch}
        className="w-full table:w-64"
      />
      <Select<Role | typeof all>
        label={t("people.role")}
        value={search.role ?? all}
        onChange={(value) => change({ role: either(value) })}
        options={[
          { value: all, label: t("people.everyRole") },
          ...roles.map((value) => ({ value, label: t(`profile.role_${value}`) })),
        ]}
      />
      <Select<PersonState | typeof all>
        label={t("people.status")}
        value={search.standing ?? all}
        onChange={(value) => change({ standing: either(value) })}
        options={[
          { value: all, label: t("people.everyState") },
          ...personStates.map((value) => ({ value, label: t(`people.${value}`) })),
        ]}
      />
    </div>
  );
}
