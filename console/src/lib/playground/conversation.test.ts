import { expect, it } from "vitest";

import { historyOf, newAnswer, reduce, withDelta, type Turn } from "./conversation";

const answer = (model: string, text: string) => ({ ...newAnswer(model, "chat" as const), text });
const turn = (id: number, answers: Turn["answers"]): Turn => ({
  id,
  text: `q${id}`,
  images: [],
  answers,
});

it("each model is told its own side of the conversation", () => {
  const turns = [
    turn(1, [answer("a", "a1"), answer("b", "b1")]),
    turn(2, [answer("a", "a2"), answer("b", "")]),
  ];
  const said = (model: string) => historyOf(turns, model).map((message) => message.text);
  expect(said("a")).toEqual(["q1", "a1", "q2", "a2"]);
  // What failed is not part of it: the sides take turns.
  expect(said("b")).toEqual(["q1", "b1"]);
  // Who was not asked takes over from the first.
  expect(said("c")).toEqual(["q1", "a1", "q2", "a2"]);
});

it("an answer grows by what comes", () => {
  let grown = newAnswer("a", "chat");
  for (const delta of [{ reasoning: "h" }, { reasoning: "m" }, { text: "x" }, { end: "stop" }]) {
    grown = withDelta(grown, delta);
  }
  expect(grown).toMatchObject({ reasoning: "hm", text: "x", end: "stop", error: null });
});

it("a change reaches the one answer that it names", () => {
  const turns = [turn(1, [answer("a", "1"), answer("b", "2")]), turn(2, [answer("a", "3")])];
  const change = () => answer("b", "new");
  const changed = reduce(turns, { type: "change", turn: 1, at: 1, change });
  expect(changed[0]?.answers.map((one) => one.text)).toEqual(["1", "new"]);
  expect(changed[1]).toBe(turns[1]);
  expect(reduce(changed, { type: "forget", turn: 1 })).toHaveLength(1);
});
