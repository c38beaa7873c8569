import { trainerContract } from "../support/trainer_contract.ts";

trainerContract({ where: "here", kind: "cpu" });
