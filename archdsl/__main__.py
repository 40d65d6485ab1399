"""`python -m archdsl`."""

from archdsl.cli.commands import main

if __name__ == "__main__":
    main()
