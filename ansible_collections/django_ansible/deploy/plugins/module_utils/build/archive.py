# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""The archive of a commit, and what the repository has that is not in it: submodules, files of Git LFS, files marked C(export-ignore)."""
from __future__ import annotations

import os
import tarfile
import tempfile

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed, run

POINTER = b"version https://git-lfs.github.com/spec/v1\n"
LONGEST_POINTER = 1024  # bytes, as Git LFS itself has it
NAMED = 5  # of many files, those that a sentence names
LONGEST_NAME = 255  # bytes that a file system takes


def pack(folder: str, revision: str, path: str) -> dict[str, list[str]]:
    """Writes the files that *revision* has at *folder*, a work tree, a part of one or a bare repository, to *path*, a tar file.
    Submodules that are checked out there at their commit are in it.

    :return: Sentences about what is not in it: C(warnings), and C(told) for what the repository itself asks for.
    :raises CommandFailed: when git refuses, as for a commit that is not there.
    """
    missing: list[str] = []
    if submodules(folder, revision):
        with tempfile.TemporaryDirectory(dir=os.path.dirname(path)) as work, tarfile.open(path, "w") as whole:
            missing = add(whole, work, folder, revision)
    else:
        git(folder, "archive", "--output", path, revision)
    pointers = pointers_in(path) if marked(folder, revision, "filter=lfs") else []
    return {"warnings": [*warning_of(missing, pointers)], "told": [*told_of(marked(folder, revision, "export-ignore"))]}


def warning_of(missing: list[str], pointers: list[str]):
    help_ = "give actions/checkout `%s` and deploy with source: workspace"
    if missing:
        yield "the release lacks the content of %s, submodules that are not checked out: %s" % (named(missing), help_ % "submodules: recursive")
    if pointers:
        yield "the release has pointers of Git LFS in the place of %s: %s" % (named(pointers), help_ % "lfs: true")


def told_of(ignored: list[str]):
    if ignored:
        yield "what .gitattributes marks export-ignore is not in the release: %s" % named(ignored)


def named(paths: list[str]) -> str:
    more = len(paths) - NAMED
    shown = ("".join(letter if letter.isprintable() else "?" for letter in path[:100]) for path in paths[:NAMED])
    return ", ".join(shown) + (" and %d more" % more if more > 0 else "")


def git(folder: str, *arguments: str) -> str:
    return run(["git", "-c", "safe.directory=*", "-c", "tar.umask=0022", "-C", folder, *arguments])


def submodules(folder: str, revision: str) -> dict[str, str]:
    """Commits of the submodules by their folder.

    :raises CommandFailed: when the commit has a name that no file can have, which would only be found out where it is unpacked.
    """
    entries = [entry.split("\t", 1) for entry in git(folder, "ls-tree", "-r", "-z", revision).split("\0") if entry]
    for _, path in entries:
        # A byte that is no text was read as a letter of three.
        if any(len(name.replace("\ufffd", "?").encode()) > LONGEST_NAME for name in path.split("/")):
            raise CommandFailed("%s… has a name of more than %d bytes, which no file can have: shorten it" % (named([path]), LONGEST_NAME))
    return {path: about.split()[2] for about, path in entries if about.startswith("160000 ")}


def add(whole: tarfile.TarFile, work: str, folder: str, revision: str, prefix: str = "") -> list[str]:
    """Adds a commit and its submodules, and those below them. Returns the folders of those that cannot be added."""
    part = os.path.join(work, "part.tar")
    git(folder, "archive", "--format=tar", "--output", part, revision)
    with tarfile.open(part) as tar:
        for member in tar:
            member.name = prefix + member.name
            if member.islnk():
                member.linkname = prefix + member.linkname
            whole.addfile(member, tar.extractfile(member) if member.isfile() else None)
    missing = []
    for name, commit in sorted(submodules(folder, revision).items()):
        place = os.path.join(folder, name)
        try:
            # Below a link, or without a repository of its own, git would answer for another one.
            if os.path.realpath(place) != os.path.join(os.path.realpath(folder), name) or not os.path.exists(os.path.join(place, ".git")):
                raise CommandFailed("%s is not checked out" % place)
            git(place, "cat-file", "-e", commit + "^{commit}")
        except CommandFailed:
            missing.append(prefix + name)
        else:
            missing += add(whole, work, place, commit, prefix + name + "/")
    return missing


def marked(folder: str, revision: str, attribute: str) -> list[str]:
    """The patterns that a C(.gitattributes) of the commit gives an attribute."""
    try:
        lines = git(folder, "grep", "-hF", "--no-color", "-e", attribute, revision, "--", ".gitattributes", "*/.gitattributes")
    except CommandFailed:  # none
        return []
    return [line.split()[0] for line in lines.splitlines() if attribute in line.split()[1:] and not line.startswith("#")]


def pointers_in(path: str) -> list[str]:
    """Files of an archive that are pointers of Git LFS."""
    with tarfile.open(path) as tar:
        return [member.name for member in tar if member.isfile() and member.size <= LONGEST_POINTER and tar.extractfile(member).read(len(POINTER)) == POINTER]
