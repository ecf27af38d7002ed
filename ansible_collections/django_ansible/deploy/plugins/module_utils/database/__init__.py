"""Dumps of a database, the catalogue of them, and bringing one back. Django is driven by what callers hand over."""
