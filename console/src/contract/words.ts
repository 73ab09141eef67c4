/**
 * The English words of the tokens contract, as the platform's documentation prints them. The
 * English texts and the browser tests both read them here, so a change of wording is one change.
 */
export const words = {
  tokens: "Tokens",
  addToken: "Add Token",
  submit: "Submit",
  edit: "Edit",
  delete: "Delete",
  confirm: "Confirm",
  undo: "Undo",

  columns: {
    name: "Name",
    status: "Status",
    usedQuota: "Used Quota",
    remainingQuota: "Remaining Quota",
    createdTime: "Created Time",
    expirationTime: "Expiration Time",
  },

  fields: {
    name: "Name",
    expiration: "Expiration",
    quota: "Quota",
    modelRestriction: "Model Restriction",
    ipRestriction: "IP Restriction",
  },

  status: {
    enabled: "Enabled",
    disabled: "Disabled",
    expired: "Expired",
    exhausted: "Exhausted",
  },

  unlimited: "Unlimited",
  neverExpires: "Never Expires",
  irreversible: "This is irreversible.",
  tokenLimit: "{{used}} of {{limit}} · {{tier}} tier",
} as const;
