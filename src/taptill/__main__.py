"""`python -m taptill` in, the command line out."""

from taptill.cli import main

if __name__ == "__main__":
    main()
