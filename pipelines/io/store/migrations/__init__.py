"""The history of the schema, written literally: a migration never imports `schemas` nor the current tables."""

HEAD = "0004"
"""The revision this program works with; a test holds it equal to the last file in `versions`."""
