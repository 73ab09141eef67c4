// Every call of the control API that the console's pages make, as they make it: filters, the first
// page, pages far behind, searches. Four look: the owner, who is the busiest account; a person; an
// operator at the largest account of all (one token in twenty) and at everybody's; and whoever runs
// the command line, whose lists are of all accounts.

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Which part of all calls must be within the bound. */
export const PERCENTILE = 95;
/** Milliseconds of the log and of the first page. */
const QUICK_MS = 100;
/** Milliseconds of every other page. */
const PAGE_MS = 150;
/** Of the command line's lists of everybody's tokens, which no page has. */
const NO_MS = Infinity;

const DAY = 86_400_000;
const ago = (ms) => `${new Date(Math.floor((Date.now() - ms) / 60_000) * 60_000).toISOString().slice(0, 19)}Z`;
const list = { limit: 50 };

/** What the console asks for that is not measured, each with its reason. */
const LEFT = {
  "/api/v1/channels/{id}/models": "asks the provider",
  "/api/v1/payments/{id}": "needs a payment provider",
  "/api/v1/openapi.json": "one document, whatever the database",
};

/** The log's filters, as `console/src/lib/usage-search.ts` writes them. */
const logFilters = (state) => [
  ["the newest", {}],
  ["far behind", (round) => ({ cursor: state.deep(round) })],
  ["a model", { model: "claude-sonnet-5-5" }],
  ["a model, far behind", (round) => ({ model: "gpt-5.4", cursor: state.deep(round) })],
  ["a rare model", { model: "text-embedding-3-small" }],
  ["timeouts", { end_reason: "timeout" }],
  ["a rare model's timeouts", { model: "text-embedding-3-small", end_reason: "timeout" }],
  ["an end that never was", { end_reason: "revoked" }],
  ["buffered", { stream: false }],
  ["from $0.02 on", { min_charge: "0.02" }],
  ["from $5 on", { min_charge: "5" }],
  ["one hour", { since: ago(3_600_000) }],
  ["thirty days, cut off", { since: ago(30 * DAY), end_reason: "upstream_cut" }],
  ["a day two months ago", { since: ago(61 * DAY), until: ago(60 * DAY) }],
  ["a day two months ago, timeouts", { since: ago(61 * DAY), until: ago(60 * DAY), end_reason: "timeout" }],
];

function log(state, as, who, account, filters = logFilters(state)) {
  return filters.map(([what, given]) => ({
    page: "log",
    what: `${who}: ${what}`,
    bound: QUICK_MS,
    make: (round) => ({
      as,
      path: "/usage",
      query: { ...(typeof given === "function" ? given(round) : given), ...list, account },
    }),
  }));
}

/** What does not change from round to round. */
function gets(page, bound, as, entries) {
  return entries.map(([what, path, query]) => ({
    page,
    what,
    bound,
    make: () => ({ as, path, query }),
  }));
}

const byDay = (last, more) => ({ by: "day", last, ...more });
const byHour = (last, more) => ({ by: "hour", last, ...more });

function dashboards(as, who, account) {
  const spans = [byHour(24), byDay(7), byDay(30), byDay(90)];
  return gets("dashboard", QUICK_MS, as, [
    ...spans.map((span) => [`${who}: ${span.last} ${span.by}s`, "/dashboard", { ...span, account }]),
    ...spans.map((span) => [`${who}: sums of ${span.last} ${span.by}s`, "/usage-series", { ...span, account }]),
  ]);
}

