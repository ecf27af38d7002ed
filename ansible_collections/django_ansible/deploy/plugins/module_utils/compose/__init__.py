"""Container mode: compose projects and stacks."""
