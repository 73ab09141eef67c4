import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useReducer, useRef } from "react";

import { ApiError } from "@/api/errors";
import { keys } from "@/api/queries";

import { call, secret_refused } from "./call";
import { askOf, newAnswer, reduce, withDelta, type Answer, type Turn } from "./conversation";
import type { Ask, Delta, ImageData, Parameters, Protocol } from "./types";
import { useSecret } from "./use-secret";

export interface Sending {
  token: string;
  models: readonly string[];
  protocol: Protocol;
  parameters: Parameters;
  text: string;
  images: readonly ImageData[];
}

/** What was said, and the ways to go on, to stop, and to begin anew. */
export function useConversation() {
  const [turns, dispatch] = useReducer(reduce, []);
  const running = useRef(new Set<AbortController>());
  const number = useRef(0);
  const secretOf = useSecret();
  const queryClient = useQueryClient();

  const stop = useCallback(() => {
    for (const one of running.current) one.abort();
  }, []);
  // A page that is left calls nothing any more.
  useEffect(() => stop, [stop]);

  const run = async (ask: Ask, token: string, change: (to: (one: Answer) => Answer) => void) => {
    const controller = new AbortController();
    const { signal } = controller;
    running.current.add(controller);
    const options = {
      signal,
      onRequestId: (requestId: string) => change((one) => ({ ...one, requestId })),
      onDelta: (delta: Delta) => change((one) => withDelta(one, delta)),
    };
    try {
      const secret = await secretOf(token);
      await call(ask, { ...options, secret }).catch(async (error: unknown) => {
        // The secret was rotated away meanwhile, or the clocks differ: once more with a new one.
        if (!(error instanceof ApiError) || error.status !== secret_refused) throw error;
        await call(ask, { ...options, secret: await secretOf(token, true) });
      });
      change((one) => ({ ...one, state: one.error === null ? "done" : "failed" }));
    } catch (error) {
      change((one) =>
        signal.aborted
          ? { ...one, state: "stopped" }
          : { ...one, state: "failed", error: error instanceof ApiError ? error : lost },
      );
    } finally {
      running.current.delete(controller);
      void queryClient.invalidateQueries({ queryKey: keys.account });
    }
  };

  const send = ({ token, models, protocol, parameters, text, images }: Sending) => {
    number.current += 1;
    const id = number.current;
    const answers = models.map((model) => newAnswer(model, protocol));
    const asks = models.map((model) => askOf(turns, { text, images }, model, protocol, parameters));
    dispatch({ type: "ask", turn: { id, text, images, answers } });
    asks.forEach((ask, at) => {
      void run(ask, token, (change) => dispatch({ type: "change", turn: id, at, change }));
    });
  };

  return {
    turns,
    send,
    stop,
    isRunning: turns.some(isRunning),
    forget: (turn: Turn) => dispatch({ type: "forget", turn: turn.id }),
    clear: () => {
      stop();
      dispatch({ type: "clear" });
    },
  };
}

const isRunning = (turn: Turn) => turn.answers.some((answer) => answer.state === "running");

/** A stream that broke off without a word. */
const lost = ApiError.unreachable();
