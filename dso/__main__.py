"""Run the command: python -m dso."""

from dso.cli.main import main

if __name__ == "__main__":
    main()
