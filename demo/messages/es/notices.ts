import type { notices as english } from "../en/notices.ts";

export const notices: typeof english = {
  noGpuTitle: "Se entrena en la CPU, con WebAssembly",
  noGpuTitleSoftware: "Se entrena en la CPU, a través de WebGPU",
  noGpuTitleSmall: "Se entrena en la CPU, en JavaScript, con una red más pequeña",
  noGpuNoApi: "Este navegador no ofrece WebGPU.",
  noGpuNoAdapter: "Este navegador tiene WebGPU, pero no encontró una tarjeta gráfica que pueda usar.",
  noGpuSoftware:
    "Este navegador tiene WebGPU, pero no encontró una tarjeta gráfica que pueda usar: también WebGPU calcula en la CPU.",
  noGpuNoDevice: "Este navegador tiene WebGPU y encontró una tarjeta gráfica, pero esta se negó a trabajar.",
  noGpuInsecure: "Los navegadores solo ofrecen WebGPU en páginas seguras, y esta no lo es.",
  noWasmNoApi: "Tampoco tiene WebAssembly.",
  noWasmNoSimd: "Su WebAssembly es antiguo (no tiene SIMD): una versión más nueva del navegador es más rápida.",
  noWasmBlocked: "La política de esta página no permite WebAssembly.",
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
