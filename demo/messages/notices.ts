/** What the notices above the page say, in both languages: no WebGPU, and what went wrong. */

const en = {
  noGpuTitle: "No WebGPU here: training on the CPU, with a smaller network",
  noGpuNoApi: "This browser offers no WebGPU.",
  noGpuNoAdapter: "This browser has WebGPU, but it found no graphics card that it may use.",
  noGpuNoDevice: "This browser has WebGPU and found a graphics card, but that refused to work.",
  noGpuInsecure: "Browsers offer WebGPU only on secure pages, and this one is not.",
  adviceInsecure: "Open the page through https://, or through http://localhost on this computer.",
  adviceChromiumLinux:
    "In Chrome or Edge on Linux, turn on chrome://flags/#enable-unsafe-webgpu and chrome://flags/#enable-vulkan, then restart the browser.",
  adviceChromium:
    "Turn on graphics acceleration in the browser's system settings, update the browser and the graphics driver, and restart it.",
  adviceChromiumOld: "Update the browser: Chrome and Edge have WebGPU from version 113 on.",
  adviceFirefox: "In Firefox, open about:config, set dom.webgpu.enabled to true, and reload this page.",
  adviceFirefoxAdapter:
    "Firefox’s about:support says why, under Graphics. Update the graphics driver; one that Firefox refuses to use can be allowed with gfx.webgpu.ignore-blocklist in about:config.",
  adviceSafari: "Safari has WebGPU from version 26 on: update macOS, iOS or iPadOS.",
  adviceSafariAdapter: "Update the system, leave Lockdown Mode and Low Power Mode, and restart the browser.",
  adviceAdapter:
    "Turn on graphics acceleration in the browser’s settings, update the graphics driver, and restart the browser.",
  adviceDevice:
    "Close other pages and programs that use the graphics card, update its driver, and restart the browser.",
  adviceOther: "A current Chrome or Edge, Safari 26 or newer, or Firefox with dom.webgpu.enabled has it.",
  noGpuMeanwhile: "Everything below works all the same, only slower.",
  notKeptTitle: "This browser does not keep what you do here",
  notKeptAnything:
    "It stores nothing for this page: after a reload, trainings, drawings that you taught, changes of the data and pictures of your own are gone.",
  notKeptDatabase: "After a reload, trainings, drawings that you taught and pictures of your own are gone.",
  notKeptTexts:
    "After a reload, changes of the data and the page’s language and colours are as at first; trainings stay.",
  notKeptAdvice: "Save as a file what you want to keep.",
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
    `At step ${step} the loss is NaN: no number any more. The steps were too large, so the weights grew without end; ${layer} is the first layer with values that are none. That step was not taken.`,
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
  noGpuNoDevice: "Este navegador tiene WebGPU y encontró una tarjeta gráfica, pero esta se negó a trabajar.",
  noGpuInsecure: "Los navegadores solo ofrecen WebGPU en páginas seguras, y esta no lo es.",
  adviceInsecure: "Abre la página con https://, o con http://localhost en este ordenador.",
  adviceChromiumLinux:
    "En Chrome o Edge con Linux, activa chrome://flags/#enable-unsafe-webgpu y chrome://flags/#enable-vulkan y reinicia el navegador.",
  adviceChromium:
    "Activa la aceleración gráfica en los ajustes del sistema del navegador, actualiza el navegador y el controlador gráfico, y reinícialo.",
  adviceChromiumOld: "Actualiza el navegador: Chrome y Edge tienen WebGPU desde la versión 113.",
  adviceFirefox: "En Firefox, abre about:config, pon dom.webgpu.enabled en true y recarga esta página.",
  adviceFirefoxAdapter:
    "about:support de Firefox dice por qué, en Gráficos. Actualiza el controlador gráfico; uno que Firefox no quiera usar se puede permitir con gfx.webgpu.ignore-blocklist en about:config.",
  adviceSafari: "Safari tiene WebGPU desde la versión 26: actualiza macOS, iOS o iPadOS.",
  adviceSafariAdapter:
    "Actualiza el sistema, sal del modo de aislamiento y del modo de bajo consumo, y reinicia el navegador.",
  adviceAdapter:
    "Activa la aceleración gráfica en los ajustes del navegador, actualiza el controlador gráfico y reinicia el navegador.",
  adviceDevice:
    "Cierra otras páginas y programas que usen la tarjeta gráfica, actualiza su controlador y reinicia el navegador.",
  adviceOther: "Lo tienen Chrome o Edge actuales, Safari 26 o posterior y Firefox con dom.webgpu.enabled.",
  noGpuMeanwhile: "Todo lo de abajo funciona igual, solo que más despacio.",
  notKeptTitle: "Este navegador no conserva lo que haces aquí",
  notKeptAnything:
    "No guarda nada de esta página: al recargar se pierden los entrenamientos, los dibujos que enseñaste, los cambios en los datos y tus propias imágenes.",
  notKeptDatabase: "Al recargar se pierden los entrenamientos, los dibujos que enseñaste y tus propias imágenes.",
  notKeptTexts:
    "Al recargar, los cambios en los datos y el idioma y los colores de la página vuelven a ser los del principio; los entrenamientos se conservan.",
  notKeptAdvice: "Guarda como archivo lo que quieras conservar.",
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
    `En el paso ${step} la pérdida es NaN: ya no es un número. Los pasos eran demasiado grandes y los pesos crecieron sin fin; ${layer} es la primera capa con valores que no lo son. Ese paso no se dio.`,
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
