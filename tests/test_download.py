"""Weights that cannot be fetched: the message says so, and what to do; nothing else is mistaken for that."""

from typing import Any

import keras
import pytest
import requests

from autoopt.errors import ModelError
from tests import toys

NOWHERE = "http://127.0.0.1:9"
"""A port at which nobody listens."""


def keras_application() -> keras.Model:
    return keras.applications.MobileNetV2(
        weights="imagenet", alpha=1.3, include_top=False, input_shape=(96, 96, 3)
    )


def own_file() -> keras.Model:
    return keras.models.load_model(
        keras.utils.get_file("own.keras", f"{NOWHERE}/own.keras", cache_dir="cache")
    )


def requested() -> keras.Model:
    """Fetch as the libraries do that keep models on a hub."""
    return keras.models.load_model(requests.get(f"{NOWHERE}/own.keras", timeout=5).text)


@pytest.mark.parametrize("model_fn", [keras_application, own_file, requested])
def test_weights_that_cannot_be_fetched_are_said_to_need_a_network_or_a_file(
    model_fn: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy"):  # also where there is a network
        monkeypatch.setenv(name, NOWHERE)

    with pytest.raises(
        ModelError, match=r"model_fn raised .*~/\.keras/models .*a file of your own.*weights=None"
    ):
        toys.hypermodel(model_fn).reading()


@pytest.mark.parametrize("error", [OSError("no such file"), ValueError("URL fetch failure")])
def test_another_error_is_not_taken_for_a_failed_download(error: Exception) -> None:
    def model_fn() -> keras.Model:
        raise error

    with pytest.raises(ModelError, match="See its traceback above") as raised:
        toys.hypermodel(model_fn).reading()
    assert "weights=None" not in str(raised.value)
