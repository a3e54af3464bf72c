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
 * buffer bound both ways, even at disjoint offsets. `sizeOf` gives the bytes of a root to be placed, else undefined.
 */
export function planArenas(
  steps: readonly Step[],
  sizeOf: (root: number) => number | undefined,
  alignment: number,
): ArenaPlan {
  const lives = lifetimes(steps, sizeOf, alignment);
  const arenas: Block[][] = [];
  const sizes: number[] = [];
  const placements = new Map<number, Placement>();
  for (const step of steps) {
    const blocked = new Set(step.reads.flatMap((root) => placements.get(root)?.arena ?? []));
    for (const root of step.writes) {
      const life = lives.get(root);
      if (!life || placements.has(root)) continue;
      const arena = cheapestArena(arenas, sizes, life, blocked);
      arenas[arena] ??= [];
      const offset = firstFit(arenas[arena], life);
      arenas[arena].push({ ...life, offset });
      sizes[arena] = Math.max(sizes[arena] ?? 0, offset + life.bytes);
      placements.set(root, { arena, offset });
    }
  }
  return { placements, arenaBytes: sizes, lowerBoundBytes: peak(steps.length, [...lives.values()]) };
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

/** The allowed arena that grows least. */
function cheapestArena(
  arenas: readonly (readonly Block[])[],
  sizes: readonly number[],
  life: Interval,
  blocked: ReadonlySet<number>,
): number {
  let best = arenas.length;
  let growth = life.bytes;
  for (const [arena, blocks] of arenas.entries()) {
    if (blocked.has(arena)) continue;
    const grows = Math.max(firstFit(blocks, life) + life.bytes - sizes[arena]!, 0);
    if (grows < growth || (grows === growth && best === arenas.length)) {
      best = arena;
      growth = grows;
    }
  }
  return best;
}

/** The lowest offset that no block alive at the same time covers. */
function firstFit(blocks: readonly Block[], life: Interval): number {
  const rivals = blocks.filter((block) => block.from <= life.to && life.from <= block.to);
  rivals.sort((a, b) => a.offset - b.offset);
  let offset = 0;
  for (const rival of rivals) {
    if (rival.offset - offset >= life.bytes) break;
    offset = Math.max(offset, rival.offset + rival.bytes);
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
