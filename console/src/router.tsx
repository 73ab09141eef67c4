import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from "@tanstack/react-router";

import { AppShell } from "@/components/app-shell";
import { CrashPage } from "@/components/crash-page";
import { PageSkeleton } from "@/components/page-skeleton";
import { NotFoundPage } from "@/routes/not-found";
import { RootPage } from "@/routes/root";

import { parseAuditSearch } from "./lib/audit-search";
import { parseCodesSearch } from "./lib/codes-search";
import { parseDashboardSearch, parseOverviewSearch } from "./lib/dashboard-search";
import { parseDocsSearch } from "./lib/docs-search";
import { parseModelsSearch } from "./lib/models-search";
import { parsePeopleSearch } from "./lib/people-search";
import { parsePlaygroundSearch } from "./lib/playground/search";
import { parseSettingsSearch } from "./lib/settings";
import { parsePricesSearch } from "./lib/prices-search";
import { spans, type Span } from "./lib/spans";
import { parseTokensSearch } from "./lib/tokens-search";
import { parseLogsSearch, parseUsageSearch } from "./lib/usage-search";
import { parseWalletSearch } from "./lib/wallet-search";

const root = createRootRouteWithContext<{ queryClient: QueryClient }>()({
  component: RootPage,
  notFoundComponent: NotFoundPage,
  errorComponent: CrashPage,
});

const index = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/dashboard", replace: true });
  },
});

const app = createRoute({ getParentRoute: () => root, id: "app", component: AppShell });

const dashboard = createRoute({
  getParentRoute: () => app,
  path: "/dashboard",
  validateSearch: parseDashboardSearch,
  component: lazyRouteComponent(() => import("@/routes/dashboard"), "DashboardPage"),
  pendingComponent: PageSkeleton,
});

const models = createRoute({
  getParentRoute: () => app,
  path: "/models",
  validateSearch: parseModelsSearch,
  component: lazyRouteComponent(() => import("@/routes/models"), "ModelsPage"),
  pendingComponent: PageSkeleton,
});

const playground = createRoute({
  getParentRoute: () => app,
  path: "/playground",
  validateSearch: parsePlaygroundSearch,
  component: lazyRouteComponent(() => import("@/routes/playground"), "PlaygroundPage"),
  pendingComponent: PageSkeleton,
});

const docs = createRoute({
  getParentRoute: () => app,
  path: "/docs",
  validateSearch: parseDocsSearch,
  component: lazyRouteComponent(() => import("@/routes/docs"), "DocsPage"),
  pendingComponent: PageSkeleton,
});

const tokens = createRoute({
  getParentRoute: () => app,
  path: "/tokens",
  validateSearch: parseTokensSearch,
  component: lazyRouteComponent(() => import("@/routes/tokens"), "TokensPage"),
  pendingComponent: PageSkeleton,
});

const token = createRoute({
  getParentRoute: () => app,
  path: "/tokens/$id",
  validateSearch: (search): { days?: Span | undefined } => ({
    days: spans.find((span) => span === search["days"]),
  }),
  component: lazyRouteComponent(() => import("@/routes/token"), "TokenPage"),
  pendingComponent: PageSkeleton,
});

const usage = createRoute({
  getParentRoute: () => app,
  path: "/usage",
  validateSearch: parseUsageSearch,
  component: lazyRouteComponent(() => import("@/routes/usage"), "UsagePage"),
  pendingComponent: PageSkeleton,
});

const wallet = createRoute({
  getParentRoute: () => app,
  path: "/wallet",
  validateSearch: parseWalletSearch,
  component: lazyRouteComponent(() => import("@/routes/wallet"), "WalletPage"),
  pendingComponent: PageSkeleton,
});

const channels = createRoute({
  getParentRoute: () => app,
  path: "/channels",
  component: lazyRouteComponent(() => import("@/routes/channels"), "ChannelsPage"),
  pendingComponent: PageSkeleton,
});

const prices = createRoute({
  getParentRoute: () => app,
  path: "/prices",
  validateSearch: parsePricesSearch,
  component: lazyRouteComponent(() => import("@/routes/prices"), "PricesPage"),
  pendingComponent: PageSkeleton,
});

const codes = createRoute({
  getParentRoute: () => app,
  path: "/redemption-codes",
  validateSearch: parseCodesSearch,
  component: lazyRouteComponent(() => import("@/routes/codes"), "CodesPage"),
  pendingComponent: PageSkeleton,
});

