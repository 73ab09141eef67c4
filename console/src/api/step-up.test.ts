import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { answerStepUps, fetchSteppingUp } from "./step-up";

const refusal = () =>
  new Response(JSON.stringify({ error: { code: "step_up_required", message: "" } }), {
    status: 403,
  });

const change = () => new Request("http://relay/api", { method: "POST", body: '{"name":"x"}' });

describe("a call that needs a step-up", () => {
  const send = vi.fn<(request: Request) => Promise<Response>>();

  beforeEach(() => vi.stubGlobal("fetch", send));
  afterEach(() => {
    vi.unstubAllGlobals();
    send.mockReset();
  });

  it("is sent again with its body once the person has shown who they are", async () => {
    const bodies: string[] = [];
    send.mockImplementation(async (request) => {
      bodies.push(await request.text());
      return bodies.length === 1 ? refusal() : new Response("{}", { status: 201 });
    });
    const away = answerStepUps(() => Promise.resolve(true));
    expect((await fetchSteppingUp(change())).status).toBe(201);
    expect(bodies).toEqual(['{"name":"x"}', '{"name":"x"}']);
    away();
  });

  it("stays refused where the person does not", async () => {
    send.mockImplementation(() => Promise.resolve(refusal()));
    const away = answerStepUps(() => Promise.resolve(false));
    const response = await fetchSteppingUp(change());
    expect(response.status).toBe(403);
    expect(await response.json()).toHaveProperty("error.code", "step_up_required");
    expect(send).toHaveBeenCalledTimes(1);
    away();
  });

  it("shares one question with others", async () => {
    let asked = 0;
    send.mockImplementation(() =>
      Promise.resolve(send.mock.calls.length <= 2 ? refusal() : new Response("{}")),
    );
    const away = answerStepUps(() => {
      asked += 1;
      return new Promise((resolve) => setTimeout(() => resolve(true), 5));
    });
    await Promise.all([fetchSteppingUp(change()), fetchSteppingUp(change())]);
    expect([asked, send.mock.calls.length]).toEqual([1, 4]);
    away();
  });
});
