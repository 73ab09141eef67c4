import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";

import type { OpenApi } from "@/lib/openapi";

import { api, bodyOf } from "./client";
import type {
  CodesQuery,
  DashboardQuery,
  SeriesQuery,
  StatementQuery,
  TokenQuery,
  UsageQuery,
  AuditQuery,
  PeopleQuery,
} from "./types";

export const keys = {
  instance: ["instance"],
  session: ["session"],
  account: ["account"],
  tokens: ["tokens"],
  models: ["models"],
  channels: ["channels"],
  providers: ["providers"],
  groups: ["groups"],
  prices: ["prices"],
  tiers: ["tiers"],
  usage: ["usage"],
  managementKeys: ["management-keys"],
  factors: ["factors"],
  identities: ["identities"],
  codes: ["redemption-codes"],
  alerts: ["alerts"],
  alertPreferences: ["alert-preferences"],
  sessions: ["sessions"],
  people: ["people"],
  invitations: ["invitations"],
  audit: ["audit"],
  settings: ["settings"],
} as const;

export const instanceQuery = queryOptions({
  queryKey: keys.instance,
  queryFn: () => bodyOf(api.GET("/api/v1/instance")),
});

export const sessionQuery = queryOptions({
  queryKey: keys.session,
  queryFn: () => bodyOf(api.GET("/api/v1/session")),
  staleTime: 60_000,
});

export const accountQuery = queryOptions({
  queryKey: keys.account,
  queryFn: () => bodyOf(api.GET("/api/v1/account")),
});

export const tokensQuery = (query: TokenQuery) =>
  queryOptions({
    queryKey: [...keys.tokens, "list", query],
    queryFn: () => bodyOf(api.GET("/api/v1/tokens", { params: { query } })),
    placeholderData: keepPreviousData,
  });

/** How models did in the last day; the hour changes without anybody's doing. */
export const modelHealthQuery = queryOptions({
  queryKey: [...keys.models, "health"],
  queryFn: () => bodyOf(api.GET("/api/v1/model-health")),
  staleTime: 60_000,
});

export const modelsQuery = queryOptions({
  queryKey: keys.models,
  queryFn: () => bodyOf(api.GET("/api/v1/models")),
});

export const channelsQuery = queryOptions({
  queryKey: keys.channels,
  queryFn: () => bodyOf(api.GET("/api/v1/channels")),
});

/** What the provider says it has; asked anew each time. */
export const fetchModels = (id: string) =>
  bodyOf(api.GET("/api/v1/channels/{id}/models", { params: { path: { id } } }));

export const managementKeysQuery = queryOptions({
  queryKey: keys.managementKeys,
  queryFn: () => bodyOf(api.GET("/api/v1/management-keys")),
});

export const factorsQuery = queryOptions({
  queryKey: keys.factors,
  queryFn: () => bodyOf(api.GET("/api/v1/factors")),
});

export const identitiesQuery = queryOptions({
  queryKey: keys.identities,
  queryFn: () => bodyOf(api.GET("/api/v1/identities")),
});

export const sessionsQuery = queryOptions({
  queryKey: [...keys.sessions, "list"],
  queryFn: () => bodyOf(api.GET("/api/v1/sessions")),
});

export const signInsQuery = queryOptions({
  queryKey: [...keys.sessions, "sign-ins"],
  queryFn: () => bodyOf(api.GET("/api/v1/sign-ins")),
});

export const peopleQuery = (query: PeopleQuery) =>
  queryOptions({
    queryKey: [...keys.people, "list", query],
    queryFn: () => bodyOf(api.GET("/api/v1/users", { params: { query } })),
    placeholderData: keepPreviousData,
  });

export const personQuery = (id: string) =>
  queryOptions({
    queryKey: [...keys.people, "one", id],
    queryFn: () => bodyOf(api.GET("/api/v1/users/{id}", { params: { path: { id } } })),
  });

export const invitationsQuery = queryOptions({
  queryKey: keys.invitations,
  queryFn: () => bodyOf(api.GET("/api/v1/invitations")),
});

export const auditQuery = (query: AuditQuery) =>
  queryOptions({
    queryKey: [...keys.audit, query],
    queryFn: () => bodyOf(api.GET("/api/v1/audit", { params: { query } })),
    placeholderData: keepPreviousData,
  });

export const providersQuery = queryOptions({
  queryKey: keys.providers,
  queryFn: () => bodyOf(api.GET("/api/v1/providers")),
  staleTime: Infinity,
});

export const groupsQuery = queryOptions({
  queryKey: keys.groups,
  queryFn: () => bodyOf(api.GET("/api/v1/groups")),
});

export const priceBookQuery = queryOptions({
  queryKey: [...keys.prices, "book"],
  queryFn: () => bodyOf(api.GET("/api/v1/prices")),
});

export const priceVersionsQuery = (model: string) =>
  queryOptions({
    queryKey: [...keys.prices, "versions", model],
    queryFn: () =>
      bodyOf(api.GET("/api/v1/prices/{model}/versions", { params: { path: { model } } })),
  });

export const tiersQuery = queryOptions({
  queryKey: keys.tiers,
  queryFn: () => bodyOf(api.GET("/api/v1/tiers")),
});

export const settingsQuery = queryOptions({
  queryKey: keys.settings,
  queryFn: () => bodyOf(api.GET("/api/v1/settings")),
});

