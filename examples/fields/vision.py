"""Vision: written digits. Folders of images, one for each class."""

from pathlib import Path

from PIL import Image

from benchmarks.datasets import img_mnist5k


def mnist5k(folder: Path) -> tuple[Path, Path]:
    """Write 4,000 images of 28 × 28 pixels to train on and 1,000 to test on."""
    paths = folder / "train", folder / "test"
    for path, (images, digits) in zip(paths, img_mnist5k(), strict=True):
        for number, (image, digit) in enumerate(zip(images, digits, strict=True)):
            place = path / str(digit)
            place.mkdir(parents=True, exist_ok=True)
            Image.fromarray((255 * image[..., 0]).round().astype("uint8")).save(place / f"{number:04}.png")
    return paths
