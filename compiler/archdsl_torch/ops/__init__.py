"""The lowerings by theme: modules with the stems of `archdsl.ops`, cases of `lower`."""