/** What settings are for, by name, where the relay does not say it itself. */
export const settingMeaningsQuery = (language: string) =>
  queryOptions({
    queryKey: [...keys.settings, "meanings", language],
    queryFn: async (): Promise<Readonly<Record<string, string>>> =>
      language === "zh-CN" ? (await import("@/i18n/zh-CN-settings-meanings")).meanings : {},
    staleTime: Infinity,
  });

export const askAddress = (ip_rules: string[], address: string | null) =>
  bodyOf(api.POST("/api/v1/address-check", { body: { ip_rules, address } }));

/** Whether the browser's own address would pass these rules. */
export const ownAddressQuery = (rules: string[]) =>
  queryOptions({
    queryKey: ["address-check", rules],
    queryFn: () => askAddress(rules, null),
    staleTime: 60_000,
  });

export const tokenDetailQuery = (id: string) =>
  queryOptions({
    queryKey: [...keys.tokens, "detail", id],
    queryFn: () => bodyOf(api.GET("/api/v1/tokens/{id}/detail", { params: { path: { id } } })),
  });

export const usageQuery = (query: UsageQuery) =>
  queryOptions({
    queryKey: [...keys.usage, "list", query],
    queryFn: () => bodyOf(api.GET("/api/v1/usage", { params: { query } })),
    placeholderData: keepPreviousData,
  });

export const usageOfQuery = (id: string) =>
  queryOptions({
    queryKey: [...keys.usage, "one", id],
    queryFn: () =>
      bodyOf(api.GET("/api/v1/usage/{request_id}", { params: { path: { request_id: id } } })),
  });

export const seriesQuery = (token: string, last: number) =>
  queryOptions({
    queryKey: [...keys.usage, "series", token, last],
    queryFn: () =>
      bodyOf(api.GET("/api/v1/usage-series", { params: { query: { token, by: "day", last } } })),
  });

/** Sums of all tokens, or of one, by hour or day. */
export const sumsQuery = (query: SeriesQuery) =>
  queryOptions({
    queryKey: [...keys.usage, "sums", query],
    queryFn: () => bodyOf(api.GET("/api/v1/usage-series", { params: { query } })),
    placeholderData: keepPreviousData,
  });

export const dashboardQuery = (query: DashboardQuery) =>
  queryOptions({
    queryKey: [...keys.usage, "dashboard", query],
    queryFn: () => bodyOf(api.GET("/api/v1/dashboard", { params: { query } })),
    placeholderData: keepPreviousData,
  });

export const overviewQuery = (period: string) =>
  queryOptions({
    queryKey: [...keys.usage, "overview", period],
    queryFn: () => bodyOf(api.GET("/api/v1/overview", { params: { query: { period } } })),
    placeholderData: keepPreviousData,
  });

/** The description of the control API that this very relay serves. */
export const openapiQuery = queryOptions({
  queryKey: ["openapi"],
  queryFn: async () => (await bodyOf(api.GET("/api/v1/openapi.json"))) as OpenApi,
  staleTime: Infinity,
});

export const runningQuery = (query: { account?: string }) =>
  queryOptions({
    queryKey: [...keys.usage, "running", query],
    queryFn: () => bodyOf(api.GET("/api/v1/running-requests", { params: { query } })),
    refetchInterval: 2_000,
  });

export const statementQuery = (query: StatementQuery) =>
  queryOptions({
    queryKey: [...keys.account, "statement", query],
    queryFn: () => bodyOf(api.GET("/api/v1/statement", { params: { query } })),
    placeholderData: keepPreviousData,
  });

export const codesQuery = (query: CodesQuery) =>
  queryOptions({
    queryKey: [...keys.codes, "list", query],
    queryFn: () => bodyOf(api.GET("/api/v1/redemption-codes", { params: { query } })),
    placeholderData: keepPreviousData,
  });

/** A redemption code and its uses, page by page. */
export const codeQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: [...keys.codes, "one", id],
    queryFn: ({ pageParam }) =>
      bodyOf(
        api.GET("/api/v1/redemption-codes/{id}", {
          params: { path: { id }, query: { cursor: pageParam } },
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

/** How often a payment that is not decided is asked about. */
const payment_ms = 2_000;

export const paymentQuery = (id: string) =>
  queryOptions({
    queryKey: [...keys.account, "payment", id],
    queryFn: () => bodyOf(api.GET("/api/v1/payments/{id}", { params: { path: { id } } })),
    refetchInterval: ({ state }) =>
      state.data === undefined || ["open", "pending"].includes(state.data.state)
        ? payment_ms
        : false,
  });

/** How often it is asked whether there is something new to be told. */
const alerts_ms = 60_000;

/** How many alerts are new, for the bell. */
export const unseenAlertsQuery = queryOptions({
  queryKey: [...keys.alerts, "unseen"],
  queryFn: () => bodyOf(api.GET("/api/v1/alerts", { params: { query: { limit: 1 } } })),
  refetchInterval: alerts_ms,
});

export const alertsQuery = (cursor: string | undefined) =>
  queryOptions({
    queryKey: [...keys.alerts, "list", cursor ?? ""],
    queryFn: () => bodyOf(api.GET("/api/v1/alerts", { params: { query: { cursor } } })),
    placeholderData: keepPreviousData,
  });

export const alertPreferencesQuery = queryOptions({
  queryKey: keys.alertPreferences,
  queryFn: () => bodyOf(api.GET("/api/v1/alert-preferences")),
});