/** The tokens page's lists, as `console/src/lib/tokens-search.ts` writes them. */
function tokens(as, who, account, cursors, bound = PAGE_MS) {
  const sorts = ["-created_at", "name", "-name", "-used_quota", "used_quota", "expires_at"];
  const entries = [
    ...sorts.map((sort) => [sort, { sort }]),
    ["search", { search: "codex" }],
    ["search that finds one", { search: "Bot-4" }],
    ["search that finds none", { search: "nobody-calls-it-so" }],
    ...["enabled", "disabled", "expired", "exhausted"].map((status) => [status, { status }]),
    ["expiring", { expires_before: ago(-7 * DAY) }],
    ["unused", { unused_since: ago(30 * DAY) }],
    ["called a rare model", { called: "text-embedding-3-small" }],
  ];
  const first = gets(
    "tokens",
    bound,
    as,
    entries.map(([what, query]) => [
      `${who}: ${what}`,
      "/tokens",
      { sort: "-created_at", ...query, ...list, account },
    ]),
  );
  const deep = Object.entries(cursors).filter(([, known]) => known.length > 0).map(([sort, known]) => ({
    page: "tokens",
    what: `${who}: ${sort}, far behind`,
    bound,
    make: (round) => ({
      as,
      path: "/tokens",
      query: { sort, ...list, account, cursor: known[round % known.length] },
    }),
  }));
  return [...first, ...deep];
}

/** A token's page, of one much used and of one that nearly nobody uses. */
function token(state) {
  return [["busy", state.busyToken], ["idle", state.idleToken]].flatMap(([what, id]) =>
    gets("token", PAGE_MS, "owner", [
      [`${what}: detail`, `/tokens/${id}/detail`],
      [`${what}: itself`, `/tokens/${id}`],
      [`${what}: its calls`, "/usage", { token: id, limit: 10 }],
      ...[7, 30, 90].map((days) => [`${what}: ${days} days`, "/usage-series", byDay(days, { token: id })]),
    ]).concat(
      log(state, "owner", `${what} token`, undefined, [
        ["the newest", { token: id }],
        ["timeouts", { token: id, end_reason: "timeout" }],
        ["a rare model", { token: id, model: "text-embedding-3-small" }],
        ["from $5 on", { token: id, min_charge: "5" }],
        ["a day two months ago", { token: id, since: ago(61 * DAY), until: ago(60 * DAY) }],
      ]),
    ),
  );
}

/** Pages behind the first, where there are any. */
function farBehind(page, what, path, query, cursors) {
  if (cursors.length === 0) return [];
  const make = (round) => ({ as: "owner", path, query: { ...query, cursor: cursors[round % cursors.length] } });
  return [{ page, what, bound: PAGE_MS, make }];
}

function operators(state) {
  const people = [
    ["first", {}],
    ["search", { search: "person-19" }],
    ["search that finds none", { search: "nobody-is-called-so" }],
    ["administrators", { role: "admin" }],
    ["disabled", { state: "disabled" }],
  ];
  const accounts = [
    ["newest", { sort: "-created_at" }],
    ["by name", { sort: "name" }],
    ["richest", { sort: "-balance" }],
    ["search", { search: "person-19" }],
    ["suspended", { suspended: true }],
  ];
  return [
    ...gets("people", PAGE_MS, "owner", people.map(([what, query]) => [what, "/users", query])),
    ...farBehind("people", "far behind", "/users", {}, state.peopleCursors),
    ...gets("people", PAGE_MS, "owner", [
      ["one", `/users/${state.largePerson}`],
      ["invitations", "/invitations"],
    ]),
    ...gets("accounts", PAGE_MS, "owner", accounts.map(([what, query]) => [what, "/accounts", { ...query, ...list }])),
    ...farBehind("accounts", "richest, far behind", "/accounts", { sort: "-balance", ...list }, state.accountCursors),
    ...gets("accounts", PAGE_MS, "owner", [["the largest", `/accounts/${state.large}`]]),
    ...gets("audit", PAGE_MS, "owner", [
      ["newest", "/audit"],
      ["by actor", "/audit", { actor: "owner" }],
      ["of tokens", "/audit", { action: "token." }],
      ["a week", "/audit", { since: ago(7 * DAY) }],
    ]),
    ...gets("codes", PAGE_MS, "owner", [
      ["newest", "/redemption-codes"],
      ["open", "/redemption-codes", { state: "open" }],
      ["one", `/redemption-codes/${state.code}`],
    ]),
    ...gets("tiers", PAGE_MS, "owner", [["all", "/tiers"]]),
    ...gets("settings", PAGE_MS, "owner", [["all", "/settings"]]),
    ...gets("overview", PAGE_MS, "owner", ["24h", "7d", "30d"].map((period) => [period, "/overview", { period }])),
    ...gets("channels", PAGE_MS, "owner", [["all", "/channels"], ["providers", "/providers"], ["groups", "/groups"]]),
  ];
}

