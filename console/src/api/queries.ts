import { keepPreviousData, queryOptions } from "@tanstack/react-query";

import { api, bodyOf } from "./client";
import type { TokenQuery } from "./types";

export const keys = {
  instance: ["instance"],
  session: ["session"],
  account: ["account"],
  tokens: ["tokens"],
  models: ["models"],
  channels: ["channels"],
  providers: ["providers"],
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

export const tokenQuery = (id: string) =>
  queryOptions({
    queryKey: [...keys.tokens, "one", id],
    queryFn: () => bodyOf(api.GET("/api/v1/tokens/{id}", { params: { path: { id } } })),
  });

export const modelsQuery = queryOptions({
  queryKey: keys.models,
  queryFn: () => bodyOf(api.GET("/api/v1/models")),
});

export const channelsQuery = queryOptions({
  queryKey: keys.channels,
  queryFn: () => bodyOf(api.GET("/api/v1/channels")),
});

export const providersQuery = queryOptions({
  queryKey: keys.providers,
  queryFn: () => bodyOf(api.GET("/api/v1/providers")),
  staleTime: Infinity,
});
