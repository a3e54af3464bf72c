export {
  type AnswerDecoderParameters,
  type AnswerInputs,
  answerDecoderParameters,
  answerLogits,
  answerStates,
  withoutLast,
} from "./answer-decoder.ts";
export { type NextWord, type NextWordInputs, nextWord, questionCache } from "./answer-generation.ts";
export { type AnswerTargets, answerLoss, answerLosses, answerTargets } from "./answer-loss.ts";
export {
  type AnswerScores,
  candidateLosses,
  firstWordLogProbabilities,
  type RankedAnswer,
  rankAnswers,
} from "./answer-ranking.ts";
export { type AttentionRows, averageMap, type MapChoice } from "./attention-map.ts";
export { type BeamSearchOptions, beamSearch, type GeneratedAnswer, type NextWords } from "./beam-search.ts";
export {
  type Box,
  type BoxChoice,
  type BoxChoiceOptions,
  boxIou,
  boxScore,
  chooseBox,
  type GroundingSample,
  groundingAccuracy,
  type ScoreMap,
} from "./box-ranking.ts";
export {
  type ClassifierParameters,
  type ClassifierTargets,
  classifierLogits,
  classifierLoss,
  classifierParameters,
} from "./classifier.ts";
export { clsToken } from "./cls-token.ts";
export { meanOf, mix, oneHot, softCrossEntropy } from "./cross-entropy.ts";
export { ENTAILMENT_LABELS, type EntailmentLabel, entailmentParameters } from "./entailment.ts";
export {
  type AttentionCam,
  type ContrastCam,
  contrastCam,
  type MatchCam,
  matchCam,
} from "./grounding.ts";
export {
  itcFeatures,
  itcSimilarity,
  temperatureParameter,
  textProjectionParameters,
  visionProjectionParameters,
} from "./itc.ts";
export { type ContrastiveSide, itcLoss, pairTargets, sharedTargets, softenedTargets } from "./itc-loss.ts";
export { ITM_MATCH, itmLogits, itmParameters } from "./itm.ts";
export {
  hardNegativeWeights,
  itmLoss,
  officialNegativeWeights,
  sampleNegatives,
  takeItems,
  uniformNegativeWeights,
} from "./itm-loss.ts";
export { type MlmParameters, mlmLogits, mlmParameters } from "./mlm.ts";
export { IGNORED_LABEL, type MlmTargets, mlmLoss } from "./mlm-loss.ts";
export { imageHalves, NLVR_LABELS, nlvrParameters } from "./nlvr.ts";
export { type Recall, type RetrievalMetrics, recallAtK, retrievalMetrics } from "./recall.ts";
export {
  type RerankOptions,
  RetrievalError,
  rankRow,
  rerank,
  type ScoreMatrix,
  scoreMatrix,
  transposeScores,
  UNRANKED_SCORE,
} from "./retrieval.ts";
export {
  ASSIGNMENT_LABELS,
  type Assignment,
  type AssignmentWeights,
  assignImages,
  assignmentLogits,
  assignmentParameters,
  assignmentWeights,
  twoNegatives,
} from "./text-assignment.ts";
export {
  type AnsweredQuestion,
  plainWords,
  type VqaMetrics,
  vqaAccuracy,
  vqaMetrics,
  withoutPunctuation,
} from "./vqa-accuracy.ts";
