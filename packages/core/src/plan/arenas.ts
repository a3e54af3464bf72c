/** One dispatch as memory sees it: the storage roots that it reads and those that it defines. */
export interface Step {
  readonly reads: readonly number[];
  readonly writes: readonly number[];
}

export interface Placement {
  readonly arena: number;
  readonly offset: number;
}

export interface ArenaPlan {
  readonly placements: ReadonlyMap<number, Placement>;
  /** Size of each arena, in bytes. */
  readonly arenaBytes: readonly number[];
  /** The most bytes that are alive at once: no plan can need less. */
  readonly lowerBoundBytes: number;
  /** The largest root: what a buffer must hold, however small `maxBytes` is. Absent where nothing is placed. */
  readonly largest?: { readonly root: number; readonly bytes: number };
}

interface Interval {
  readonly from: number;
  to: number;
  readonly bytes: number;
}

interface Block extends Interval {
  readonly offset: number;
}

/**
 * Places intermediates in a few shared buffers. A dispatch never writes an arena that it reads: WebGPU rejects one
 * buffer bound both ways, even at disjoint offsets. `sizeOf` gives the bytes of a root to be placed, else undefined; no
 * arena grows beyond `maxBytes`, unless one root alone does.
 */
export function planArenas(
  steps: readonly Step[],
  sizeOf: (root: number) => number | undefined,
  { alignment, maxBytes = Infinity }: { readonly alignment: number; readonly maxBytes?: number },
): ArenaPlan {
  const lives = lifetimes(steps, sizeOf, alignment);
  const rivals = apart(steps);
  const arenas: Block[][] = []; // blocks by offset
  const arenaBytes: number[] = [];
  const placements = new Map<number, Placement>();
  // The largest first: smaller ones fit into the gaps that large ones leave, seldom the other way round.
  const largestFirst = [...lives].sort(([, a], [, b]) => b.bytes - a.bytes);
  for (const [root, life] of largestFirst) {
    const blocked = new Set([...(rivals.get(root) ?? [])].flatMap((rival) => placements.get(rival)?.arena ?? []));
    const open = (arena: number, bytes: number) => bytes <= maxBytes && !blocked.has(arena);
    const place = cheapestPlace(arenas, arenaBytes, life, open);
    arenas[place.arena] ??= [];
    const blocks = arenas[place.arena]!;
    const after = blocks.findIndex(({ offset }) => offset > place.offset);
    blocks.splice(after < 0 ? blocks.length : after, 0, { ...life, offset: place.offset });
    arenaBytes[place.arena] = Math.max(arenaBytes[place.arena] ?? 0, place.offset + life.bytes);
    placements.set(root, place);
  }
  return {
    placements,
    arenaBytes,
    lowerBoundBytes: peak(steps.length, [...lives.values()]),
    ...(largestFirst[0] && { largest: { root: largestFirst[0][0], bytes: largestFirst[0][1].bytes } }),
  };
}

/** For each root those that must lie in other arenas: a dispatch reads the one and writes the other. */
function apart(steps: readonly Step[]): ReadonlyMap<number, ReadonlySet<number>> {
  const rivals = new Map<number, Set<number>>();
  const add = (a: number, b: number) => rivals.set(a, (rivals.get(a) ?? new Set()).add(b));
  for (const { reads, writes } of steps) {
    for (const written of writes) {
      for (const read of reads) {
        if (read === written) continue;
        add(read, written);
        add(written, read);
      }
    }
  }
  return rivals;
}

function lifetimes(
  steps: readonly Step[],
  sizeOf: (root: number) => number | undefined,
  alignment: number,
): Map<number, Interval> {
  const lives = new Map<number, Interval>();
  for (const [at, step] of steps.entries()) {
    for (const root of step.writes) {
      const bytes = sizeOf(root);
      if (bytes === undefined || lives.has(root)) continue;
      lives.set(root, { from: at, to: at, bytes: Math.ceil(bytes / alignment) * alignment });
    }
    for (const root of [...step.reads, ...step.writes]) {
      const life = lives.get(root);
      if (life) life.to = at;
    }
  }
  return lives;
}

/** In the arena that grows least, of those that are open to it at the size it gives them. */
function cheapestPlace(
  arenas: readonly (readonly Block[])[],
  arenaBytes: readonly number[],
  life: Interval,
  open: (arena: number, bytes: number) => boolean,
): Placement {
  let best = { arena: arenas.length, offset: 0 };
  let growth = life.bytes;
  for (const [arena, blocks] of arenas.entries()) {
    const offset = firstFit(blocks, life);
    if (!open(arena, offset + life.bytes)) continue;
    const grows = Math.max(offset + life.bytes - arenaBytes[arena]!, 0);
    if (grows < growth || (grows === growth && best.arena === arenas.length)) {
      best = { arena, offset };
      growth = grows;
    }
  }
  return best;
}

/** The lowest offset that no block alive at the same time covers. */
function firstFit(blocks: readonly Block[], life: Interval): number {
  let offset = 0;
  for (const block of blocks) {
    if (block.from > life.to || life.from > block.to) continue;
    if (block.offset - offset >= life.bytes) break;
    offset = Math.max(offset, block.offset + block.bytes);
  }
  return offset;
}

function peak(steps: number, lives: readonly Interval[]): number {
  let most = 0;
  for (let at = 0; at < steps; at++) {
    const alive = lives.reduce((total, life) => (life.from <= at && at <= life.to ? total + life.bytes : total), 0);
    most = Math.max(most, alive);
  }
  return most;
}
