import { useQuery } from "@tanstack/react-query";

import { sessionQuery } from "@/api/queries";

import { pagesFor, type Page } from "./pages";
import { isOperator } from "./roles";

/** The pages that the reader may open. */
export function usePages(): readonly Page[] {
  const { data: session } = useQuery(sessionQuery);
  return pagesFor(session !== undefined && isOperator(session.user.role));
}
