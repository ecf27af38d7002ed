"""What nginx does with uploads, from what a release shows of them and what somebody says."""
from __future__ import annotations

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import uploads

MEDIA = "/opt/site/shared/media"
SHOWN = {"url": "/media/", "public": True, "why": "mysite.urls serves them", "guarded": ["documents/"], "protected": {}}
PRIVATE = {**SHOWN, "public": False, "why": "no URL pattern of the project serves them", "guarded": []}


def decided(found, public=None, protected=None, url=""):
    return uploads.decide({"url": url, "public": public, "protected": protected or {}}, found)


@pytest.mark.parametrize("found", [None, {}, PRIVATE, {"public": "yes"}, {"public": 1}, {**SHOWN, "guarded": [""]}, {**SHOWN, "guarded": ["a b/"]}, {**SHOWN, "guarded": ['x";\n/']}])
def test_in_doubt_nothing_is_public(found):
    assert decided(found).public == []


@pytest.mark.parametrize(
    ("public", "protected", "expected", "guarded"),
    [
        (None, {}, [""], ["documents/"]),
        (True, {}, [""], ["documents/"]),
        (True, {"/protected/": "private"}, [""], ["documents/", "private/"]),
        (False, {}, [], []),
        (["photos", "press/2026/"], {}, ["photos/", "press/2026/"], []),
        (["documents"], {}, ["documents/"], []),
        (["private/photos"], {"/protected/": "private"}, [], []),
        (None, {"/protected/": ""}, [], []),
        (["photos"], {"/protected/": ""}, ["photos/"], []),
    ],
)
def test_what_is_public_and_what_is_guarded(public, protected, expected, guarded):
    made = decided(SHOWN, public, protected)
    assert (made.public, made.guarded) == (expected, guarded)


@pytest.mark.parametrize(
    ("url", "found", "expected"),
    [
        ("", SHOWN, "/media/"), ("", {**SHOWN, "url": "/files"}, "/files/"), ("/other/", {**SHOWN, "url": "/files/"}, "/other/"), ("", None, "/media/"),
        ("", {**SHOWN, "url": "/a b/"}, "/media/"), ("", {**SHOWN, "url": "/../"}, "/media/"), ("", {**SHOWN, "url": "/"}, "/media/"), ("", {**SHOWN, "url": "/;}/"}, "/media/"),
    ],
)
def test_they_are_where_the_project_says_unless_that_is_no_path(url, found, expected):
    assert decided(found, url=url).url == expected


@pytest.mark.parametrize("pair", [("/", "x"), ("/a b/", "x"), ("/p/", "../x"), ("/p/", "a/../../x"), ("/p/", "x; }"), ("/p{/", "x")])
def test_a_record_cannot_say_more_than_a_folder(pair):
    assert decided({**PRIVATE, "protected": dict([pair])}).protected == {}


def test_the_locations():
    made = decided({**SHOWN, "protected": {"/handed-out/": "documents"}})
    links = "        disable_symlinks if_not_owner from=/opt/site/shared;\n"
    assert made.locations("site", MEDIA) == (
        "    location /handed-out/ {\n        internal;\n        alias /opt/site/shared/media/documents/;\n" + links + "    }\n\n"
        "    location /media/ {\n        alias /opt/site/shared/media/;\n" + links + "    }\n\n"
        "    location /media/documents/ {\n        proxy_pass http://site;\n    }\n\n"
    )


def test_they_take_their_place():
    assert uploads.placed("server {\n    @uploads@\n    location / {\n", "    location /media/ {\n    }\n\n") == "server {\n    location /media/ {\n    }\n\n    location / {\n"


OLD = "    location /media/ {\n        alias /opt/site/shared/media/;\n        add_header X-Content-Type-Options nosniff;\n    }\n"


def test_what_is_no_longer_served_is_warned_of_with_what_serves_it_again():
    said, warnings = uploads.told(decided(PRIVATE), OLD, decided(PRIVATE).locations("site", MEDIA), MEDIA)
    assert said == []
    assert len(warnings) == 1
    assert "below /media/ to everybody and stops doing so, since no URL pattern" in warnings[0]


def test_what_is_published_is_told():
    made = decided(SHOWN)
    said, warnings = uploads.told(made, None, made.locations("site", MEDIA), MEDIA)
    assert (said, warnings) == (["nginx serves uploads below /media/ to everybody, but for documents, since mysite.urls serves them (django_app_media_public overrides)"], [])
    assert uploads.told(made, OLD, made.locations("site", MEDIA), MEDIA) == ([], [])


def test_the_first_deploy_tells_that_nothing_is():
    assert uploads.told(decided(PRIVATE), None, "", MEDIA)[0] == ["nginx serves no uploads, since no URL pattern of the project serves them (django_app_media_public overrides)"]
