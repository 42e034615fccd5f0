import type { SearchFilters } from "../data/search";

const NAMES = ["from", "aspect", "model", "after", "before", "sort"] as const;
const SORTS = new Set(["relevance", "new", "top"]);

/** The search that an address describes. Nonsense in it is left out rather than sent on. */
export function readFilters(params: URLSearchParams): SearchFilters {
  const filters: SearchFilters = { q: (params.get("q") ?? "").trim().slice(0, 500) };
  for (const name of NAMES) {
    const value = params.get(name)?.trim();
    if (!value || (name === "sort" && !SORTS.has(value))) continue;
    if ((name === "after" || name === "before") && Number.isNaN(Date.parse(value))) continue;
    Object.assign(filters, { [name]: value });
  }
  return filters;
}

/** The address with one filter changed; an empty value takes it away. */
export function withFilter(
  params: URLSearchParams,
  name: (typeof NAMES)[number],
  value: string,
): URLSearchParams {
  const next = new URLSearchParams(params);
  if (value) next.set(name, value);
  else next.delete(name);
  return next;
}

export function withoutFilters(params: URLSearchParams): URLSearchParams {
  const next = new URLSearchParams();
  const q = params.get("q");
  if (q) next.set("q", q);
  return next;
}
