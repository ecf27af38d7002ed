"""Container mode: compose projects and stacks. It imports from django and host, never from slots or build."""
