/** What the notices above the page say, in both languages: no WebGPU, and what went wrong. */

const en = {
  noGpuTitle: "No WebGPU here: training on the CPU, with a smaller network",
  noGpuNoApi: "This browser offers no WebGPU.",
  noGpuNoAdapter: "This browser has WebGPU, but it found no graphics card that it may use.",
  noGpuNoDevice: "This browser has WebGPU, but the graphics card refused to work.",
  noGpuInsecure: "Browsers offer WebGPU only on secure pages, and this one is not.",
  adviceInsecure: "Open the page through https://, or through http://localhost on this computer.",
  adviceChromiumLinux:
    "In Chrome or Edge on Linux, turn on chrome://flags/#enable-unsafe-webgpu and chrome://flags/#enable-vulkan, then restart the browser.",
  adviceChromium:
    "Turn on graphics acceleration in the browser's system settings, update the browser and the graphics driver, and restart it.",
  adviceFirefox: "In Firefox, open about:config, set dom.webgpu.enabled to true, and reload this page.",
  adviceSafari: "Safari has WebGPU from version 26 on: update macOS, iOS or iPadOS.",
  adviceOther: "A current Chrome or Edge, Safari 26 or newer, or Firefox with dom.webgpu.enabled has it.",
  noGpuMeanwhile: "Everything below works all the same, only slower.",
  forcedCpuTitle: "Training on the CPU, as the address asks",
  forcedCpuBody: "A smaller network is used. Take “force=cpu” out of the address to use the GPU.",

  failedDataTitle: "The digits could not be loaded",
  failedDataBody:
    "Check the connection, then try again. Whoever runs this page: the files belong in data/ next to it (node scripts/prepare-data.mjs).",
  failedFullTitle: "The 70,000 digits could not be loaded",
  failedFullBody: "Training goes on with the digits that are here.",
  failedWorkerTitle: "The training program could not be started",
  failedWorkerBody: "Its file did not load. Check the connection and reload the page.",
  failedLostTitle: "The graphics card went away",
  failedLostBody: (steps: string) =>
    `The browser or the driver restarted it. The training is kept up to step ${steps} and can go on from there.`,
  failedMemoryTitle: "The graphics card has too little memory",
  failedMemoryBody: "Close other pages that use the graphics card, then try again.",
  failedDivergedTitle: "The training diverged",
  failedDivergedBody: (step: string) =>
    `At step ${step} the loss is NaN: no number any more. The steps were too large, so the weights grew without end.`,
  failedDivergedIn: (step: string, layer: string) =>
    `At step ${step} the loss is NaN: no number any more. The steps were too large, so the weights grew without end; those of ${layer} are the first that are no numbers either.`,
  backTo: (step: string) => `Back to the best weights, of step ${step}`,
  backToStart: "Back to the first weights",
  backSlower: (back: string, rate: string) => `${back}, learning rate ${rate}`,
  failedOtherTitle: "Something went wrong",
  failedOtherBody: "Try again; if it happens again, reload the page.",
  details: "Message",
  tryAgain: "Try again",
  continueTraining: "Continue",
  reload: "Reload",
  dismiss: "Close",
};

const es: typeof en = {
  noGpuTitle: "Aquí no hay WebGPU: se entrena en la CPU, con una red más pequeña",
  noGpuNoApi: "Este navegador no ofrece WebGPU.",
  noGpuNoAdapter: "Este navegador tiene WebGPU, pero no encontró una tarjeta gráfica que pueda usar.",
  noGpuNoDevice: "Este navegador tiene WebGPU, pero la tarjeta gráfica se negó a trabajar.",
  noGpuInsecure: "Los navegadores solo ofrecen WebGPU en páginas seguras, y esta no lo es.",
  adviceInsecure: "Abre la página con https://, o con http://localhost en este ordenador.",
  adviceChromiumLinux:
    "En Chrome o Edge con Linux, activa chrome://flags/#enable-unsafe-webgpu y chrome://flags/#enable-vulkan y reinicia el navegador.",
  adviceChromium:
    "Activa la aceleración gráfica en los ajustes del sistema del navegador, actualiza el navegador y el controlador gráfico, y reinícialo.",
  adviceFirefox: "En Firefox, abre about:config, pon dom.webgpu.enabled en true y recarga esta página.",
  adviceSafari: "Safari tiene WebGPU desde la versión 26: actualiza macOS, iOS o iPadOS.",
  adviceOther: "Lo tienen Chrome o Edge actuales, Safari 26 o posterior y Firefox con dom.webgpu.enabled.",
  noGpuMeanwhile: "Todo lo de abajo funciona igual, solo que más despacio.",
  forcedCpuTitle: "Se entrena en la CPU, como pide la dirección",
  forcedCpuBody: "Se usa una red más pequeña. Quita «force=cpu» de la dirección para usar la GPU.",

  failedDataTitle: "No se pudieron cargar las cifras",
  failedDataBody:
    "Revisa la conexión e inténtalo otra vez. Para quien publica esta página: los archivos van en data/, a su lado (node scripts/prepare-data.mjs).",
  failedFullTitle: "No se pudieron cargar las 70.000 cifras",
  failedFullBody: "El entrenamiento sigue con las cifras que ya están aquí.",
  failedWorkerTitle: "No se pudo iniciar el programa de entrenamiento",
  failedWorkerBody: "Su archivo no se cargó. Revisa la conexión y recarga la página.",
  failedLostTitle: "La tarjeta gráfica dejó de responder",
  failedLostBody: (steps) =>
    `El navegador o el controlador la reiniciaron. El entrenamiento está guardado hasta el paso ${steps} y puede seguir desde ahí.`,
  failedMemoryTitle: "La tarjeta gráfica tiene poca memoria",
  failedMemoryBody: "Cierra otras páginas que la usen e inténtalo otra vez.",
  failedDivergedTitle: "El entrenamiento diverge",
  failedDivergedBody: (step) =>
    `En el paso ${step} la pérdida es NaN: ya no es un número. Los pasos eran demasiado grandes y los pesos crecieron sin fin.`,
  failedDivergedIn: (step, layer) =>
    `En el paso ${step} la pérdida es NaN: ya no es un número. Los pasos eran demasiado grandes y los pesos crecieron sin fin; los de ${layer} son los primeros que tampoco son números.`,
  backTo: (step) => `Volver a los mejores pesos, los del paso ${step}`,
  backToStart: "Volver a los primeros pesos",
  backSlower: (back, rate) => `${back}, tasa de aprendizaje ${rate}`,
  failedOtherTitle: "Algo salió mal",
  failedOtherBody: "Inténtalo otra vez; si se repite, recarga la página.",
  details: "Mensaje",
  tryAgain: "Intentar otra vez",
  continueTraining: "Continuar",
  reload: "Recargar",
  dismiss: "Cerrar",
};

export const noticesMessages = { en, es };
