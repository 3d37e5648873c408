"""`python -m tests.ui.pictures`: draws the pictures of the docs anew."""

from tests.project.sources import ROOT
from tests.ui.pictures.shown import pictures

FOLDER = ROOT / "docs" / "pictures"


def main() -> None:
    """Write every picture, and say so."""
    FOLDER.mkdir(exist_ok=True)
    for name, drawing in pictures().items():
        path = FOLDER / f"{name}.svg"
        path.write_text(drawing, "utf-8")
        print(f"{path.relative_to(ROOT)}: {len(drawing):,} bytes")  # noqa: T201 - it is a command


if __name__ == "__main__":
    main()
