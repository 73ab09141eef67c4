import { expect, it } from "vitest";

import { heatOf, weekdayNames, weekGrid } from "./week";

it("hours of the week are moved to the reader's clock, over the ends of the week too", () => {
  const hours = [
    { hour: 0, requests: 3 },
    { hour: 167, requests: 5 },
  ];
  const utc = weekGrid(hours, 0);
  expect([utc[0]?.[0], utc[6]?.[23]]).toEqual([3, 5]);
  const shanghai = weekGrid(hours, 480);
  expect([shanghai[0]?.[8], shanghai[0]?.[7]]).toEqual([3, 5]);
  const newYork = weekGrid(hours, -300);
  expect([newYork[6]?.[19], newYork[6]?.[18]]).toEqual([3, 5]);
});

it("every call is seen, and the busiest hour is the strongest", () => {
  expect([heatOf(0, 100), heatOf(1, 100), heatOf(30, 100), heatOf(100, 100)]).toEqual([0, 1, 3, 5]);
});

it("the week begins on Monday in every language", () => {
  expect(weekdayNames("en", "long")[0]).toBe("Monday");
  expect(weekdayNames("zh-CN", "long")[6]).toBe("星期日");
});
