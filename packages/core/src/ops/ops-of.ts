import type { Graph } from "../graph/graph.ts";
import type { OpTable } from "../op.ts";
import { inferenceOps } from "./inference.ts";

/** The table a graph needs: the ops of training load when a graph first has one of them. */
export async function opsOf(graph: Graph): Promise<OpTable> {
  if (graph.nodes.every(({ op }) => op in inferenceOps)) return inferenceOps;
  const { opTable } = await import("./index.ts");
  return opTable;
}
