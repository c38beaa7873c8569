/** The whys of “Look inside”, in both languages, with the numbers of the visitor's own network in them. */

const en = {
  namesake: "Why is it called Corteza?",
  namesakeText:
    "Corteza is Spanish for cortex. About 1960 David Hubel and Torsten Wiesel found cells in the visual cortex of cats that answer only to a line of one direction, " +
    "at one place of what the eye sees, and behind them cells that put such answers together. A convolutional network has its layers in the same order: " +
    "first small patterns at each place, then what these make up.",
  many: "Why does it need so many pictures?",
  manyText: (parameters: string) =>
    `It starts from random numbers: the pictures alone have to set its ${parameters} parameters. With a few pictures, many settings are right about all of them and wrong about the next one. ` +
    "Networks that tell cats from dogs in any pose and any light learned from more than 10,000 pictures of each.",
  words: "Kernel, filter, map: which is which?",
  wordsText: (size: string, channels: string, filters: string) =>
    `A kernel is one square of ${size} weights. A filter is all that makes one map: a kernel for each channel of what comes in, here ${channels}, and one bias. ` +
    `A feature map is what a filter answers, at every place. This layer has ${filters} filters, and so ${filters} maps.`,
  parameters: (total: string) => `Where do the ${total} parameters come from?`,
  parametersText: (product: string, filters: string, total: string, inputs: string, neurons: string, dense: string) =>
    `${product} weights + ${filters} biases = ${total}. They are the same at every place: that is what sliding means. ` +
    `A dense layer from these ${inputs} values to the same ${neurons} neurons would have ${dense} parameters.`,
  neurons: (neurons: string) => `Are ${neurons} neurons many?`,
  neuronsText: (work: string, size: string, product: string, total: string, large: string) =>
    `Each of them is computed anew for every picture: ${work} multiply-adds in this layer. And this picture is tiny. On one of ${size} in colour, which counts as small, ` +
    `the same filters make ${product} = ${total} neurons, with ${large} multiply-adds.`,
  start: "Why does it start at random, and how far from 0?",
  startText: (inputs: string, deviation: string) =>
    "If all filters began with the same weights, they would get the same gradients and stay the same for ever. So every weight is drawn from a normal distribution around 0. " +
    `Its standard deviation fits the ${inputs} values that a neuron adds up: √(2 / ${inputs}) = ${deviation}. Then the values neither grow nor shrink from layer to layer (He et al. 2015).`,
  shapes: "From lines to shapes, and to faces",
  shapesText: (field: string, first: string) =>
    `A value of this layer depends on ${field} pixels of the picture, one of the first convolution on ${first}. The first layer finds lines and curves; this one finds shapes made of them. ` +
    "In networks for photographs, ten or more layers deep, it goes on to eyes and wheels, and at last to faces and cars.",
  pool: "Why pool before the next convolution?",
  poolText: (work: string, without: string, times: string) =>
    `The next convolution has ${work} multiply-adds. Without this pooling it would have ${without}: ${times} times as many. And each value behind the pooling sees more of the picture.`,
};

export type WhyMessages = typeof en;

const es: WhyMessages = {
  namesake: "¿Por qué se llama Corteza?",
  namesakeText:
    "Por la corteza visual. Hacia 1960, David Hubel y Torsten Wiesel encontraron en la corteza visual de los gatos células que solo responden a una línea de cierta dirección, " +
    "en un lugar de lo que ve el ojo, y detrás de ellas células que reúnen esas respuestas. Una red convolucional tiene sus capas en el mismo orden: " +
    "primero pequeños patrones en cada lugar, después lo que forman juntos.",
  many: "¿Por qué necesita tantas imágenes?",
  manyText: (parameters) =>
    `Empieza con números al azar: solo las imágenes pueden fijar sus ${parameters} parámetros. Con pocas imágenes, muchos ajustes aciertan con todas ellas y fallan con la siguiente. ` +
    "Las redes que distinguen gatos de perros en cualquier postura y con cualquier luz aprendieron de más de 10.000 imágenes de cada uno.",
  words: "Núcleo, filtro y mapa: ¿cuál es cuál?",
  wordsText: (size, channels, filters) =>
    `Un núcleo (kernel) es un cuadrado de ${size} pesos. Un filtro es todo lo que hace un mapa: un núcleo para cada canal de lo que llega, aquí ${channels}, y un sesgo. ` +
    `Un mapa de características es lo que responde un filtro en cada lugar. Esta capa tiene ${filters} filtros y, por tanto, ${filters} mapas.`,
  parameters: (total) => `¿De dónde salen los ${total} parámetros?`,
  parametersText: (product, filters, total, inputs, neurons, dense) =>
    `${product} pesos + ${filters} sesgos = ${total}. Son los mismos en todos los lugares: eso es deslizar. ` +
    `Una capa densa desde estos ${inputs} valores hasta las mismas ${neurons} neuronas tendría ${dense} parámetros.`,
  neurons: (neurons) => `¿Son muchas ${neurons} neuronas?`,
  neuronsText: (work, size, product, total, large) =>
    `Cada una se calcula de nuevo para cada imagen: ${work} multiplicaciones y sumas en esta capa. Y esta imagen es diminuta. En una de ${size} en color, que pasa por pequeña, ` +
    `los mismos filtros hacen ${product} = ${total} neuronas, con ${large} multiplicaciones y sumas.`,
  start: "¿Por qué empieza al azar, y a qué distancia del 0?",
  startText: (inputs, deviation) =>
    "Si todos los filtros empezaran con los mismos pesos, recibirían los mismos gradientes y seguirían iguales para siempre. Por eso cada peso se saca de una distribución normal alrededor de 0. " +
    `Su desviación típica corresponde a los ${inputs} valores que suma una neurona: √(2 / ${inputs}) = ${deviation}. Así los valores ni crecen ni se encogen de capa en capa (He et al. 2015).`,
  shapes: "De las líneas a las formas, y a las caras",
  shapesText: (field, first) =>
    `Un valor de esta capa depende de ${field} píxeles de la imagen; uno de la primera convolución, de ${first}. La primera capa encuentra líneas y curvas; esta, formas hechas de ellas. ` +
    "En las redes para fotografías, de diez capas o más, se sigue con ojos y ruedas y, al final, con caras y coches.",
  pool: "¿Por qué hacer pooling antes de la siguiente convolución?",
  poolText: (work, without, times) =>
    `La siguiente convolución tiene ${work} multiplicaciones y sumas. Sin este pooling tendría ${without}: ${times} veces más. Y cada valor posterior ve más de la imagen.`,
};

export const WHYS = { en, es };
