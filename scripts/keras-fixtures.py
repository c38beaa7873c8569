"""
Writes the files of test/formats/keras/files with the real Keras, and what it answers: python3 scripts/keras-fixtures.py FOLDER, then npx biome format --write
FOLDER/answers.json. Wants the packages keras (3.15 wrote those that are there), h5py and jax.
"""

import json
import os
import sys
import zipfile

os.environ["KERAS_BACKEND"] = "jax"
import h5py
import keras
import numpy
from keras import layers

folder = sys.argv[1]
random = numpy.random.default_rng(1)
IMAGE = (6, 8, 4)


def scatter(model):
    """Weights that are no initial values."""
    for variable in model.weights:
        values = random.normal(size=variable.shape) * 0.4
        variable.assign(0.3 + values * values if "variance" in variable.name else values)


def chain(*list_of_layers):
    return keras.Sequential([keras.Input(IMAGE), *list_of_layers])


def windows():
    return chain(
        layers.Conv2D(6, (3, 2), padding="same", groups=2, activation="relu", kernel_regularizer="l2"),
        layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same", activation="leaky_relu"),
        layers.SeparableConv2D(5, 3, depth_multiplier=2, activation="gelu"),
        layers.Conv2DTranspose(3, 3, strides=2, padding="same", activation="hard_sigmoid"),
        layers.Conv2DTranspose(2, 3, strides=2, output_padding=1, activation="silu"),
        layers.MaxPooling2D(2),
        layers.AveragePooling2D(3, strides=2, padding="same"),
        layers.UpSampling2D(2, interpolation="bilinear"),
        layers.GlobalAveragePooling2D(keepdims=True),
        layers.Flatten(),
        layers.Dense(3, activation="softmax", kernel_constraint=keras.constraints.MaxNorm(3)),
    )


def pointwise():
    normalization = layers.Normalization()
    normalization.adapt(random.normal(size=(20, *IMAGE)) * 2 + 1)
    return chain(
        normalization,
        layers.Rescaling(0.5, offset=[0.1, 0.2, 0.3, 0.4]),
        layers.BatchNormalization(epsilon=1e-2),
        layers.LayerNormalization(),
        layers.GroupNormalization(groups=2),
        layers.UnitNormalization(),
        layers.Dropout(0.3),
        layers.SpatialDropout2D(0.3),
        layers.GaussianNoise(0.1),
        layers.PReLU(shared_axes=[1, 2]),
        layers.ELU(alpha=0.5),
        layers.LeakyReLU(negative_slope=0.1),
        layers.ReLU(max_value=2, negative_slope=0.1, threshold=0.05),
        layers.Activation("mish"),
        layers.Activation("hard_silu"),
        layers.ZeroPadding2D(((1, 0), (2, 1))),
        layers.Cropping2D(((0, 1), (1, 1))),
        layers.Permute((2, 1, 3)),
        layers.Reshape((-1, 4)),
        layers.Dense(3, activation="log_softmax"),
    )


def graph():
    def block(name):
        own = [layers.Conv2D(3, 3, padding="same", name="conv"), layers.BatchNormalization()]
        return keras.Sequential([keras.Input((4, 4, 3)), *own], name=name)

    # Keras loses the weights of a model that lies in two others.
    inner, other = block("inner"), block("other")
    left, right = keras.Input((4, 4, 3), name="left"), keras.Input((4, 4, 3), name="right")
    z = keras.Input((4, 4, 3))
    nested = keras.Model(z, layers.Add()([inner(z), layers.Conv2D(3, 1)(z)]), name="nested")
    shared = layers.Conv2D(3, 1, name="conv")
    a, b = shared(nested(left)), shared(other(right))
    merged = [
        layers.Subtract()([a, b]),
        layers.Multiply()([a, layers.Softmax(axis=1)(b)]),
        layers.Maximum()([a, b]),
        layers.Minimum()([a, b]),
        layers.Average()([a, nested(b)]),
    ]
    y = layers.Concatenate()(merged)
    return keras.Model([right, left], [layers.GlobalMaxPooling2D()(y), layers.Dense(2)(layers.Flatten()(a))])


