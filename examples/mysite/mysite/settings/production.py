import os

from django.core.exceptions import ImproperlyConfigured

from .base import *  # noqa: F403


def from_environment(name):
    value = os.environ.get(name)
    if not value:
        raise ImproperlyConfigured(f"Set the environment variable {name}.")
    return value


def list_from_environment(name):
    return [item.strip() for item in os.environ.get(name, "").split(",") if item.strip()]


DEBUG = False
SECRET_KEY = from_environment("SECRET_KEY")
ALLOWED_HOSTS = list_from_environment("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = list_from_environment("CSRF_TRUSTED_ORIGINS")

# nginx ends TLS, and overwrites this header in every request it passes on.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# One switch for a site that is served over HTTPS only. Off by default, so that
# the example also works where no certificate is there yet.
HTTPS_ONLY = os.environ.get("HTTPS_ONLY", "") == "1"
SECURE_SSL_REDIRECT = HTTPS_ONLY
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SESSION_COOKIE_SECURE = HTTPS_ONLY
CSRF_COOKIE_SECURE = HTTPS_ONLY

# A static file's name carries the hash of its content, so pages of an older
# release keep finding the files that they were rendered with.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
    },
}

# To standard error, which systemd keeps in its journal.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "INFO"},
}
