import { pretrainGoal } from "../training/index.ts";
import { trainingCommand } from "./training.ts";

export const pretrain = trainingCommand("pretrain", pretrainGoal);
