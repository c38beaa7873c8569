/** What the page itself says, in both languages: its title, views, language and theme. */

const en = {
  pageTitle: "Corteza: a neural network that learns in this page",
  skipToTraining: "Skip to the training",
  languageGroup: "Language",
  toDark: "Dark",
  toLight: "Light",
  toDarkLabel: "Switch to the dark theme",
  toLightLabel: "Switch to the light theme",
  title: "A neural network that learns in this page",
  intro:
    "Press Train, and a convolutional network learns to read handwritten digits on your own graphics card, through WebGPU. " +
    "Then draw a digit and see what it reads.",
  introCpu:
    "Press Train, and a convolutional network learns to read handwritten digits on your own processor, in this page. " +
    "Then draw a digit and see what it reads.",
  viewsLabel: "Views",
  viewTrain: "Train",
  viewDraw: "Draw",
  viewInside: "Look inside",
  drawTitle: "Draw a digit",
  drawIntro: "The network reads while you draw. What it was never shown it has to guess, so train it first.",
  insideTitle: "Inside the network",
  insideNotLoaded: "This view could not be loaded. Check the connection and open it again.",
  insideIntro:
    "From the pixels to the answer, step by step, through the network that you train, on the digit that you drew. Every number is its own.",
};

const es: typeof en = {
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
  drawTitle: "Dibuja una cifra",
  drawIntro: "La red lee mientras dibujas. Lo que nadie le enseñó tiene que adivinarlo: entrénala primero.",
  insideTitle: "Dentro de la red",
  insideNotLoaded: "No se pudo cargar esta vista. Comprueba la conexión y vuelve a abrirla.",
  insideIntro:
    "De los píxeles a la respuesta, paso a paso, por la red que tú entrenas y con la cifra que has dibujado. Cada número es suyo.",
};

export const pageMessages = { en, es };
