/**
 * A word under which a request is carried out once. Not `randomUUID`, which browsers keep from
 * pages of plain HTTP.
 */
export function newWord(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
