import { GraphError } from "../../errors.ts";
import type { Arena } from "../../executor.ts";
import type { TfModule, TfTensor } from "../../op.ts";
import { elementCount } from "../../spec.ts";

/** Who counts and frees the tensors of an executor. */
export interface Holder {
  hold(tensor: TfTensor): TfTensor;
  release(tensor: TfTensor): void;
}

/** A place whose value can be taken and changed. */
export interface Cell {
  get(): TfTensor;
  /** Takes over `tensor`. */
  set(tensor: TfTensor): void;
  dispose(): void;
}

/** A place of its own, whose value comes by `set`. */
export function emptyCell({ hold, release }: Holder, name: string): Cell {
  let value: TfTensor | undefined;
  const dispose = () => {
    if (value) release(value);
    value = undefined;
  };
  return {
    get() {
      if (value) return value;
      throw new GraphError(`parameter ${name}: has no values yet`);
    },
    set(tensor) {
      if (tensor === value) return;
      dispose();
      value = hold(tensor);
    },
    dispose,
  };
}

export interface FlatCells {
  /** The arena as one tensor [elements]. */
  readonly whole: Cell;
  readonly parts: ReadonlyMap<string, Cell>;
}

/** An arena and its tensors, each made from the other when it is next wanted: tfjs tensors share no memory. */
export function flatCells(tf: TfModule, holder: Holder, { elements, slots }: Arena, first: TfTensor): FlatCells {
  let flat: TfTensor | undefined = holder.hold(first);
  const parts = new Map<string, TfTensor>();
  const dropFlat = () => {
    if (flat) holder.release(flat);
    flat = undefined;
  };
  const dropParts = () => {
    for (const part of parts.values()) holder.release(part);
    parts.clear();
  };
  const cut = (slot: Arena["slots"][number]) => {
    const known = parts.get(slot.name);
    if (known) return known;
    const part = tf.tidy(() => tf.reshape(tf.slice(flat!, [slot.offset], [elementCount(slot.shape)]), [...slot.shape]));
    parts.set(slot.name, holder.hold(part));
    return part;
  };
  const join = () =>
    tf.tidy(() => {
      const pieces = slots.flatMap((slot, i) => {
        const count = elementCount(slot.shape);
        const gap = (slots[i + 1]?.offset ?? elements) - slot.offset - count;
        const part = tf.reshape(parts.get(slot.name)!, [count]);
        return gap > 0 ? [part, tf.zeros([gap])] : [part];
      });
      return pieces.length === 1 ? tf.clone(pieces[0]!) : tf.concat(pieces);
    });
  const whole: Cell = {
    get() {
      flat ??= holder.hold(join());
      return flat;
    },
    set(tensor) {
      if (tensor === flat) return;
      dropFlat();
      dropParts();
      flat = holder.hold(tensor);
    },
    dispose() {
      dropFlat();
      dropParts();
    },
  };
  const partOf = (slot: Arena["slots"][number]): Cell => ({
    get: () => cut(slot),
    set(tensor) {
      for (const other of slots) if (flat) cut(other);
      holder.release(cut(slot));
      parts.set(slot.name, holder.hold(tensor));
      dropFlat();
    },
    dispose: () => undefined, // with the whole
  });
  return { whole, parts: new Map(slots.map((slot) => [slot.name, partOf(slot)])) };
}
