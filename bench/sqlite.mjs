// One relay on SQLite: a buffered request, a streamed frame, memory, the time to a first answer.

import http from "node:http";
import { join } from "node:path";

import {
  CONCURRENT,
  FRAMES,
  FRAME_INTERVAL_MS,
  chat,
  command,
  connect,
  costOf,
  ended,
  manyRequests,
  manyStreams,
  pause,
  priceAndToken,
  printTable,
  residentMegabytes,
  scratch,
  setUp,
  shown,
  startNginx,
  started,
} from "./harness.mjs";

const STREAMS = [1, 200, 1_000];

export async function onSqlite(plain) {
  const paced = await started(process.env.ANC_UPSTREAM, [
    ...["--records-max", "0", "--frames", String(FRAMES)],
    ...["--frame-interval-ms", String(FRAME_INTERVAL_MS)],
  ]);
  const data = join(scratch, "sqlite");
  const serve = () => started(process.env.ANC_BINARY, ["serve", "--data", data, "--listen", "127.0.0.1:0"]);
  let relay = await serve();
  setUp(data);
  connect(data, "plain", plain);
  const secret = priceAndToken(data);

  await ended(relay);
  const launched = performance.now();
  relay = await serve();
  await chat(relay.origin, secret, false);
  const firstAnswer = performance.now() - launched;
  const idle = residentMegabytes(relay.pid);

  let nginx = startNginx(plain.origin, 18_399);
  await pause(500);
  const rows = [];
  // Connections and code paths are warm before anything is measured.
  const warm = (proxy) => Promise.all(Array.from({ length: 200 }, () => chat(proxy.origin, secret, false)));
  const compare = async (what, work) => {
    await warm(nginx);
    await warm(relay);
    const control = await costOf([nginx.pid], () => work(nginx));
    const ours = await costOf([relay.pid], () => work(relay));
    rows.push({ what, control, ours });
  };
  await compare(`a buffered request, ${CONCURRENT} at once`, (proxy) => manyRequests([proxy], secret));

  // The same relay and a second control, now before the provider that streams slowly.
  await ended(nginx);
  const [{ id }] = JSON.parse(command(data, ["channel", "list", "--json"]));
  await ended(relay);
  relay = await serve();
  connect(data, "paced", paced);
  await disableChannel(data, id);
  nginx = startNginx(paced.origin, 18_400);
  await pause(500);
  let most = 0;
  const watch = setInterval(() => (most = Math.max(most, residentMegabytes(relay.pid))), 200);
  for (const count of STREAMS) {
    await compare(`a frame, ${count} streams`, (proxy) => manyStreams(proxy, secret, count));
  }
  clearInterval(watch);

  printTable("SQLite: processor time for", rows);
  console.log(`\nidle memory ${shown(idle)} MB, most with 1000 streams ${shown(most)} MB`);
  console.log(`first answer ${shown(firstAnswer, 0)} ms after the start of a relay with data`);
  console.log(command(data, ["ledger", "verify"]).split("\n").at(-1));
  await ended(nginx);
  await ended(relay);
}

/** By the API's own means: the command line has no word for it. */
async function disableChannel(data, id) {
  await new Promise((resolve, reject) => {
    const body = '{"enabled":false}';
    const request = http.request(
      {
        socketPath: join(data, "control.sock"),
        path: `/api/v1/channels/${id}`,
        method: "PATCH",
        headers: { "content-type": "application/json", "content-length": body.length },
      },
      (response) => (response.statusCode === 200 ? resolve() : reject(new Error(`status ${response.statusCode}`))),
    );
    request.on("error", reject);
    request.end(body);
  });
}
