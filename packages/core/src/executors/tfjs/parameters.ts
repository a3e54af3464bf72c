import { GraphError } from "../../errors.ts";
import type { Arena, ParameterStore, UploadOptions } from "../../executor.ts";
import type { TfModule } from "../../op.ts";
import { elementCount, type TensorSpec } from "../../spec.ts";
import { expectData } from "../check-inputs.ts";
import { flatArena, packArenas, type TensorSource } from "../pack-arenas.ts";
import { type Cell, emptyCell, flatCells, type Holder } from "./flat-arena.ts";
import { readTensor, toTensor } from "./tensor.ts";

/** Parameters as tfjs tensors that a program may replace. */
export interface TfjsParameterStore extends ParameterStore {
  readonly cells: ReadonlyMap<string, Cell>;
}

interface StoreParts {
  readonly specs: Map<string, TensorSpec>;
  readonly cells: Map<string, Cell>;
  readonly arenas: Arena[];
}

export async function uploadParameters(
  tf: TfModule,
  holder: Holder,
  source: TensorSource,
  { flat }: UploadOptions = {},
): Promise<TfjsParameterStore> {
  const parts: StoreParts = { specs: new Map(), cells: new Map(), arenas: [] };
  try {
    if (flat === undefined) await uploadEach(tf, holder, source, parts);
    else await uploadFlat(tf, holder, source, { ...parts, flat });
  } catch (error) {
    for (const cell of parts.cells.values()) cell.dispose();
    throw error;
  }
  return storeOf(tf, parts);
}

async function uploadEach(tf: TfModule, holder: Holder, source: TensorSource, { specs, cells }: StoreParts) {
  for await (const { name, dtype, shape, data } of source) {
    const spec = { dtype, shape };
    const cell = emptyCell(holder, name);
    if (data) expectData(`parameter ${name}`, spec, data);
    if (data) cell.set(toTensor(tf, spec, data));
    specs.set(name, spec);
    cells.set(name, cell);
  }
}

async function uploadFlat(
  tf: TfModule,
  holder: Holder,
  source: TensorSource,
  { specs, cells, arenas, flat }: StoreParts & { readonly flat: string },
) {
  for await (const packed of packArenas(source)) {
    const arena = flatArena(`${flat}.${arenas.length}`, packed);
    const values = new Float32Array(arena.elements);
    for (const { tensor, offsetBytes } of packed.slots) values.set(tensor.data ?? [], offsetBytes / 4);
    const spec: TensorSpec = { dtype: "f32", shape: [arena.elements] };
    const { whole, parts } = flatCells(tf, holder, arena, toTensor(tf, spec, values));
    arenas.push(arena);
    specs.set(arena.name, spec);
    cells.set(arena.name, whole);
    for (const slot of arena.slots) {
      specs.set(slot.name, { dtype: "f32", shape: slot.shape });
      cells.set(slot.name, parts.get(slot.name)!);
    }
  }
}

function storeOf(tf: TfModule, { specs, cells, arenas }: StoreParts): TfjsParameterStore {
  const known = (name: string) => {
    const cell = cells.get(name);
    if (!cell) throw new GraphError(`parameters: no parameter is called ${name}`);
    return cell;
  };
  const dispose = () => {
    for (const cell of cells.values()) cell.dispose();
    cells.clear();
  };
  const whole = new Set(arenas.flatMap(({ slots }) => slots.map(({ name }) => name)));
  return {
    cells,
    specs,
    arenas,
    sizeBytes: [...specs].reduce(
      (total, [name, { shape }]) => total + (whole.has(name) ? 0 : 4 * elementCount(shape)),
      0,
    ),
    read: async (name) => readTensor(specs.get(name)!, known(name).get()),
    write(name, data) {
      const cell = known(name);
      expectData(`parameter ${name}`, specs.get(name)!, data);
      cell.set(toTensor(tf, specs.get(name)!, data));
    },
    dispose,
    [Symbol.dispose]: dispose,
  };
}
