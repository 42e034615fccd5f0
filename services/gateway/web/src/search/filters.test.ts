import { expect, test } from "vitest";
import { readFilters, withFilter, withoutFilters } from "./filters";

test("an address becomes a search, without the nonsense in it", () => {
  const params = new URLSearchParams(
    "q= a fox &sort=upside-down&after=2026-01-01&before=soon&aspect=1:1&page=7",
  );
  expect(readFilters(params)).toEqual({ q: "a fox", after: "2026-01-01", aspect: "1:1" });
});

test("a filter is set, replaced and taken away", () => {
  const params = withFilter(new URLSearchParams("q=fox"), "sort", "new");
  expect(params.toString()).toBe("q=fox&sort=new");
  expect(withFilter(params, "sort", "").toString()).toBe("q=fox");
  expect(withoutFilters(params).toString()).toBe("q=fox");
});