def deflate(path):
    """Keras stores; others may compress."""
    with zipfile.ZipFile(path) as stored:
        entries = {name: stored.read(name) for name in stored.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as deflated:
        for name, data in entries.items():
            deflated.writestr(name, data)


def old_layout(source, target):
    """The same file as Keras 2 wrote it: its names of options, variables numbered, texts of fixed length."""
    with h5py.File(source) as new, h5py.File(target, "w") as old:
        config = json.loads(new.attrs["model_config"])

        def older(value):
            if isinstance(value, list):
                return [older(one) for one in value]
            if not isinstance(value, dict):
                return value
            if value.get("class_name") == "DTypePolicy":
                return value["config"]["name"]
            gone = ("module", "registered_name", "shared_object_id", "build_config")
            renamed = {"batch_shape": "batch_input_shape"}
            return {renamed.get(key, key): older(one) for key, one in value.items() if key not in gone}

        old.attrs["model_config"] = json.dumps(older(config)).encode()
        old.attrs["keras_version"] = b"2.12.0"
        group = old.create_group("model_weights")
        names = [name for name in new["model_weights"].attrs["layer_names"]]
        group.attrs["layer_names"] = numpy.array([name.encode() for name in names])
        for name in names:
            own = group.create_group(name)
            weights = list(new["model_weights"][name].attrs["weight_names"])
            own.attrs["weight_names"] = numpy.array([f"{weight}:0".encode() for weight in weights], dtype="S64")
            for weight in weights:
                values = new["model_weights"][name][weight][()]
                own.create_dataset(f"{weight}:0", data=values, compression="gzip", shuffle=True)


answers = {}
for name, make in {"windows": windows, "pointwise": pointwise, "graph": graph}.items():
    model = make()
    if name == "pointwise":
        kept = [variable.numpy() for variable in model.layers[0].variables]
    scatter(model)
    if name == "pointwise":
        for variable, value in zip(model.layers[0].variables, kept):
            variable.assign(value)
        model.layers[0].finalize_state()
    for extension in ("keras", "h5"):
        model.save(os.path.join(folder, f"{name}.{extension}"))
    inputs = [random.normal(size=(2, *tensor.shape[1:])).astype("float32") for tensor in model.inputs]
    outputs = model.predict(inputs if len(inputs) > 1 else inputs[0], verbose=0)
    outputs = outputs if isinstance(outputs, list) else [outputs]
    answers[name] = {
        "inputs": [[float(f"{value:.9g}") for value in one.ravel()] for one in inputs],
        "outputs": [[float(f"{value:.9g}") for value in one.ravel()] for one in outputs],
    }
    if name != "windows":
        deflate(os.path.join(folder, f"{name}.keras"))
small = chain(layers.Conv2D(2, 3), layers.Activation("hard_sigmoid"), layers.Flatten(), layers.Dense(3))
scatter(small)
small.save(os.path.join(folder, "new.h5"))
old_layout(os.path.join(folder, "new.h5"), os.path.join(folder, "keras2.h5"))
os.remove(os.path.join(folder, "new.h5"))
x = random.normal(size=(2, *IMAGE)).astype("float32")
# Keras 2's hard_sigmoid.
hidden = numpy.clip(0.2 * small.layers[0](x) + 0.5, 0, 1)
y = small.layers[3](small.layers[2](hidden))
answers["keras2"] = {"inputs": [[float(f"{v:.9g}") for v in x.ravel()]], "outputs": [[float(f"{v:.9g}") for v in numpy.asarray(y).ravel()]]}
with open(os.path.join(folder, "answers.json"), "w") as file:
    json.dump(answers, file)
