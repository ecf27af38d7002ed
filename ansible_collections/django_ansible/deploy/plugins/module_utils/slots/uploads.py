# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Which uploads nginx serves to everybody, which it hands out on Django's word, and which it leaves to Django.

What a release's record says of it was found out by the project's own code: it is believed only as far as it has the form of a path.
"""
from __future__ import annotations

import os
import re
from dataclasses import dataclass, field

USUAL_URL = "/media/"
PLACEHOLDER = re.compile(r"^ *@uploads@\n", re.MULTILINE)
LOCATION = re.compile(r"/(?:[A-Za-z0-9_-][A-Za-z0-9._-]*/)+")
FOLDER = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9._-]*/)*")
BEGINNING = re.compile(FOLDER.pattern + r"[A-Za-z0-9_-]?[A-Za-z0-9._-]*")


@dataclass
class Uploads:
    """*public* and *protected* have folders of C(shared/media), each empty or with a slash at its end; *guarded* has beginnings of paths."""

    url: str = USUAL_URL
    public: list[str] = field(default_factory=list)
    guarded: list[str] = field(default_factory=list)
    protected: dict[str, str] = field(default_factory=dict)
    why: str = ""

    def published(self) -> list[str]:
        return [self.url + folder for folder in self.public]

    def locations(self, app_name: str, media: str) -> str:
        """nginx's locations; requests for anything else are Django's."""
        blocks = []
        for folder in self.public:
            blocks.append((self.url + folder, alias(media, folder)))
        for beginning in self.guarded:
            blocks.append((self.url + beginning, ["proxy_pass http://%s;" % app_name]))
        for location, folder in self.protected.items():
            blocks.append((location, ["internal;", *alias(media, folder)]))
        return "".join("    location %s {\n%s    }\n\n" % (path, "".join("        %s\n" % line for line in lines)) for path, lines in sorted(blocks))


def alias(media: str, folder: str) -> list[str]:
    # A link that the application plants, the folder of uploads itself included, leads to nothing that is not its own: nginx may enter what others may not.
    return ["alias %s/%s;" % (media, folder), "disable_symlinks if_not_owner from=%s;" % os.path.dirname(media)]


def as_folder(text: object) -> str:
    path = str(text).strip("/")
    return path + "/" if path else ""


def decide(wish: dict, found: dict | None) -> Uploads:
    """What becomes of a release's uploads.

    :param wish: C(url), C(public) and C(protected) as the role's variables have them; C(public) is V(None) where the project decides.
    :param found: what the release's record says; nothing of one that was made before it was asked.
    """
    found = found if isinstance(found, dict) else {"why": "nobody has asked this release about them"}
    url = as_folder(wish["url"] or found.get("url") or USUAL_URL)
    made = Uploads(url="/" + url if LOCATION.fullmatch("/" + url) else USUAL_URL)
    made.protected = protected_of(wish, found)
    guarded = {str(beginning) for beginning in found.get("guarded") or []} | set(made.protected.values())
    public = wish["public"]
    if public is None:
        made.why = str(found.get("why", ""))
        public = found.get("public") is True and "" not in guarded
        if not all(map(BEGINNING.fullmatch, guarded)):
            public, made.why = False, "the project guards some of them in a folder whose name nginx would have to quote"
    else:
        made.why = "django_app_media_public says so"
    folders = [""] if public is True else sorted(map(as_folder, public or []))
    made.public = [folder for folder in folders if not any(beginning and folder.startswith(beginning) for beginning in made.protected.values())]
    # What somebody names is for everybody, and what lies below it may be guarded.
    guarded = {beginning for beginning in guarded if BEGINNING.fullmatch(beginning)}
    made.guarded = sorted(beginning for beginning in guarded if any(beginning.startswith(folder) and beginning != folder for folder in made.public))
    return made


def protected_of(wish: dict, found: dict) -> dict[str, str]:
    given = {**(found.get("protected") or {}), **(wish["protected"] or {})}
    pairs = {"/" + as_folder(location): as_folder(folder) for location, folder in given.items()}
    return {location: folder for location, folder in pairs.items() if LOCATION.fullmatch(location) and FOLDER.fullmatch(folder)}


def placed(site: str, locations: str) -> str:
    """A site with its locations of uploads in their place."""
    return PLACEHOLDER.sub(lambda _: locations, site)


def served_by(site: str, media: str) -> set[str]:
    """The paths below which a site serves uploads to everybody."""
    return set(re.findall(r"location (/\S*) \{\n\s*alias %s/" % re.escape(media), site))


def told(uploads: Uploads, before: str | None, after: str, media: str) -> tuple[list[str], list[str]]:
    """What to say, and what to warn of, when a site takes the place of another one."""
    then, now = served_by(before or "", media), served_by(after, media)
    gone, come = sorted(then - now), sorted(now - then)
    said, warnings = [], []
    if gone:
        warnings.append(
            "nginx of this host served uploads below %s to everybody and stops doing so, since %s: set django_app_media_public to true, or to the folders that are for "
            "everybody, to have them served again" % (", ".join(gone), uploads.why)
        )
    elif before is None and not now:
        said.append("nginx serves no uploads, since %s (django_app_media_public overrides)" % uploads.why)
    if come:
        but = ", but for %s" % ", ".join(beginning.rstrip("/") for beginning in uploads.guarded) if uploads.guarded else ""
        said.append("nginx serves uploads below %s to everybody%s, since %s (django_app_media_public overrides)" % (", ".join(come), but, uploads.why))
    return said, warnings
