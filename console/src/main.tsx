import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { config } from "zod/v4/core";

import { ApiError } from "./api/errors";
import { startI18n } from "./i18n";
import { createAppRouter } from "./router";
import "./styles/index.css";

// zod would compile its checks with `new Function`, which the content security policy forbids.
config({ jitless: true });

const retries_max = 2;

const queryClient = new QueryClient({
  queryCache: new QueryCache({ onError: onFailure }),
  mutationCache: new MutationCache({ onError: onFailure }),
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      // An answer below 500 is final; only what the server or the way to it broke is tried again.
      retry: (count, error) =>
        count < retries_max &&
        error instanceof ApiError &&
        (error.status === 0 || error.status >= 500),
      retryDelay: (attempt) => 300 * 2 ** attempt,
    },
  },
});

const router = createAppRouter(queryClient);

/** A session that ended shows the sign-in page, which brings the reader back to where they were. */
function onFailure(error: Error): void {
  if (!(error instanceof ApiError) || error.code !== "not_signed_in") return;
  const { pathname, href } = router.state.location;
  if (["/setup", "/register", "/reset"].includes(pathname)) return;
  if (pathname === "/sign-in" || pathname.startsWith("/sign-in/")) return;
  void router.navigate({
    to: "/sign-in",
    search: href === "/dashboard" ? {} : { next: href },
    replace: true,
  });
}

await startI18n();

const host = document.getElementById("root");
if (host === null) throw new Error("index.html has no #root");
createRoot(host).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
