import type { TFunction } from "i18next";

/** A failed call of the control API, or one that never arrived. */
export class ApiError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status: number,
    readonly requestId: string | null,
    readonly field: string | null = null,
    readonly details: Record<string, unknown> | null = null,
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(message);
    this.name = "ApiError";
  }

  static unreachable(): ApiError {
    return new ApiError("unreachable", "", 0, null);
  }

  static unreadable(): ApiError {
    return new ApiError("unreadable", "", 0, null);
  }

  static fromResponse(response: Response, body: unknown): ApiError {
    const requestId = response.headers.get("x-request-id");
    const retryAfter = Number(response.headers.get("retry-after") ?? Number.NaN);
    const wait = Number.isFinite(retryAfter) ? retryAfter : null;
    const error = envelopeOf(body);
    if (error === null) {
      return new ApiError("unreadable", "", response.status, requestId, null, null, wait);
    }
    return new ApiError(
      error.code,
      error.message,
      response.status,
      error.request_id ?? requestId,
      error.field ?? null,
      error.details ?? null,
      wait,
    );
  }
}

interface Envelope {
  code: string;
  message: string;
  request_id?: string;
  field?: string | null;
  details?: Record<string, unknown> | null;
}

function envelopeOf(body: unknown): Envelope | null {
  if (typeof body !== "object" || body === null || !("error" in body)) return null;
  const error = body.error as Partial<Envelope> | null;
  return typeof error?.code === "string" && typeof error.message === "string"
    ? (error as Envelope)
    : null;
}

/**
 * The codes that have words of their own in both languages. What is not listed, and every
 * `invalid_request`, shows the server's sentence: it names the value that was refused.
 */
const translated = [
  "not_signed_in",
  "wrong_credentials",
  "wrong_code",
  "sign_in_expired",
  "step_up_required",
  "link_not_valid",
  "sign_up_closed",
  "identity_provider_failed",
  "identity_refused",
  "email_not_verified",
  "email_domain_not_allowed",
  "person_disabled",
  "connect_first",
  "identity_taken",
  "last_way_in",
  "not_your_identity",
  "not_shown_anew",
  "mail_not_configured",
  "forbidden",
  "not_found",
  "setup_done",
  "setup_code_wrong",
  "token_limit_reached",
  "payments_off",
  "too_many_payments",
  "account_suspended",
  "code_mistyped",
  "code_unknown",
  "code_redeemed_before",
  "code_used_up",
  "code_expired",
  "code_revoked",
  "request_too_large",
  "too_many_attempts",
  "service_unavailable",
  "internal",
  "insecure_connection",
  "unreachable",
  "unreadable",
] as const;

type TranslatedCode = (typeof translated)[number];

function isTranslated(code: string): code is TranslatedCode {
  return (translated as readonly string[]).includes(code);
}

export interface ErrorText {
  message: string;
  requestId: string | null;
}

/** What the reader is told: what happened and what to do, in their language. */
export function describeError(error: unknown, t: TFunction): ErrorText {
  const failure = error instanceof ApiError ? error : ApiError.unreadable();
  return { message: messageOf(failure, t), requestId: failure.requestId };
}

function messageOf(error: ApiError, t: TFunction): string {
  if (!isTranslated(error.code)) return error.message || t("errors.unreadable");
  if (error.code === "too_many_attempts" && error.retryAfterSeconds !== null) {
    return t("errors.too_many_attempts_wait", { seconds: error.retryAfterSeconds });
  }
  if (error.code === "token_limit_reached") {
    const { tier, limit, used } = error.details ?? {};
    const isTold =
      typeof tier === "string" && typeof limit === "number" && typeof used === "number";
    return isTold ? t("errors.token_limit_reached", { tier, limit, used }) : error.message;
  }
  return t(`errors.${error.code}`);
}
