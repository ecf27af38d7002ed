"""Dumps of a database, the catalogue of them, and bringing one back. It imports from host alone, and drives Django by what it is given."""
