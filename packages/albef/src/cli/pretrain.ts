import { PRETRAIN_GOAL } from "../training/goals.ts";
import { trainingCommand } from "./training.ts";

export const pretrain = trainingCommand("pretrain", PRETRAIN_GOAL);
