"""What the importer reads of other people's networks: `python -m tests.importing_survey timm transformers`."""
