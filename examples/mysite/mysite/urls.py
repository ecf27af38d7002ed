from django.contrib import admin
from django.http import HttpResponse
from django.urls import include, path


def healthz(request):
    """Say that the process is up. The database is left out on purpose: a
    database that is away for a moment is no reason to take the site down."""
    return HttpResponse("ok", content_type="text/plain")


urlpatterns = [
    path("", include("guestbook.urls")),
    path("admin/", admin.site.urls),
    path("healthz", healthz, name="healthz"),
]
