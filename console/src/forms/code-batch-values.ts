import type { CodesToMake } from "@/api/types";
import { amountInput, canonicalAmount, isZero } from "@/lib/money";

import { expiryOf, type Lifetime } from "./token-values";

/** What is typed into the form that makes redemption codes. */
export interface CodesValues {
  count: string;
  amount: string;
  uses: string;
  /** One account may redeem the same code more than once. */
  isAgain: boolean;
  lifetime: Lifetime;
  customTime: string;
  note: string;
}

export const emptyCodes: CodesValues = {
  count: "10",
  amount: "20",
  uses: "1",
  isAgain: false,
  lifetime: "year",
  customTime: "",
  note: "",
};

const whole = /^[1-9]\d{0,8}$/;

type Fault =
  | "codes.form.whole"
  | "codes.form.amountFault"
  | "validation.timeRequired"
  | "validation.timePast";

/** What is wrong, as keys of the texts; the operator's limits are the server's to know. */
export function faultsOfCodes(
  values: CodesValues,
  now = Date.now(),
): Partial<Record<"count" | "amount" | "uses" | "customTime", Fault>> {
  const amount = values.amount.trim();
  const end = expiryOf(values);
  const isCustom = values.lifetime === "custom";
  return {
    ...(whole.test(values.count.trim()) ? {} : { count: "codes.form.whole" as const }),
    ...(amountInput.test(amount) && !isZero(amount)
      ? {}
      : { amount: "codes.form.amountFault" as const }),
    ...(whole.test(values.uses.trim()) ? {} : { uses: "codes.form.whole" as const }),
    ...(isCustom && end === null ? { customTime: "validation.timeRequired" as const } : {}),
    ...(isCustom && end !== null && new Date(end).getTime() <= now
      ? { customTime: "validation.timePast" as const }
      : {}),
  };
}

/** What the server is asked for. */
export function bodyOfCodes(values: CodesValues): CodesToMake {
  return {
    count: Number(values.count),
    amount: canonicalAmount(values.amount),
    uses: Number(values.uses),
    again_by_account: values.isAgain && values.uses.trim() !== "1",
    expires_at: expiryOf(values),
    note: values.note.trim(),
  };
}
