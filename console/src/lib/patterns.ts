/** The server's rule for a model pattern: letters of a model id, `*`, and a leading `!` to exclude. */
export const modelPattern = /^!?[A-Za-z0-9._:/@+*-]{1,128}$/;

function matcherOf(pattern: string): RegExp {
  const escaped = pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replace(/\*+/g, ".*");
  return new RegExp(`^${escaped}$`);
}

/** The models that a list of patterns allows, for the preview below the field. */
export function matchingModels(patterns: string[], models: string[]): string[] {
  const isExclusion = (pattern: string) => pattern.startsWith("!");
  const allowed = patterns.filter((pattern) => !isExclusion(pattern)).map(matcherOf);
  const excluded = patterns.filter(isExclusion).map((pattern) => matcherOf(pattern.slice(1)));
  return models.filter(
    (model) =>
      (allowed.length === 0 || allowed.some((matcher) => matcher.test(model))) &&
      !excluded.some((matcher) => matcher.test(model)),
  );
}
