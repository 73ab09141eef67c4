/** Asks the person who they are; whether they have shown it. */
type Ask = () => Promise<boolean>;

let ask: Ask | null = null;
let running: Promise<boolean> | null = null;

/** The page that can ask puts itself here, and takes itself away by what is given back. */
export function answerStepUps(by: Ask): () => void {
  ask = by;
  return () => {
    if (ask === by) ask = null;
  };
}

/** Several calls that are refused at once are one question. */
function askOnce(): Promise<boolean> {
  running ??= (ask ? ask() : Promise.resolve(false)).finally(() => {
    running = null;
  });
  return running;
}

/** Sends a request; where the server wants to know anew who calls, asks, and sends it again. */
export async function fetchSteppingUp(request: Request): Promise<Response> {
  const spare = request.method === "GET" ? null : request.clone();
  const response = await fetch(request);
  if (spare === null || response.status !== 403 || !(await wantsStepUp(response))) return response;
  return (await askOnce()) ? fetch(spare) : response;
}

async function wantsStepUp(response: Response): Promise<boolean> {
  const body = (await response
    .clone()
    .json()
    .catch(() => null)) as { error?: { code?: string } } | null;
  return body?.error?.code === "step_up_required";
}
