from django.urls import reverse_lazy
from django.views.generic import CreateView

from mysite import __version__

from .models import Entry


class GuestbookView(CreateView):
    """The newest entries, and the form that adds one."""

    model = Entry
    fields = ["name", "message"]
    template_name = "guestbook/index.html"
    success_url = reverse_lazy("guestbook:index")
    extra_context = {"version": __version__}

    def get_context_data(self, **kwargs):
        return super().get_context_data(entries=Entry.objects.all()[:50], **kwargs)
