export { clsToken } from "./cls-token.ts";
export {
  itcFeatures,
  itcSimilarity,
  temperatureParameter,
  textProjectionParameters,
  visionProjectionParameters,
} from "./itc.ts";
export { ITM_MATCH, itmLogits, itmParameters } from "./itm.ts";
export { type MlmParameters, mlmLogits, mlmParameters } from "./mlm.ts";
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
