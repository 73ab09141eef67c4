/** How many days back the usage of a token is shown. */
export const spans = ["7", "30", "90"] as const;
export type Span = (typeof spans)[number];
