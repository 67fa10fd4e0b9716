"""KerasTuner's getting-started guide, step by step: only the tuner's class is another one, and digits stand in for MNIST.

python examples/keras_tuner_guide.py
"""

import keras
import keras_tuner
import numpy as np
from keras import layers
from sklearn.datasets import load_digits

import autoopt

images, digits = load_digits(return_X_y=True)
x = (images / 16).astype("float32").reshape(-1, 8, 8, 1)
y = keras.utils.to_categorical(digits, 10)
x_train, x_val = x[:-400], x[-400:]
y_train, y_val = y[:-400], y[-400:]


def build_model(hp):
    """Return a compiled model; units, activation, dropout and learning rate are to be tuned."""
    model = keras.Sequential()
    model.add(layers.Flatten())
    units = hp.Int("units", min_value=32, max_value=512, step=32)
    model.add(layers.Dense(units, activation=hp.Choice("activation", ["relu", "tanh"])))
    if hp.Boolean("dropout"):
        model.add(layers.Dropout(rate=0.25))
    model.add(layers.Dense(10, activation="softmax"))
    learning_rate = hp.Float("lr", min_value=1e-4, max_value=1e-2, sampling="log")
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=learning_rate),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


model_fn, data = build_model, (x, y)  # for `autoopt tune examples/keras_tuner_guide.py`


class Shuffling(keras_tuner.HyperModel):
    """The same model; whether each epoch is shuffled, and the size of a batch, are to be tuned too."""

    def build(self, hp):
        """Return a compiled model."""
        return build_model(hp)

    def fit(self, hp, model, *args, **kwargs):
        """Train it, with the arguments of `search`."""
        batch_size = hp.Choice("batch_size", [32, 64])
        return model.fit(*args, shuffle=hp.Boolean("shuffle"), batch_size=batch_size, **kwargs)


class Measured(keras_tuner.HyperModel):
    """The same model, measured by hand: the mean probability that it denies the right class, the less the better."""

    def build(self, hp):
        """Return a compiled model."""
        return build_model(hp)

    def fit(self, hp, model, x, y, validation_data, **kwargs):
        """Train it, and return what is to be minimized."""
        model.fit(x, y, **kwargs)
        x_val, y_val = validation_data
        return 1.0 - np.mean(np.sum(y_val * model.predict(x_val, verbose=0), axis=1))


def tuned(hypermodel, project_name, **options):
    """Search as the guide does, and return the tuner."""
    tuner = autoopt.Tuner(
        hypermodel, overwrite=True, directory="my_dir", project_name=project_name, **options
    )
    tuner.search(x_train, y_train, epochs=2, validation_data=(x_val, y_val))
    return tuner


def main(max_trials=3):
    """Follow the guide: search, look at what was found, train the best again on all data."""
    tuner = tuned(
        build_model, "helloworld", objective="val_accuracy", max_trials=max_trials, executions_per_trial=2
    )
    tuner.search_space_summary()
    best_model, _ = tuner.get_best_models(num_models=2)
    best_model.summary()
    tuner.results_summary()
    model = build_model(tuner.get_best_hyperparameters(5)[0])
    model.fit(np.concatenate((x_train, x_val)), np.concatenate((y_train, y_val)), epochs=1, verbose=0)

    tuner = tuned(Shuffling(), "tune_hypermodel", objective="val_accuracy", max_trials=max_trials)
    best_hp = tuner.get_best_hyperparameters()[0]
    hypermodel = Shuffling()
    hypermodel.fit(best_hp, hypermodel.build(best_hp), x, y, epochs=1, verbose=0)
    print(best_hp.values)

    tuned(Measured(), "custom_eval", max_trials=max_trials).results_summary()


if __name__ == "__main__":
    main()
