// What the relay costs beside a plain proxy: processor time per request and per streamed frame,
// memory, and the time to a first answer. Both proxies meet the same load from the same scripted
// provider in the same run, so that a figure is a ratio and not a property of the machine.

import { cleanUp, requireNginx, started } from "./harness.mjs";
import { onPostgres } from "./postgres.mjs";
import { onSqlite } from "./sqlite.mjs";

try {
  requireNginx();
  const plain = await started(process.env.ANC_UPSTREAM, ["--records-max", "0"]);
  await onSqlite(plain);
  await onPostgres(plain);
} finally {
  await cleanUp();
}
