/** What the pointer and the keyboard do in the chart of a period. */

import { type KeyboardEvent, type PointerEvent, useRef } from "react";
import { LEAST_DRAG } from "./brush.ts";
import type { Bucket } from "./buckets.ts";

/** Both moments of a choice that is being made; the second moves. */
export type Selection = readonly [number, number];

export interface PointerActions {
  /** The moment at a place, CSS pixels from the chart's left edge. */
  at(x: number): number;
  onHover(atMs: number | undefined): void;
  onSelect(selection: Selection | undefined): void;
  onSelected(selection: Selection): void;
  onClick(atMs: number): void;
}

/** Handlers for the chart's element. */
export function usePointer({ at, onHover, onSelect, onSelected, onClick }: PointerActions) {
  const pressed = useRef<number>(undefined);
  const isDrag = (x: number) =>
    pressed.current !== undefined && Math.abs(x - pressed.current) >= LEAST_DRAG;
  return {
    onPointerDown(event: PointerEvent<HTMLElement>) {
      if (event.button !== 0) return;
      pressed.current = xOf(event);
      event.currentTarget.setPointerCapture(event.pointerId);
    },
    onPointerMove(event: PointerEvent<HTMLElement>) {
      const x = xOf(event);
      onHover(at(x));
      if (isDrag(x)) onSelect([at(pressed.current ?? x), at(x)]);
    },
    onPointerUp(event: PointerEvent<HTMLElement>) {
      const x = xOf(event);
      const from = pressed.current;
      if (from === undefined) return;
      if (isDrag(x)) onSelected([at(from), at(x)]);
      // A finger has no hover: its tap says what is there.
      else if (event.pointerType === "mouse") onClick(at(x));
      else onHover(at(x));
      pressed.current = undefined;
    },
    onPointerCancel() {
      pressed.current = undefined;
      onSelect(undefined);
    },
    onPointerLeave(event: PointerEvent<HTMLElement>) {
      if (pressed.current === undefined && event.pointerType === "mouse") onHover(undefined);
    },
  };
}

function xOf({ clientX, currentTarget }: PointerEvent<HTMLElement>): number {
  return clientX - currentTarget.getBoundingClientRect().left;
}

export interface KeyActions {
  readonly buckets: readonly Bucket[];
  readonly pointed: number | undefined;
  readonly selection: Selection | undefined;
  point(at: number | undefined): void;
  select(selection: Selection | undefined): void;
  finish(selection: Selection): void;
  zoom(atMs: number): void;
  readonly back: (() => void) | undefined;
  move(by: 1 | -1): void;
}

/** @returns whether the key meant something here. */
export function pressKey(event: KeyboardEvent, actions: KeyActions): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const { buckets, pointed, selection, point, select } = actions;
  const last = buckets.length - 1;
  const middle = (at: number) => {
    const bucket = buckets[Math.min(Math.max(0, at), last)];
    return bucket === undefined ? 0 : (bucket.fromMs + bucket.toMs) / 2;
  };
  const go = (to: number) => {
    const next = Math.min(Math.max(0, to), last);
    if (event.shiftKey) select([selection?.[0] ?? middle(pointed ?? next), middle(next)]);
    else select(undefined);
    point(next);
    return true;
  };
  switch (event.key) {
    case "ArrowLeft":
      return go((pointed ?? last + 1) - 1);
    case "ArrowRight":
      return go((pointed ?? -1) + 1);
    case "PageUp":
      return go((pointed ?? last) - PAGE);
    case "PageDown":
      return go((pointed ?? 0) + PAGE);
    case "Home":
      return go(0);
    case "End":
      return go(last);
    case "Enter":
    case "+":
      if (selection !== undefined) actions.finish(selection);
      else actions.zoom(middle(pointed ?? Math.floor(last / 2)));
      return true;
    case "Backspace":
    case "-":
      actions.back?.();
      return true;
    case ",":
      actions.move(-1);
      return true;
    case ".":
      actions.move(1);
      return true;
    case "Escape":
      select(undefined);
      if (selection === undefined) point(undefined);
      return true;
    default:
      return false;
  }
}

/** Steps. */
const PAGE = 10;
