import type { Graph } from "@albef/core";
import type { WeightSpecs } from "@albef/encoder";
import { albefGraph, bertGraph, crossAttentionGraph, vitGraph } from "./forward.ts";
import { configOf, type SizeName } from "./sizes.ts";
import { albefTrainingGraph, vitTrainingGraph } from "./training.ts";
import { type Shape, seededInputs, seededWeights, type Workload } from "./workload.ts";

const FORWARD = { vit: vitGraph, bert: bertGraph, cross: crossAttentionGraph, albef: albefGraph } as const;
const TRAINING = { "vit-step": vitTrainingGraph, "albef-step": albefTrainingGraph } as const;

export type WorkloadKind = keyof typeof FORWARD | keyof typeof TRAINING;
export const WORKLOAD_KINDS = [...Object.keys(FORWARD), ...Object.keys(TRAINING)] as readonly WorkloadKind[];

/** Plain data, so that it can be sent to a page. */
export interface WorkloadRequest {
  readonly kind: WorkloadKind;
  readonly size: SizeName;
  readonly batch: number;
  readonly length: number;
  readonly imageSize: number;
}

const READS_TEXT: readonly WorkloadKind[] = ["bert", "cross", "albef", "albef-step"];

export function workloadName({ kind, size, batch, length, imageSize }: WorkloadRequest): string {
  const image = kind === "bert" ? "" : `, ${imageSize} px`;
  return `${kind} ${size}, batch ${batch}${image}${READS_TEXT.includes(kind) ? `, ${length} tokens` : ""}`;
}

export function createWorkload(request: WorkloadRequest): Workload {
  const { kind, size, batch, length, imageSize } = request;
  const shape: Shape = { config: configOf(size, imageSize), batch, length };
  const traced = kind in TRAINING ? TRAINING[kind as keyof typeof TRAINING](shape) : forward(kind, shape);
  const { graph } = traced;
  return {
    ...traced,
    name: workloadName(request),
    parameters: seededWeights(graph),
    inputs: seededInputs(graph, shape),
  };
}

function forward(kind: WorkloadKind, shape: Shape): { readonly graph: Graph; readonly half: Graph } {
  const build = FORWARD[kind as keyof typeof FORWARD];
  const graph = build(shape);
  const stored: WeightSpecs = new Map(
    Object.entries(graph.parameters).map(([name, id]) => [name, { dtype: "f16", shape: graph.values[id]!.shape }]),
  );
  return { graph, half: build({ ...shape, stored }) };
}
