import { describe, expect, it } from "vitest";

import { parsePeopleSearch, rolesToGive, toPeopleQuery } from "./people-search";

describe("the address of the Users page", () => {
  it("keeps what it knows and drops the rest", () => {
    const search = { tab: "invitations", role: "admin", standing: "disabled", cursor: "7b" };
    expect(parsePeopleSearch(search)).toEqual({
      tab: "invitations",
      role: "admin",
      standing: "disabled",
      cursor: "7b",
    });
    expect(parsePeopleSearch({ tab: "x", role: "king", standing: 1, search: "" })).toEqual({});
  });

  it("asks for what the list shows and not for what is open", () => {
    expect(toPeopleQuery({ search: "a", open: "usr_1", tab: "invitations" })).toEqual({
      search: "a",
    });
  });
});

it("nobody is offered a role that they may not give", () => {
  expect(rolesToGive("user")).toEqual([]);
  expect(rolesToGive("admin")).toEqual(["user"]);
  expect(rolesToGive("owner")).toEqual(["user", "admin", "owner"]);
});
