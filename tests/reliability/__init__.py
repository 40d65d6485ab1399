"""What archdsl promises, held against generated networks: `python -m tests.reliability` is the long run."""
