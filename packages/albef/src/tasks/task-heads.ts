import { ENTAILMENT_LABELS, NLVR_LABELS } from "@albef/heads";
import { MissingHeadError } from "../errors.ts";
import type { LoadedModel } from "../model/load.ts";

/** Throws MissingHeadError unless the weights can tell entailment. */
export function expectEntailmentHead({ origin: { store } }: LoadedModel): void {
  if (store.specs.get("cls_head.2.bias")?.shape[0] === ENTAILMENT_LABELS.length) return;
  throw new MissingHeadError(
    `entails: these weights have no cls_head of ${ENTAILMENT_LABELS.length} classes; load a checkpoint of visual ` +
      'entailment (official VE.py), or fine-tune this model with task "entailment"',
  );
}

/** Throws MissingHeadError unless the weights can answer questions. */
export function expectAnswerDecoder({ origin: { store } }: LoadedModel): void {
  if (store.specs.has("text_decoder.cls.predictions.bias")) return;
  throw new MissingHeadError(
    "answer: these weights have no text_decoder; load a checkpoint of visual question answering (official VQA.py), " +
      'or fine-tune this model with task "vqa"',
  );
}

/** Throws MissingHeadError unless the weights can tell whether a text is true of two images. */
export function expectPairHead({ origin: { store } }: LoadedModel): void {
  if (store.specs.get("cls_head.2.bias")?.shape[0] === NLVR_LABELS.length) return;
  throw new MissingHeadError(
    `compare: these weights have no cls_head of ${NLVR_LABELS.length} classes; load a checkpoint of NLVR2 (official ` +
      'NLVR.py), or fine-tune this model with task "nlvr"',
  );
}
