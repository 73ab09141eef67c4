import { useRouterState } from "@tanstack/react-router";

/** What a one-time link carries stands behind the `#`, which browsers send to nobody. */
export function useLinkHash(): URLSearchParams {
  const hash = useRouterState({ select: (state) => state.location.hash });
  return new URLSearchParams(hash);
}
