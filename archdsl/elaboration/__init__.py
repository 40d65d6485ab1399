"""The steps of elaboration, one idea a file: `walk` is where to begin reading."""