function persons() {
  return [
    ...gets("shell", PAGE_MS, "user", [
      ["instance", "/instance"],
      ["session", "/session"],
      ["account", "/account"],
      ["new alerts", "/alerts", { limit: 1 }],
    ]),
    ...gets("models", PAGE_MS, "user", [["all", "/models"], ["health", "/model-health"]]),
    ...gets("alerts", PAGE_MS, "user", [["first", "/alerts"], ["preferences", "/alert-preferences"]]),
    ...gets("profile", PAGE_MS, "user", [
      ["sessions", "/sessions"],
      ["sign-ins", "/sign-ins"],
      ["second factor", "/factors"],
      ["management keys", "/management-keys"],
    ]),
    ...gets("log", QUICK_MS, "user", [["running", "/running-requests"]]),
  ];
}

function wallets(as, who, account) {
  return gets("wallet", PAGE_MS, as, [
    [`${who}: statement`, "/statement", { account }],
    [`${who}: requests only`, "/statement", { kind: "usage", account }],
    [`${who}: grants only`, "/statement", { kind: "grant", account }],
    [`${who}: an earlier month`, "/statement", { since: ago(80 * DAY), until: ago(50 * DAY), account }],
  ]);
}

/** What people change most often. */
function changes(state) {
  const change = (what, make) => ({ page: "tokens", what, bound: PAGE_MS, make });
  const path = `/tokens/${state.idleToken}`;
  return [
    change("switch", (round) => ({ as: "owner", method: "PATCH", path, body: { enabled: round % 2 === 0 } })),
    change("edit", (round) => ({ as: "owner", method: "PATCH", path, body: { name: `Edited ${round}` } })),
    change("bulk switch of the page", (round) => ({
      as: "owner",
      method: "POST",
      path: "/tokens/bulk",
      body: { ids: state.page, action: round % 2 === 0 ? "disable" : "enable" },
    })),
  ];
}

/** Cursors of pages one behind the other. */
async function walk(world, as, path, query, pages) {
  const cursors = [];
  let cursor;
  for (let page = 0; page < pages; page += 1) {
    ({ next_cursor: cursor } = await world.get(as, path, { ...query, cursor }));
    if (cursor === null) break;
    cursors.push(cursor);
  }
  // The last half: far behind.
  return cursors.length > 1 ? cursors.slice(Math.floor(cursors.length / 2)) : cursors;
}

