from django.contrib.staticfiles import finders
from django.test import Client, SimpleTestCase, TestCase

from mysite import __version__

from .models import Entry


class GuestbookTests(TestCase):
    def test_an_empty_book_says_so(self):
        self.assertContains(self.client.get("/"), "Nobody has signed yet.")

    def test_an_entry_is_kept_and_shown(self):
        response = self.client.post(
            "/", {"name": "Ada", "message": "First!"}, follow=True
        )

        self.assertRedirects(response, "/")
        self.assertContains(response, "First!")
        self.assertEqual(Entry.objects.get().name, "Ada")

    def test_the_newest_entry_comes_first(self):
        Entry.objects.create(name="Ada", message="one")
        Entry.objects.create(name="Grace", message="two")

        names = [entry.name for entry in self.client.get("/").context["entries"]]

        self.assertEqual(names, ["Grace", "Ada"])

    def test_an_entry_without_a_message_is_refused(self):
        response = self.client.post("/", {"name": "Ada", "message": ""})

        self.assertContains(response, "This field is required.")
        self.assertFalse(Entry.objects.exists())

    def test_what_visitors_write_is_escaped(self):
        Entry.objects.create(name="Eve", message="<script>alert(1)</script>")

        self.assertNotContains(self.client.get("/"), "<script>alert")

    def test_a_form_without_a_token_is_refused(self):
        client = Client(enforce_csrf_checks=True)

        response = client.post("/", {"name": "Eve", "message": "Hello"})

        self.assertEqual(response.status_code, 403)

    def test_the_page_shows_its_version_and_uses_its_style(self):
        response = self.client.get("/")

        self.assertContains(response, f"Version {__version__}")
        self.assertContains(response, "guestbook/style")
        self.assertIsNotNone(finders.find("guestbook/style.css"))


class HealthTests(SimpleTestCase):
    """A SimpleTestCase forbids queries, so this also shows that there is none."""

    def test_it_answers_without_the_database(self):
        response = self.client.get("/healthz")

        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.content, b"ok")
