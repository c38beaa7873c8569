/** What to say of names that are not options of a function, but that people write: where they belong, or what is called otherwise here. */
type Hints = Readonly<Record<string, string>>;

const TRAINER: Hints = {
  epochs: "epochs belongs to fit(dataset, { epochs })",
  learningRate: "learningRate belongs to the optimizer, as in optimizer: adam({ learningRate: 1e-3 })",
  lr: "the learning rate belongs to the optimizer, as in optimizer: adam({ learningRate: 1e-3 })",
};

const FIT: Hints = {
  batchSize: "batchSize belongs to createTrainer(model, { batchSize })",
  batch_size: "batchSize belongs to createTrainer(model, { batchSize })",
  learningRate: "learningRate belongs to the optimizer; trainer.setLearningRate() changes it",
  optimizer: "optimizer belongs to createTrainer(model, { optimizer })",
  metrics: "metrics belongs to createTrainer(model, { metrics })",
  callbacks: "onStep and onEpoch are called, earlyStopping and reduceOnPlateau are options of their own",
  sampleWeight: "weights of samples belong to dataset({ sampleWeights })",
  verbose: "fit prints nothing; onStep and onEpoch tell how it goes",
};

/** By the functions as they are called. */
export const OPTION_HINTS: Readonly<Record<string, Hints>> = {
  createTrainer: TRAINER,
  createWorkerTrainer: TRAINER,
  fit: FIT,
  prepare: FIT,
  evaluate: FIT,
  createClassifier: { classNames: 'the names of the classes are "labels"' },
  dataset: { x: 'images are "images"', y: 'class indices are "labels", numbers "targets"' },
  dataSource: {
    shape: 'the shape of one image is "sampleShape"',
    images: 'images are what "read" fills in; those in memory go into dataset()',
    targets: 'targets are what "read" fills in; give their "targetShape"',
  },
  csv: { sep: 'it is "separator"', delimiter: 'it is "separator"', labels: 'the column of labels is "label"' },
  imageFolder: {
    shuffle: "fit shuffles: trainer.fit(dataset, { shuffle })",
    imageSize: 'the size is "size"',
    targetSize: 'the size is "size"',
    colorMode: 'colours are "channels": 1 or 3',
    grayscale: 'colours are "channels": 1 or 3',
  },
  checkData: { validationData: 'it is "validation" here' },
  // Keras 2 called it so.
  leakyReLU: { alpha: "it is called negativeSlope" },
};
