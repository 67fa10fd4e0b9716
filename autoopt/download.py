"""Download: whether an error comes from weights that could not be fetched, and what to do then."""

from collections.abc import Iterator
from urllib.error import URLError

ADVICE = (
    "Expected weights that are at hand: Keras downloads pretrained weights when they are first asked for, and "
    "keeps them in ~/.keras/models (or $KERAS_HOME/models). Build the model once where there is a network, or "
    "copy the file into that folder; load a file of your own with keras.models.load_model; or start without "
    "them, with weights=None."
)


def failed(error: BaseException) -> bool:
    """Whether a download that failed is what an error comes from: one of urllib's or of requests'."""
    return any(isinstance(each, URLError) or _is_requests(each) for each in _chain(error))


def _is_requests(error: BaseException) -> bool:
    # Looked up by name: whoever downloads with requests has imported it.
    kinds = type(error).__mro__
    return any(
        (kind.__module__, kind.__name__) == ("requests.exceptions", "RequestException") for kind in kinds
    )


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and those that it was raised from, or while handling which."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
