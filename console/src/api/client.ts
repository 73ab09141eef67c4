import createClient, { type Middleware } from "openapi-fetch";

import { ApiError } from "./errors";
import type { paths } from "./schema";
import { fetchSteppingUp } from "./step-up";

/** Proof that a page of ours sent the request: a foreign page cannot set this header. */
const ownPage: Middleware = {
  onRequest({ request }) {
    request.headers.set("x-anc-console", "1");
    return request;
  },
};

/** Every failure leaves here as an `ApiError`, so callers read one shape only. */
const failures: Middleware = {
  async onResponse({ response }) {
    if (response.ok) return response;
    const body: unknown = await response.json().catch(() => null);
    throw ApiError.fromResponse(response, body);
  },
  onError({ error }) {
    return error instanceof ApiError ? error : ApiError.unreachable();
  },
};

export const api = createClient<paths>({
  baseUrl: window.location.origin,
  fetch: fetchSteppingUp,
});
api.use(ownPage, failures);

/** The body of a call that has one; the middleware above has thrown on any failure. */
export async function bodyOf<T>(call: Promise<{ data?: T }>): Promise<T> {
  const { data } = await call;
  if (data === undefined) throw ApiError.unreadable();
  return data;
}
