// The parts of the benchmark that PARTS names. Whatever it measures, it measures a control in the same
// run, so that a figure is a ratio and not a property of the machine; only the console's pages have a
// bound in milliseconds, as people do.

import { cleanUp, requireNginx, started } from "./harness.mjs";
import { onLedger } from "./ledger.mjs";
import { onPages } from "./pages.mjs";
import { onPostgres } from "./postgres.mjs";
import { onSqlite } from "./sqlite.mjs";

/** What a relayed request costs beside a plain proxy: both meet the same load from one provider. */
async function onProxy() {
  requireNginx();
  const plain = await started(process.env.ANC_UPSTREAM, ["--records-max", "0"]);
  await onSqlite(plain);
  await onPostgres(plain);
}

// The pages before the ledger, which adds to the seeded databases.
const PARTS = { proxy: onProxy, pages: onPages, ledger: onLedger };

const wanted = process.env.PARTS.split(" ").filter((part) => part !== "");
const unknown = wanted.filter((part) => PARTS[part] === undefined);
if (unknown.length > 0) throw new Error(`no such part: ${unknown.join(", ")}`);
try {
  for (const [part, run] of Object.entries(PARTS)) {
    if (wanted.includes(part)) await run();
  }
} finally {
  await cleanUp();
}
