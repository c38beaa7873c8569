import type { stage as english } from "../en/stage.ts";

export const stage: typeof english = {
  stageLabel: "La red en marcha",
  stageInput: "Cifra",
  stageNeurons: (shape, neurons) => `${shape} = ${neurons} neuronas`,
  stageRow: (neurons) => `${neurons} neuronas`,
  stageFrom: (names) => `de ${names.join(" y ")}`,
  stageParameters: (parameters) => `, ${parameters} parámetros`,
  stageSaysConv: (filters, size) =>
    `${filters} filtros de ${size} recorren lo que llega; cada uno hace un mapa de dónde encontró su patrón`,
  stageSaysPool: (size) =>
    `De cada ${size} valores solo queda el mayor: hay menos que calcular y un pequeño desplazamiento no importa`,
  stageSaysMean: "De cada mapa solo queda un valor",
  stageSaysDense: "Cada neurona suma todos los valores anteriores, con pesos propios",
  stageSaysOther: "Deja pasar sus valores, cambiados uno a uno",
  stageSays: (what, size) => `${what}: ${size}. Pulsa para mirar dentro.`,
  stageUntrained: "Así adivinan unos pesos aleatorios. Pulsa Entrenar y observa los mapas y las barras.",
  stageTraining: "Está aprendiendo. Mientras tanto dibuja una cifra y mira qué lee en ella.",
  stageTrained: "Ya ha aprendido. Ahora dibuja una cifra y mírala pasar por la red.",
};
