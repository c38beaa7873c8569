import type { page as english } from "../en/page.ts";

export const page: typeof english = {
  pageTitle: "Corteza: una red neuronal que aprende en esta página",
  skipToTraining: "Ir al entrenamiento",
  languageGroup: "Idioma",
  toDark: "Oscuro",
  toLight: "Claro",
  toDarkLabel: "Cambiar al tema oscuro",
  toLightLabel: "Cambiar al tema claro",
  title: "Una red neuronal que aprende en esta página",
  intro:
    "Pulsa Entrenar y una red convolucional aprende a leer cifras escritas a mano en tu propia tarjeta gráfica, con WebGPU. " +
    "Después dibuja una cifra y mira qué lee.",
  introCpu:
    "Pulsa Entrenar y una red convolucional aprende a leer cifras escritas a mano en tu propio procesador, en esta página. " +
    "Después dibuja una cifra y mira qué lee.",
  viewsLabel: "Vistas",
  viewTrain: "Entrenar",
  viewDraw: "Dibujar",
  viewInside: "Mirar dentro",
  viewPictures: "Tus imágenes",
  drawTitle: "Dibuja una cifra",
  drawIntro: "La red lee mientras dibujas. Lo que nadie le enseñó tiene que adivinarlo: entrénala primero.",
  insideTitle: "Dentro de la red",
  insideNotLoaded: "No se pudo cargar esta vista. Comprueba la conexión y vuelve a abrirla.",
  insideIntro:
    "De los píxeles a la respuesta, paso a paso, por la red que tú entrenas y con la cifra que has dibujado. Todos los números salen de tu red.",
  picturesIntro:
    "Entrena una red con tus propias imágenes y deja que reconozca otras. Todo se queda en este equipo: no se sube nada.",
};
