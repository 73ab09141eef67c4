const storage_key = "anc-after-visit";

/** Sends the browser to a provider; once it is back, it goes on at `next`. */
export function leaveFor(url: string, next: string): void {
  try {
    sessionStorage.setItem(storage_key, next);
  } catch {
    // Storage may be forbidden; the reader then arrives at the first page.
  }
  window.location.assign(url);
}

/** Where the reader was to go on, once. */
export function takeNext(): string | undefined {
  try {
    const next = sessionStorage.getItem(storage_key);
    sessionStorage.removeItem(storage_key);
    return next ?? undefined;
  } catch {
    return undefined;
  }
}
