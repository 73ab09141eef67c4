import type { Token } from "@/api/types";

import { toCsv } from "./csv";

/** What a table program reads of some tokens: amounts in dollars, times in RFC 3339. No secrets. */
export function tokensCsv(tokens: readonly Token[]): string {
  return toCsv([
    [
      "id",
      "name",
      "hint",
      "status",
      "used_quota",
      "remaining_quota",
      "quota",
      "requests",
      "created_at",
      "expires_at",
      "last_used_at",
      "models",
      "ip_rules",
      "group",
    ],
    ...tokens.map((token) => [
      token.id,
      token.name,
      token.hint,
      token.status,
      token.used_quota,
      token.remaining_quota ?? "",
      token.quota ?? "",
      String(token.requests),
      token.created_at,
      token.expires_at ?? "",
      token.last_used_at ?? "",
      token.models.join(" "),
      token.ip_rules.join(" "),
      token.group,
    ]),
  ]);
}
