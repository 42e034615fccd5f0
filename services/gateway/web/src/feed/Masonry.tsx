import { useWindowVirtualizer, type VirtualItem } from "@tanstack/react-virtual";
import { type ReactNode, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import { gridLayout, type Layout } from "./layout";
import styles from "./Masonry.module.css";

interface Props<T> {
  items: T[];
  keyOf: (item: T) => string;
  /** The height of an item without looking at it, in pixels: sizes are known, so nothing ever jumps. */
  heightOf: (item: T, layout: Layout) => number;
  render: (item: T, layout: Layout, index: number) => ReactNode;
  single?: boolean;
  /** Called when the end comes near. */
  onNearEnd?: () => void;
  /** Receives a function that brings an item into view. */
  reveal?: (scrollTo: (index: number) => void) => void;
  label: string;
}

const SCREENS_AHEAD = 2;
const ROWS_AHEAD = 3;

interface Place {
  width: number;
  top: number;
}

/** Where each list was last: with it the first frame has its full height, and going back finds the old position. */
const places = new Map<string, Place>();

/** A virtualised masonry on the page's own scrolling. Only what is near the screen is in the document. */
export function Masonry<T>(props: Props<T>) {
  const { label } = props;
  const box = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState<Place | null>(() => places.get(props.label) ?? null);

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const measure = () => {
      const rect = element.getBoundingClientRect();
      const top = Math.round(rect.top + scrollY);
      places.set(label, { width: rect.width, top });
      setPlace((old) => (old?.width === rect.width && old.top === top ? old : { width: rect.width, top }));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    observer.observe(document.body);
    return () => observer.disconnect();
  }, [label]);

  return (
    <div ref={box} className={styles.box}>
      {place && <Lanes {...props} layout={gridLayout(place.width, props.single ?? false)} top={place.top} />}
    </div>
  );
}

function Lanes<T>({
  items,
  keyOf,
  heightOf,
  render,
  onNearEnd,
  reveal,
  label,
  layout,
  top,
}: Props<T> & { layout: Layout; top: number }) {
  const virtualizer = useWindowVirtualizer({
    count: items.length,
    lanes: layout.columns,
    gap: layout.gap,
    // In rows: the virtualizer multiplies it by the lanes.
    overscan: ROWS_AHEAD,
    scrollMargin: top,
    // A step of the wheel draws new cards in a task of its own: rows ahead of the screen leave the time for it.
    useFlushSync: false,
    estimateSize: useCallback(
      (index: number) => heightOf(items[index] as T, layout),
      [items, heightOf, layout],
    ),
    getItemKey: useCallback((index: number) => keyOf(items[index] as T), [items, keyOf]),
  });

  // A new shape or list makes every known size wrong.
  const shape = `${layout.columns}/${layout.columnWidth}`;
  // biome-ignore lint/correctness/useExhaustiveDependencies: they are what makes the sizes wrong
  useLayoutEffect(() => virtualizer.measure(), [shape, items, virtualizer]);

  useEffect(() => {
    reveal?.((index) => virtualizer.scrollToIndex(index, { align: "auto" }));
  }, [reveal, virtualizer]);

  const rows = virtualizer.getVirtualItems();
  const total = virtualizer.getTotalSize();
  const bottom = Math.max(0, ...rows.map((row) => row.end)) - top;
  const near = total - bottom < innerHeight * SCREENS_AHEAD;
  useEffect(() => {
    if (near) onNearEnd?.();
  }, [near, onNearEnd]);

  const width = layout.columns * layout.columnWidth + layout.gap * (layout.columns - 1);
  return (
    <ul className={styles.lanes} style={{ height: total, width }} aria-label={label}>
      {rows.map((row: VirtualItem) => (
        <li
          key={row.key}
          className={styles.item}
          style={{
            width: layout.columnWidth,
            height: row.size,
            transform: `translate(${row.lane * (layout.columnWidth + layout.gap)}px, ${row.start - top}px)`,
          }}
        >
          {render(items[row.index] as T, layout, row.index)}
        </li>
      ))}
    </ul>
  );
}
