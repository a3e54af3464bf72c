import { RETRIEVAL_GOAL } from "../training/goals.ts";
import { trainingCommand } from "./training.ts";

export const train = trainingCommand("train", () => RETRIEVAL_GOAL);
