import { bindings } from "../bindings.ts";
import type { AdapterFacts, Kernel } from "../op.ts";
import type { TensorSpec } from "../spec.ts";
import { wgsl } from "../wgsl.ts";
import { type RowWalk, rowKernel } from "./snippets/rows.ts";

interface Specs {
  readonly logits: TensorSpec;
  readonly labels?: TensorSpec;
  readonly targets?: TensorSpec;
  readonly teacher?: TensorSpec;
  readonly alpha?: TensorSpec;
}

/** The loss of a row from its log-sum-exp; everything is taken relative to the largest logit. */
export function crossEntropyKernel(
  inputs: Specs,
  [loss, statistics]: readonly TensorSpec[],
  adapter: AdapterFacts,
): Kernel {
  const { logits, labels, targets, teacher } = inputs;
  const [rows, width] = logits.shape as readonly [number, number];
  const hard = labels
    ? "let hard = select(0.0, f32(logits[start + u32(max(label, 0))]) - top, label >= 0 && label < i32(WIDTH));"
    : "";
  const options = { declarations: bindings(ordered(inputs), { loss, statistics }), rows, width, adapter };
  return rowKernel(
    options,
    (walk) => wgsl`
      let start = row * WIDTH;
      ${labels ? "let label = labels[row];" : ""}
      ${walk.max("top", "f32(logits[start + i])")}
      ${walk.sum("total", "exp(f32(logits[start + i]) - top)")}
      ${hard}
      ${massOf(inputs, walk)}
      ${targets ? walk.sum("hard", "f32(targets[start + i]) * (f32(logits[start + i]) - top)") : ""}
      ${teacher ? taught(walk) : "let taughtLog = 0.0;"}
      let matched = ${mix(inputs, "hard", "soft")};
      let mass = ${mix(inputs, "hardMass", "1.0")};
      let counted = ${labels ? "label >= 0" : "true"};
      loss[row] = select(0.0, mass * log(total) - matched, counted);
      statistics[2u * row] = top + log(total);
      statistics[2u * row + 1u] = taughtLog;`,
  );
}

/** Declares `taughtLog`, the teacher's log-sum-exp, and `soft`, Σ softmax(teacher) * (logits - top). */
function taught(walk: RowWalk) {
  return wgsl`
    ${walk.max("taughtTop", "f32(teacher[start + i])")}
    ${walk.sum("taughtTotal", "exp(f32(teacher[start + i]) - taughtTop)")}
    ${walk.sum("taughtMatch", "exp(f32(teacher[start + i]) - taughtTop) * (f32(logits[start + i]) - top)")}
    let soft = taughtMatch / taughtTotal;
    let taughtLog = taughtTop + log(taughtTotal);`;
}

/** Declares `hardMass`, the sum of the hard targets: no label, no mass. */
function massOf({ labels, targets }: Specs, walk: RowWalk) {
  if (targets) return walk.sum("hardMass", "f32(targets[start + i])");
  return labels ? "let hardMass = select(0.0, 1.0, label >= 0 && label < i32(WIDTH));" : "";
}

function mix({ labels, targets, teacher }: Specs, hard: string, soft: string): string {
  if (!teacher) return hard;
  return labels || targets ? `mix(${hard}, ${soft}, alpha[0])` : soft;
}

interface BackwardSpecs extends Specs {
  readonly statistics: TensorSpec;
  readonly dLoss: TensorSpec;
}

export function crossEntropyBackwardKernel(inputs: BackwardSpecs, dLogits: TensorSpec, adapter: AdapterFacts): Kernel {
  const { logits, labels, targets, statistics, dLoss } = inputs;
  const [rows, width] = logits.shape as readonly [number, number];
  const { logits: _first, ...rest } = ordered(inputs);
  const declarations = bindings({ logits, statistics, dLoss, ...rest }, { dLogits });
  const hardAt = labels ? "select(0.0, 1.0, i32(i) == label)" : "f32(targets[start + i])";
  const softAt = "exp(f32(teacher[start + i]) - taughtLog)";
  return rowKernel(
    { declarations, rows, width, adapter },
    (walk) => wgsl`
      let start = row * WIDTH;
      ${labels ? "let label = labels[row];" : ""}
      let whole = statistics[2u * row];
      let taughtLog = statistics[2u * row + 1u];
      ${massOf({ logits, ...(labels && { labels }), ...(targets && { targets }) }, walk)}
      let mass = ${mix(inputs, "hardMass", "1.0")};
      let slope = ${labels ? "select(0.0, dLoss[row], label >= 0)" : "dLoss[row]"};
      ${walk.each(`dLogits[start + i] = ${dLogits.dtype}(slope * (mass * exp(f32(logits[start + i]) - whole) - ${mix(inputs, hardAt, softAt)}));`)}`,
  );
}

/** The operands in the op's order: bindings follow it. */
function ordered({ logits, labels, targets, teacher, alpha }: Specs) {
  return { logits, labels, targets, teacher, alpha };
}
