/** Where a sign-in leads: a link must not lead out of the console after it. */
export function pathInside(next: string | undefined): string {
  return next && /^\/(?![/\\])[^\s\\]*$/.test(next) ? next : "/dashboard";
}
