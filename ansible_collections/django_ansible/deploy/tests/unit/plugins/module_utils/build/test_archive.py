import subprocess
import tarfile

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.build import archive
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize 12\n" % ("0" * 64)


def git(folder, *arguments):
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "protocol.file.allow=always"]
    return subprocess.run(["git", *identity, "-C", str(folder), *arguments], check=True, capture_output=True, text=True).stdout.strip()


def commit(folder, **files):
    folder.mkdir(exist_ok=True)
    git(folder, "init", "--quiet")
    for name, text in files.items():
        (folder / name).write_text(text)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "A commit")
    return git(folder, "rev-parse", "HEAD")


def texts(path):
    with tarfile.open(path) as tar:
        return {member.name: tar.extractfile(member).read().decode() for member in tar if member.isfile()}


@pytest.fixture
def nested(tmp_path):
    """A repository with a submodule that has one itself, all checked out."""
    commit(tmp_path / "inner", **{"inner.py": "inner"})
    commit(tmp_path / "outer", **{"outer.py": "outer"})
    git(tmp_path / "outer", "submodule", "--quiet", "add", str(tmp_path / "inner"), "deep")
    commit(tmp_path / "outer")
    commit(tmp_path / "site", **{"manage.py": "manage"})
    git(tmp_path / "site", "submodule", "--quiet", "add", str(tmp_path / "outer"), "lib/outer")
    revision = commit(tmp_path / "site")
    git(tmp_path / "site", "submodule", "--quiet", "update", "--init", "--recursive")
    return tmp_path / "site", revision


def test_a_repository_without_any_of_it_has_nothing_to_say(tmp_path):
    revision = commit(tmp_path / "site", **{"manage.py": "manage", ".gitattributes": "*.py text\n"})
    assert archive.pack(str(tmp_path / "site"), revision, str(tmp_path / "a.tar")) == {"warnings": [], "told": []}
    assert texts(tmp_path / "a.tar") == {"manage.py": "manage", ".gitattributes": "*.py text\n"}


def test_submodules_that_are_checked_out_are_in_it(nested, tmp_path):
    site, revision = nested
    assert archive.pack(str(site), revision, str(tmp_path / "a.tar")) == {"warnings": [], "told": []}
    found = texts(tmp_path / "a.tar")
    assert {"manage.py": "manage", "lib/outer/outer.py": "outer", "lib/outer/deep/inner.py": "inner"}.items() <= found.items()


def test_a_submodule_has_the_content_of_the_commit_and_not_of_the_folder(nested, tmp_path):
    site, revision = nested
    (site / "lib/outer/outer.py").write_text("changed since")
    (site / "lib/outer/untracked.py").write_text("a secret")
    archive.pack(str(site), revision, str(tmp_path / "a.tar"))
    assert texts(tmp_path / "a.tar")["lib/outer/outer.py"] == "outer"
    assert "lib/outer/untracked.py" not in texts(tmp_path / "a.tar")


def test_one_below_a_subfolder_is_named_from_there(nested, tmp_path):
    site, revision = nested
    archive.pack(str(site / "lib"), revision, str(tmp_path / "a.tar"))
    assert texts(tmp_path / "a.tar")["outer/deep/inner.py"] == "inner"


def test_submodules_that_are_not_checked_out_are_named(nested, tmp_path):
    site, revision = nested
    git(site, "submodule", "--quiet", "deinit", "--force", "--all")
    (warning,) = archive.pack(str(site), revision, str(tmp_path / "a.tar"))["warnings"]
    assert "the content of lib/outer, submodules" in warning and "`submodules: recursive`" in warning
    git(tmp_path, "clone", "--quiet", "--bare", str(site), str(tmp_path / "mirror"))
    assert "lib/outer" in archive.pack(str(tmp_path / "mirror"), revision, str(tmp_path / "b.tar"))["warnings"][0]


def test_a_link_in_the_place_of_a_submodule_leads_nowhere(nested, tmp_path):
    site, revision = nested
    git(site, "submodule", "--quiet", "deinit", "--force", "--all")
    (site / "lib/outer").rmdir()
    (site / "lib/outer").symlink_to(tmp_path / "outer")
    assert "lib/outer" in archive.pack(str(site), revision, str(tmp_path / "a.tar"))["warnings"][0]
    assert "lib/outer/outer.py" not in texts(tmp_path / "a.tar")


def test_pointers_of_git_lfs_are_named(tmp_path):
    files = {".gitattributes": "*.mp4 filter=lfs diff=lfs merge=lfs -text\n", **{"%d.mp4" % number: POINTER for number in range(7)}, "real.mp4": "film"}
    revision = commit(tmp_path / "site", **files)
    (warning,) = archive.pack(str(tmp_path / "site"), revision, str(tmp_path / "a.tar"))["warnings"]
    assert "0.mp4, 1.mp4, 2.mp4, 3.mp4, 4.mp4 and 2 more" in warning and "`lfs: true`" in warning


def test_what_is_marked_export_ignore_is_said(tmp_path):
    revision = commit(tmp_path / "site", **{".gitattributes": "# export-ignore\n/docs.txt export-ignore\n", "docs.txt": "words", "manage.py": ""})
    found = archive.pack(str(tmp_path / "site"), revision, str(tmp_path / "a.tar"))
    assert found == {"warnings": [], "told": ["what .gitattributes marks export-ignore is not in the release: /docs.txt"]}
    assert "docs.txt" not in texts(tmp_path / "a.tar")


def test_a_commit_that_is_not_there_is_refused(tmp_path):
    commit(tmp_path / "site", **{"manage.py": ""})
    with pytest.raises(CommandFailed):
        archive.pack(str(tmp_path / "site"), "0" * 40, str(tmp_path / "a.tar"))


@pytest.mark.parametrize("letter, folder", [("n", False), ("é", True)])
def test_a_name_that_no_file_can_have_is_named_before_any_host_gets_it(tmp_path, letter, folder):
    commit(tmp_path / "site", **{"manage.py": "manage"})
    entry = "100644 blob %s" % git(tmp_path / "site", "rev-parse", "HEAD:manage.py")
    for name in (letter * 300, "web")[0 : 2 if folder else 1]:
        listed = subprocess.run(["git", "-C", str(tmp_path / "site"), "mktree", "-z"], input="%s\t%s\0" % (entry, name), capture_output=True, text=True, check=True)
        entry = "040000 tree %s" % listed.stdout.strip()
    revision = git(tmp_path / "site", "commit-tree", "-m", "Long", listed.stdout.strip())
    with pytest.raises(CommandFailed, match="%s{50,}… has a name of more than 255 bytes, which no file can have: shorten it" % letter) as failure:
        archive.pack(str(tmp_path / "site"), revision, str(tmp_path / "a.tar"))
    assert len(str(failure.value)) < 300
    assert not (tmp_path / "a.tar").exists()


def test_the_longest_name_is_packed(tmp_path):
    revision = commit(tmp_path / "site", **{"manage.py": "manage", "n" * 255: "long"})
    archive.pack(str(tmp_path / "site"), revision, str(tmp_path / "a.tar"))
    assert texts(tmp_path / "a.tar")["n" * 255] == "long"
