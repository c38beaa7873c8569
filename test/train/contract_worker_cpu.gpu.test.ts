import { trainerContract } from "../support/trainer_contract.ts";

trainerContract({ where: "worker", kind: "cpu" });
