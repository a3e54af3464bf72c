import type { StateCounters } from "./training-state.ts";

/** Losses of 16-bit training are multiplied by this, so that small gradients do not vanish; as torch.amp.GradScaler. */
export const FIRST_LOSS_SCALE = 65536;
const GROWS_AFTER = 2000; // steps without an overflow
const LEAST = 1;
const MOST = 2 ** 24; // what an i32 and an f32 hold exactly

/** After a step whose gradients were finite. */
export function keepLossScale(counters: StateCounters): void {
  if (++counters.cleanSteps < GROWS_AFTER) return;
  counters.lossScale = Math.min(2 * counters.lossScale, MOST);
  counters.cleanSteps = 0;
}

/** After an overflow. False where the scale is at its least: the gradients themselves are not finite. */
export function lowerLossScale(counters: StateCounters): boolean {
  if (counters.lossScale <= LEAST) return false;
  counters.lossScale /= 2;
  counters.skippedSteps++;
  counters.cleanSteps = 0;
  return true;
}
