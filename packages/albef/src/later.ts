/** What pages that only search do not load: one module, so that what it shares with the others is not cut into pieces. */
export { ground } from "./grounding/ground.ts";
export { similarityOf } from "./model/similarity.ts";
export { profileModel } from "./profile/profile.ts";
export { answer } from "./tasks/answer.ts";
export { compare } from "./tasks/compare.ts";
export { entails } from "./tasks/entailment.ts";
export {
  finetuneTask,
  pretrainGoal,
  RETRIEVAL_GOAL,
  readAdapter,
  startTraining,
  tunedModel,
} from "./training/index.ts";
