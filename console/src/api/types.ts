import type { paths } from "./schema";

/**
 * The shapes are taken from the paths, not from the names of the components: the document is
 * printed by the server and its component names are the server's own business.
 */
type Json<T> = T extends { content: { "application/json": infer Body } } ? Body : never;
type Ok<T> = T extends { responses: infer R }
  ? Json<R extends { 200: infer A } ? A : R extends { 201: infer A } ? A : never>
  : never;
type Body<T> = T extends { requestBody: infer R } ? Json<R> : never;
type Query<T> = T extends { parameters: { query?: infer Q } } ? NonNullable<Q> : never;

export type Instance = Ok<paths["/api/v1/instance"]["get"]>;
export type Setup = Body<paths["/api/v1/setup"]["post"]>;
export type Session = Ok<paths["/api/v1/session"]["get"]>;
export type Account = Ok<paths["/api/v1/account"]["get"]>;

export type TokenList = Ok<paths["/api/v1/tokens"]["get"]>;
export type TokenQuery = Query<paths["/api/v1/tokens"]["get"]>;
export type Token = TokenList["items"][number];
export type TokenStatus = Token["status"];
export type NewToken = Body<paths["/api/v1/tokens"]["post"]>;
export type CreatedToken = Ok<paths["/api/v1/tokens"]["post"]>;
export type TokenChange = Body<paths["/api/v1/tokens/{id}"]["patch"]>;

export type Model = Ok<paths["/api/v1/models"]["get"]>["items"][number];
export type ModelPrice = NonNullable<Model["price"]>;
export type PriceConditions = UsageDetail["price_rules"][number];
export type Channel = Ok<paths["/api/v1/channels"]["get"]>["items"][number];
export type NewChannel = Body<paths["/api/v1/channels"]["post"]>;
export type Provider = Ok<paths["/api/v1/providers"]["get"]>["items"][number];
export type TokenDetail = Ok<paths["/api/v1/tokens/{id}/detail"]["get"]>;
export type UsageQuery = Query<paths["/api/v1/usage"]["get"]>;
export type UsageRow = Ok<paths["/api/v1/usage"]["get"]>["items"][number];
export type Series = Ok<paths["/api/v1/usage-series"]["get"]>;
export type SeriesQuery = Query<paths["/api/v1/usage-series"]["get"]>;
export type Dashboard = Ok<paths["/api/v1/dashboard"]["get"]>;
export type DashboardQuery = Query<paths["/api/v1/dashboard"]["get"]>;
export type BulkAction = Body<paths["/api/v1/tokens/bulk"]["post"]>;
export type BulkOutcome = Ok<paths["/api/v1/tokens/bulk"]["post"]>;
export type CreatedTokens = Ok<paths["/api/v1/tokens/batch"]["post"]>;
export type Group = Ok<paths["/api/v1/groups"]["get"]>["items"][number];
export type TierInUse = Ok<paths["/api/v1/tiers"]["get"]>["items"][number];
export type Tier = TierInUse["tier"];
export type Overview = Ok<paths["/api/v1/overview"]["get"]>;
export type ModelHealth = Ok<paths["/api/v1/model-health"]["get"]>["items"][number];
export type SettingList = Ok<paths["/api/v1/settings"]["get"]>;
export type Setting = SettingList["items"][number];
export type NewTier = Body<paths["/api/v1/tiers"]["post"]>;
export type TierChange = Body<paths["/api/v1/tiers/{id}"]["patch"]>;
export type UsageDetail = Ok<paths["/api/v1/usage/{request_id}"]["get"]>;
export type RunningRequest = Ok<paths["/api/v1/running-requests"]["get"]>["items"][number];
export type ChannelChange = Body<paths["/api/v1/channels/{id}"]["patch"]>;
export type ChannelTested = Ok<paths["/api/v1/channels/{id}/test"]["post"]>;
export type OfferedModel = Ok<paths["/api/v1/channels/{id}/models"]["get"]>["items"][number];
export type ManagementKey = Ok<paths["/api/v1/management-keys"]["get"]>["items"][number];
export type NewManagementKey = Body<paths["/api/v1/management-keys"]["post"]>;
export type CreatedManagementKey = Ok<paths["/api/v1/management-keys"]["post"]>;
export type ProposedTotp = Ok<paths["/api/v1/factors/totp"]["post"]>;
export type RecoveryCodes = Ok<paths["/api/v1/factors/recovery-codes"]["post"]>;
export type ProviderAddress = Ok<paths["/api/v1/provider-sign-ins"]["post"]>;
export type VisitDone = Ok<paths["/api/v1/provider-sign-ins/finish"]["post"]>;
export type Identity = Ok<paths["/api/v1/identities"]["get"]>["items"][number];
export type PaymentTerms = NonNullable<Account["payments"]>;
export type Payment = Ok<paths["/api/v1/payments/{id}"]["get"]>;
export type SessionSeen = Ok<paths["/api/v1/sessions"]["get"]>["items"][number];
export type SignInSeen = Ok<paths["/api/v1/sign-ins"]["get"]>["items"][number];
export type PeopleQuery = Query<paths["/api/v1/users"]["get"]>;
export type Person = Ok<paths["/api/v1/users"]["get"]>["items"][number];
export type PersonChange = Body<paths["/api/v1/users/{id}"]["patch"]>;
export type PasswordLink = Ok<paths["/api/v1/users/{id}/password-link"]["post"]>;
export type NewCredit = Body<paths["/api/v1/credits"]["post"]>;
export type CreditPosted = Ok<paths["/api/v1/credits"]["post"]>;
export type Invitation = Ok<paths["/api/v1/invitations"]["get"]>["items"][number];
export type CreatedInvitation = Ok<paths["/api/v1/invitations"]["post"]>;
export type AuditQuery = Query<paths["/api/v1/audit"]["get"]>;
export type AuditedChange = Ok<paths["/api/v1/audit"]["get"]>["items"][number];
export type StatementQuery = Query<paths["/api/v1/statement"]["get"]>;
export type Movement = Ok<paths["/api/v1/statement"]["get"]>["items"][number];
export type CodesQuery = Query<paths["/api/v1/redemption-codes"]["get"]>;
export type RedemptionCode = Ok<paths["/api/v1/redemption-codes"]["get"]>["items"][number];
export type CodesToMake = Body<paths["/api/v1/redemption-codes"]["post"]>;
export type CodesMade = Ok<paths["/api/v1/redemption-codes"]["post"]>;
export type CodeUse = Ok<paths["/api/v1/redemption-codes/{id}"]["get"]>["redemptions"][number];
export type RedemptionDone = Ok<paths["/api/v1/redemptions"]["post"]>;
export type Alert = Ok<paths["/api/v1/alerts"]["get"]>["items"][number];
export type AlertPreferences = Ok<paths["/api/v1/alert-preferences"]["get"]>;
export type AlertPreferenceChange = Body<paths["/api/v1/alert-preferences"]["put"]>;
export type NewWebhook = Ok<paths["/api/v1/webhook"]["put"]>;
export type WebhookTest = Ok<paths["/api/v1/webhook/test"]["post"]>;
export type PriceBook = Ok<paths["/api/v1/prices"]["get"]>;
export type BookedPrice = PriceBook["items"][number];
export type PriceRule = NonNullable<ModelPrice["rules"]>[number];
export type PriceVersion = Ok<paths["/api/v1/prices/{model}/versions"]["get"]>["items"][number];
export type PriceImport = Ok<paths["/api/v1/price-imports/preview"]["post"]>;
export type ImportItem = PriceImport["items"][number];
