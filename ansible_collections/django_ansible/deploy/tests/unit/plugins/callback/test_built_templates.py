"""What Ansible compiles of this collection's templates is kept, and nothing that users wrote."""
from __future__ import annotations

import jinja2
import pytest
from ansible._internal._datatag._tags import Origin
from ansible._internal._templating import _jinja_bits
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from ansible_collections.django_ansible.deploy.plugins.plugin_utils import built_templates

TEXT = "from the collection {{ word | upper }}"


class Runs:
    """Runs of Ansible with one folder to keep things in, each with processes that know nothing of each other."""

    def __init__(self, folder, monkeypatch):
        self.folder, self.kept, self.monkeypatch, self.number = folder, folder / "kept", monkeypatch, 0
        self.whole = _jinja_bits.AnsibleEnvironment.compile
        self.compiled = []

    def __call__(self, *processes):
        """The texts that a run compiled whose processes each render some texts, given with their files."""
        self.number += 1
        self.compiled.clear()
        self.monkeypatch.setattr(_jinja_bits.AnsibleEnvironment, "compile", self._count)
        made = self.folder / str(self.number)
        built_templates.lend(self.kept, made, self.folder / "ours")
        for process in processes:
            for text, file in process:
                assert Templar(DataLoader(), variables={"word": "hunter2"}).template(_of(text, file)).endswith("HUNTER2")
        built_templates.keep(made, self.kept)
        return list(self.compiled)

    def _count(self, environment, source, *arguments):
        self.compiled.append(str(source))
        return self.whole(environment, source, *arguments)

    @property
    def files(self):
        return list(self.kept.iterdir())


def _of(text, file):
    return Origin(path=str(file), line_num=1, col_num=1).tag(trust_as_template(text))


@pytest.fixture
def runs(tmp_path, monkeypatch):
    runs = Runs(tmp_path, monkeypatch)
    monkeypatch.setattr(_jinja_bits.AnsibleEnvironment, "compile", lambda environment, *arguments: runs._count(environment, *arguments))
    return runs


@pytest.fixture
def ours(tmp_path):
    return (TEXT, tmp_path / "ours/roles/main.yml")


def test_a_text_of_the_collection_is_compiled_once_and_never_again(runs, ours):
    assert runs([ours], [ours]) == [TEXT]
    (file,) = runs.files
    assert file.stat().st_mode & 0o777 == 0o600
    assert runs([ours], [ours]) == []
    assert runs.files == [file]


@pytest.mark.parametrize("place", ["theirs/group_vars/all.yml", "ours-too/main.yml"])
def test_what_a_user_wrote_is_compiled_as_ever_and_not_kept(runs, ours, tmp_path, place):
    theirs = ("postgres://user:password@{{ word | upper }}", tmp_path / place)
    assert runs([ours, theirs], [theirs]) == [TEXT, theirs[0], theirs[0]]
    (file,) = runs.files
    assert b"from the collection" in file.read_bytes()
    assert b"password" not in file.read_bytes()


def test_a_text_of_no_known_origin_is_not_kept(runs):
    runs.number += 1
    built_templates.lend(runs.kept, runs.folder / "made", runs.folder / "ours")
    Templar(DataLoader(), variables={"word": "x"}).template(trust_as_template(TEXT))
    built_templates.keep(runs.folder / "made", runs.kept)
    assert not runs.kept.exists()


def test_a_kept_file_that_was_changed_is_not_used(runs, ours):
    runs([ours])
    (file,) = runs.files
    file.write_bytes(file.read_bytes().replace(b"from the collection", b"from somebody else!"))
    assert runs([ours]) == [TEXT]
    assert runs([ours]) == []


def test_a_filter_that_is_called_in_another_way_has_its_template_compiled_anew(runs, ours, monkeypatch):
    runs([ours])

    class Own(_jinja_bits.JinjaPluginIntercept):
        def __getitem__(self, key):
            return jinja2.pass_environment(lambda environment, value: value.upper()) if key == "upper" else super().__getitem__(key)

    monkeypatch.setattr(_jinja_bits, "JinjaPluginIntercept", Own)
    assert runs([ours], [ours]) == [TEXT]
    assert runs([ours]) == []


def test_other_settings_of_jinja_have_it_compiled_anew(runs, ours, monkeypatch):
    runs([ours])
    monkeypatch.setattr(_jinja_bits._TemplateConfig, "jinja_extensions", ["jinja2.ext.do"])
    assert runs([ours]) == [TEXT]


def test_backslashes_that_are_taken_in_another_way_have_it_compiled_anew(runs, tmp_path):
    text = _of(r"{{ 'a\tb' }}", tmp_path / "ours/a.yml")
    built_templates.lend(runs.kept, runs.folder / "made", runs.folder / "ours")
    templar = Templar(DataLoader())
    for _again in range(2):
        assert [templar.template(text), templar.template(text, escape_backslashes=False)] == [r"a\tb", "a\tb"]


def test_what_comes_later_joins_what_is_there(runs, ours, tmp_path):
    other = ("more of {{ word | upper }}", tmp_path / "ours/other.yml")
    runs([ours])
    assert runs([other]) == [other[0]]
    assert runs([ours, other]) == []
    assert len(runs.files) == 1


def test_a_file_of_another_kind_stays_and_is_not_read(runs, ours):
    runs.kept.mkdir()
    (runs.kept / "0123456789abcdef.templates-of-another-ansible").write_bytes(b"no code")
    runs([ours])
    assert len(runs.files) == 2


def test_what_is_included_by_name_is_kept_too(runs, tmp_path):
    folder = tmp_path / "ours/templates"
    folder.mkdir(parents=True)
    (folder / "part.j2").write_text("a part {{ word | upper }}")
    text = ("{% include 'part.j2' %}", folder / "whole.j2")

    def render(made):
        runs.compiled.clear()
        runs.monkeypatch.setattr(_jinja_bits.AnsibleEnvironment, "compile", runs._count)
        built_templates.lend(runs.kept, tmp_path / made, tmp_path / "ours")
        templar = Templar(DataLoader(), variables={"word": "hunter2"}).copy_with_new_env(searchpath=[str(folder)])
        assert templar.template(_of(*text)) == "a part HUNTER2"
        built_templates.keep(tmp_path / made, runs.kept)
        return list(runs.compiled)

    assert render("first") == [text[0], "a part {{ word | upper }}"]
    assert render("second") == []
