import type { Session } from "@/api/types";

export function isOperator(role: Session["user"]["role"]): boolean {
  return role === "owner" || role === "admin";
}
