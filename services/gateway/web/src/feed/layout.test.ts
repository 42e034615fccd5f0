import { expect, test } from "vitest";
import { gridLayout, pictureHeight } from "./layout";

test.each([
  [344, 2],
  [374, 2],
  [700, 3],
  [1300, 5],
  [2400, 9],
])("a width of %i px has %i columns that fill it", (width, columns) => {
  const layout = gridLayout(width, false);
  expect(layout.columns).toBe(columns);
  expect(layout.columnWidth * columns + layout.gap * (columns - 1)).toBeCloseTo(width);
});

test("one column is never wider than is pleasant", () => {
  expect(gridLayout(1400, true)).toMatchObject({ columns: 1, columnWidth: 620 });
  expect(gridLayout(360, true)).toMatchObject({ columns: 1, columnWidth: 360 });
});

test("a picture keeps its shape, but an endless one is cut", () => {
  expect(pictureHeight({ width: 300, height: 200 }, 150)).toBe(100);
  expect(pictureHeight({ width: 10, height: 1000 }, 100)).toBe(220);
  expect(pictureHeight({ width: 0, height: 0 }, 100)).toBe(100);
});
