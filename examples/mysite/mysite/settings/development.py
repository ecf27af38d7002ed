from .base import *  # noqa: F403

DEBUG = True
SECRET_KEY = "only-for-development"
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