const alerts = createRoute({
  getParentRoute: () => app,
  path: "/alerts",
  validateSearch: (search): { cursor?: string | undefined } => ({
    cursor: typeof search["cursor"] === "string" ? search["cursor"] : undefined,
  }),
  component: lazyRouteComponent(() => import("@/routes/alerts"), "AlertsPage"),
  pendingComponent: PageSkeleton,
});

const users = createRoute({
  getParentRoute: () => app,
  path: "/users",
  validateSearch: parsePeopleSearch,
  component: lazyRouteComponent(() => import("@/routes/users"), "UsersPage"),
  pendingComponent: PageSkeleton,
});

const audit = createRoute({
  getParentRoute: () => app,
  path: "/audit",
  validateSearch: parseAuditSearch,
  component: lazyRouteComponent(() => import("@/routes/audit"), "AuditPage"),
  pendingComponent: PageSkeleton,
});

const tiers = createRoute({
  getParentRoute: () => app,
  path: "/tiers",
  component: lazyRouteComponent(() => import("@/routes/tiers"), "TiersPage"),
  pendingComponent: PageSkeleton,
});

const overview = createRoute({
  getParentRoute: () => app,
  path: "/overview",
  validateSearch: parseOverviewSearch,
  component: lazyRouteComponent(() => import("@/routes/overview"), "OverviewPage"),
  pendingComponent: PageSkeleton,
});

const logs = createRoute({
  getParentRoute: () => app,
  path: "/logs",
  validateSearch: parseLogsSearch,
  component: lazyRouteComponent(() => import("@/routes/logs"), "LogsPage"),
  pendingComponent: PageSkeleton,
});

const settings = createRoute({
  getParentRoute: () => app,
  path: "/settings",
  validateSearch: parseSettingsSearch,
  component: lazyRouteComponent(() => import("@/routes/settings"), "SettingsPage"),
  pendingComponent: PageSkeleton,
});

const profile = createRoute({
  getParentRoute: () => app,
  path: "/profile",
  component: lazyRouteComponent(() => import("@/routes/profile"), "ProfilePage"),
  pendingComponent: PageSkeleton,
});

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: (search): { next?: string } =>
    typeof search.next === "string" ? { next: search.next } : {},
  component: lazyRouteComponent(() => import("@/routes/sign-in"), "SignInPage"),
});

const providerReturn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in/$provider",
  component: lazyRouteComponent(() => import("@/routes/provider-return"), "ProviderReturnPage"),
});

const setup = createRoute({
  getParentRoute: () => root,
  path: "/setup",
  component: lazyRouteComponent(() => import("@/routes/setup"), "SetupPage"),
});

const register = createRoute({
  getParentRoute: () => root,
  path: "/register",
  component: lazyRouteComponent(() => import("@/routes/register"), "RegisterPage"),
});

const reset = createRoute({
  getParentRoute: () => root,
  path: "/reset",
  component: lazyRouteComponent(() => import("@/routes/reset"), "ResetPage"),
});

const routeTree = root.addChildren([
  index,
  app.addChildren([
    dashboard,
    tokens,
    token,
    usage,
    models,
    playground,
    wallet,
    docs,
    channels,
    prices,
    codes,
    alerts,
    users,
    audit,
    tiers,
    overview,
    logs,
    settings,
    profile,
  ]),
  signIn,
  providerReturn,
  setup,
  register,
  reset,
]);

export function createAppRouter(queryClient: QueryClient) {
  return createRouter({
    routeTree,
    context: { queryClient },
    defaultPreload: "intent",
    defaultPendingMs: 0,
    defaultPendingMinMs: 0,
    defaultErrorComponent: CrashPage,
    // Plain query strings, so that documentation can link to /tokens?new=1&name=42 as text.
    parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
    stringifySearch: (search) => {
      const pairs = Object.entries(search).flatMap(([key, value]) =>
        value === undefined || value === "" ? [] : [[key, String(value)]],
      );
      return pairs.length === 0 ? "" : `?${new URLSearchParams(pairs)}`;
    },
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
  interface HistoryState {
    /** The page was reached by "Next page", so the page before it is one step back. */
    isFollowingPage?: boolean;
  }
}
