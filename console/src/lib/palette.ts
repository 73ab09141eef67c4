/** One of the colours for what is drawn; the rest share a grey. */
export type Slot = 1 | 2 | 3 | 4 | 5 | 6 | "other";

const slots = [1, 2, 3, 4, 5, 6] as const;

export const slotColour: Record<Slot, string> = {
  1: "bg-data-1",
  2: "bg-data-2",
  3: "bg-data-3",
  4: "bg-data-4",
  5: "bg-data-5",
  6: "bg-data-6",
  other: "bg-data-other",
};

function hashOf(text: string): number {
  let hash = 2_166_136_261;
  for (const character of text) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16_777_619);
  }
  return hash >>> 0;
}

/**
 * Gives the first six names a colour each, by what they are called: a model keeps its colour from
 * day to day as long as the others leave it free.
 */
export function coloursOf(names: readonly string[]): Map<string, Slot> {
  const found = new Map<string, Slot>();
  const free = new Set<Slot>(slots);
  for (const name of names) {
    const start = hashOf(name) % slots.length;
    const order = [...slots.slice(start), ...slots.slice(0, start)];
    const slot = order.find((one) => free.has(one)) ?? "other";
    free.delete(slot);
    found.set(name, slot);
  }
  return found;
}
