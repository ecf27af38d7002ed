"""From a checkout to something that can run: which Python, which requirements, the virtual environment."""