async function look(world) {
  const mine = await world.get("owner", "/tokens", { sort: "-used_quota", limit: 50 });
  const newest = await world.get("owner", "/usage", { limit: 1, account: "all" });
  const everybody = await world.get("local", "/tokens", { sort: "created_at", limit: 200 });
  // Of every twenty tokens one is the large account's.
  let [large, most] = [undefined, 0];
  for (const id of new Set(everybody.items.map(({ account_id }) => account_id))) {
    const { total } = await world.get("owner", "/tokens", { account: id, limit: 1 });
    if (total > most) [large, most] = [id, total];
  }
  const account = await world.get("owner", `/accounts/${large}`);
  const made = await world.get("owner", "/redemption-codes", { limit: 1 });
  let code = made.items[0]?.id;
  if (code === undefined) {
    const post = (path, body) => world.send({ as: "owner", method: "POST", path, body });
    await post("/session/step-up", { password: world.password });
    await post("/redemption-codes", { count: 100, amount: "1", note: "Bench" });
    code = (await world.get("owner", "/redemption-codes", { limit: 1 })).items[0].id;
  }
  const last = Number(newest.next_cursor);
  return {
    busyToken: mine.items[0].id,
    idleToken: mine.items.at(-1).id,
    page: mine.items.slice(0, 20).map(({ id }) => id),
    request: newest.items[0].request_id,
    // Anywhere in the log: a cursor of it is a place.
    deep: (round) => Math.max(2, Math.floor((last * ((round * 37) % 100)) / 100)),
    large,
    largePerson: account.people[0].id,
    code,
    peopleCursors: await walk(world, "owner", "/users", { limit: 200 }, 60),
    accountCursors: await walk(world, "owner", "/accounts", { sort: "-balance", limit: 200 }, 60),
    largeCursors: {
      "-created_at": await walk(world, "owner", "/tokens", { account: large, limit: 200 }, 60),
      name: await walk(world, "owner", "/tokens", { account: large, sort: "name", limit: 200 }, 60),
      "-used_quota": await walk(world, "owner", "/tokens", { account: large, sort: "-used_quota", limit: 200 }, 60),
    },
    allCursors: {
      "-created_at": await walk(world, "local", "/tokens", { limit: 200 }, 60),
      name: await walk(world, "local", "/tokens", { sort: "name", limit: 200 }, 60),
    },
  };
}

/** Everything that is measured. */
export async function calls(world) {
  const state = await look(world);
  const { large } = state;
  return [
    ...persons(),
    ...dashboards("owner", "owner"),
    ...dashboards("user", "person"),
    ...dashboards("owner", "largest", large),
    ...dashboards("owner", "everybody", "all"),
    ...gets("dashboard", QUICK_MS, "owner", [["whether anything was called", "/usage", { end_reason: "complete", limit: 1 }]]),
    ...log(state, "owner", "owner"),
    ...log(state, "user", "person"),
    ...log(state, "owner", "largest", large),
    ...log(state, "owner", "everybody", "all"),
    ...gets("log", QUICK_MS, "owner", [
      ["one request", `/usage/${state.request}`],
      ["by its id", "/usage", { request_id: state.request, ...list }],
      ["tokens to choose from", "/tokens", { limit: 200, sort: "name" }],
      ["the largest's tokens to choose from", "/tokens", { limit: 200, sort: "name", account: large }],
    ]),
    ...tokens("owner", "owner", undefined, {}),
    ...tokens("owner", "largest", large, state.largeCursors),
    ...token(state),
    ...wallets("owner", "owner"),
    ...wallets("owner", "largest", large),
    ...operators(state),
    ...tokens("local", "everybody", undefined, state.allCursors, NO_MS),
    ...changes(state),
  ];
}

/** Fails where the console asks for something that is neither measured nor left out for a reason. */
export function notCalled() {
  const source = fileURLToPath(new URL("../../console/src", import.meta.url));
  const own = readFileSync(fileURLToPath(import.meta.url), "utf8");
  const asked = readdirSync(source, { recursive: true })
    .filter((name) => /\.tsx?$/.test(name) && !name.endsWith("schema.d.ts"))
    .flatMap((name) => [...readFileSync(join(source, name), "utf8").matchAll(/api\.GET\(\s*"([^"]+)"/g)])
    .map(([, path]) => path);
  const unknown = [...new Set(asked)].filter((path) => {
    const text = path.slice("/api/v1".length).split("{")[0];
    return LEFT[path] === undefined && !own.includes(`"${text}`) && !own.includes(`\`${text}`);
  });
  if (unknown.length > 0) throw new Error(`the console asks for what is not measured: ${unknown.join(", ")}`);
}
