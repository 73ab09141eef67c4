import { protocols, type Protocol } from "./types";

/** What the address of the playground can say. */
export interface PlaygroundSearch {
  model?: string | undefined;
  /** The model that is compared with it. */
  with?: string | undefined;
  /** Id of the token that is called with. */
  token?: string | undefined;
  protocol?: Protocol | undefined;
}

export function parsePlaygroundSearch(raw: Record<string, unknown>): PlaygroundSearch {
  const text = (key: string) => {
    const value = raw[key];
    return value === undefined || value === "" ? undefined : String(value);
  };
  return {
    model: text("model"),
    with: text("with"),
    token: text("token"),
    protocol: protocols.find((protocol) => protocol === text("protocol")),
  };
}
