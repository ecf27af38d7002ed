"""Who on a host may open, make, change or remove files: host/tree.py where somebody else may write, and the places named here, which are root's alone.

Anything else fails, with what it calls. A new place needs a line that says which path it is and why nobody but root can put something there.
"""
import ast
from pathlib import Path

import pytest

PLUGINS = Path(__file__).parents[2] / "plugins"
HOSTS = [*PLUGINS.glob("module_utils/*/*.py"), *PLUGINS.glob("modules/*.py")]

OS = {
    "mkdir", "makedirs", "mkfifo", "mknod", "link", "symlink", "rename", "renames", "replace", "unlink", "remove", "rmdir", "removedirs", "chown", "lchown",
    "fchown", "chmod", "lchmod", "fchmod", "truncate", "ftruncate", "utime", "setxattr", "removexattr", "open", "sendfile", "copy_file_range",
}
HARMLESS_SHUTIL = {"which", "disk_usage"}
BY_PATH = {"ensure_directory", "write_atomically", "write_atomically_as", "replace_link", "second_name", "ManagedFile"}  # of host/files.py
PROGRAMS = {"rm", "cp", "mv", "ln", "chown", "chmod", "mkdir", "rmdir", "touch", "install", "rsync", "tar", "tee", "dd", "find", "sh", "bash"}


def name_of(call):
    """What is called, if that touches files."""
    function = call.func
    if isinstance(function, ast.Name) and (function.id == "open" or function.id in BY_PATH):
        return function.id
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        module, name = function.value.id, function.attr
        if (module == "os" and name in OS) or (module == "shutil" and name not in HARMLESS_SHUTIL) or module in ("tempfile", "io", "tarfile", "zipfile") or (module, name) == ("gzip", "open"):
            return "%s.%s" % (module, name)
    return None


def touches(tree):
    """Every call that touches files, with the function that it is in."""

    def visit(node, inside):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            inside = [*inside, node.name]
        if isinstance(node, ast.Call) and name_of(node):
            yield ".".join(inside), name_of(node)
        if isinstance(node, ast.List) and node.elts and isinstance(node.elts[0], ast.Constant) and str(node.elts[0].value).rpartition("/")[2] in PROGRAMS:
            yield ".".join(inside), "runs_" + node.elts[0].value.rpartition("/")[2]
        for child in ast.iter_child_nodes(node):
            yield from visit(child, inside)

    yield from visit(tree, [])


def found_in(text):
    found = {}
    for function, call in touches(ast.parse(text)):
        found.setdefault(function, set()).add(call)
    return found


def hidden(tree):
    """Ways to call these functions that the test would not see."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in ("os", "shutil", "io", "pathlib", "tempfile", "builtins"):
            yield "from %s import" % node.module
        if isinstance(node, ast.Import):
            yield from ("import %s" % name.name for name in node.names if name.name in ("pathlib", "ctypes", "builtins") or (name.name in ("os", "shutil", "io") and name.asname))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("getattr", "__import__") and isinstance(node.args[0], ast.Name) and node.args[0].id in ("os", "shutil"):
            yield "getattr(%s" % node.args[0].id
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "files" and node.attr in BY_PATH:
            yield "files.%s" % node.attr  # They are called by their names.


BUILDER = "runs as the builder, in its sandbox, where it may do as it likes"
APPLICATION = "runs as the application's user, in its sandbox"
# What each of these files may do anywhere, and why.
WHOLE = {
    "host/tree.py": "the gateway: by descriptors, following no link",
    "host/opened.py": "the gateway: folders held open, and what is below them",
    "host/copying.py": "the gateway: from tree to tree",
    "host/ownership.py": "the gateway: whose a tree is",
    "host/descriptors.py": "what the gateway is made of",
    "host/removal.py": "what the gateway removes with",
    "host/files.py": "root's own places by their path; who calls it is named below",
    "build/lock_files.py": BUILDER,
    "build/requirements.py": BUILDER,
    "build/settings_reads.py": BUILDER,
    "build/venv.py": BUILDER,
    "build/worker.py": BUILDER,
    "database/sqlite_files.py": "runs as the application's user, in its sandbox, which may do as it likes with its own database",
    "django/committed.py": APPLICATION,
    "django/connecting.py": APPLICATION,
    "django/driver.py": APPLICATION,
    "django/project.py": APPLICATION,
    "django/operations.py": APPLICATION,
    "django/settings_completion.py": APPLICATION,
    "django/uploads.py": APPLICATION,
}
# Function by function: what it calls, and the places it does that to, which nobody but root can write.
ALLOWED = {
    "build/archive.py": {
        "pack": ("tarfile.open tempfile.TemporaryDirectory", "a new folder in /var/tmp, 0700, or of Ansible's on the machine that runs it"),
        "add": ("tarfile.open", "the same folder, of git's own archives; nothing is unpacked"),
        "pointers_in": ("tarfile.open", "the archive that git wrote there; nothing is unpacked"),
    },
    "build/completing.py": {
        "complete": ("gzip.open open os.unlink shutil.copyfileobj tarfile.TarInfo tarfile.open", "a new folder of root's in /var/tmp, 0700, and what Ansible uploaded; nothing is unpacked"),
    },
    "build/builder.py": {
        "Builder.ensure": ("ensure_directory", "/var/cache/django-ansible-deploy and the folder in it that is given to the builder"),
    },
    "host/firewall.py": {"_read": ("open", "ufw's own files in /etc")},
    "host/fitness.py": {"os_release": ("open", "/etc/os-release")},
    "host/packages.py": {"_in_state": ("runs_sh", "asks dpkg; the script is this file's own, and no path goes into it")},
    "build/repository.py": {
        "reach": ("tempfile.NamedTemporaryFile", "a new file in /run, 0600"),
    },
    "build/uv.py": {
        "install_uv": ("open", "app_dir/tools, root's"),
        "fetch_uv": ("open os.fchmod os.makedirs", "app_dir/tools, root's"),
        "_placed": ("ensure_directory os.chmod os.rename shutil.rmtree tempfile.TemporaryDirectory", "app_dir/tools, root's"),
    },
    "build/uv_wheel.py": {"fetch": ("io.BytesIO zipfile.ZipFile", "what was fetched, in memory; nothing is unpacked")},
    "compose/activation.py": {"Activation.save": ("open", "this collection's folder of the project, 0700")},
    "compose/engine.py": {
        "docker_config": ("open", "the Docker configuration of the account that the engine is asked as"),
        "engine_host": ("open", "the Docker configuration of the account that the engine is asked as"),
    },
    "compose/leaving.py": {
        "Leaving.leave": ("os.rmdir shutil.rmtree", "this collection's own folders, root's or the engine's user's"),
        "Leaving._drain": ("os.unlink write_atomically_as", "this collection's own folder that the proxy mounts read-only, root's or the engine's user's"),
        "Leaving._keep": ("os.mkdir shutil.move", "/var/backups, and this collection's folder of the project, 0700"),
        "forget_lock": ("os.rmdir os.unlink", "/run/django-ansible-deploy"),
    },
    "compose/nightly.py": {
        "Schedule.__init__": ("ManagedFile", "units, and this collection's folder of the project, 0700"),
        "remove": ("os.unlink", "units, and this collection's folder of the project, 0700"),
        "main": ("open", "this collection's folder of the project, 0700"),
    },
    "compose/one_off.py": {
        "OneOff.environment": ("open", "this collection's folder of the project, 0700"),
        "_memory_file": ("os.fchmod os.unlink tempfile.mkstemp", "a new file in memory, 0600, or 0644 when it has no secret"),
    },
    "compose/own_checks.py": {"command_of": ("runs_sh", "started inside a container")},
    "compose/plan.py": {"Plan.resolve": ("shutil.rmtree tempfile.mkdtemp", "a new folder in memory, 0700")},
    "compose/registry.py": {
        "private_config": ("os.open shutil.rmtree tempfile.mkdtemp", "a new folder in memory, 0700"),
        "sweep_folders": ("shutil.rmtree", "such folders of runs that died"),
        "memory_folder": ("tempfile.gettempdir", "tells a path"),
    },
    "compose/rollout.py": {
        "roll_out": ("open", "this collection's folder of the project, 0700"),
        "Rollout.hook": ("runs_sh", "started inside a container"),
    },
    "compose/sources.py": {
        "Managed.load": ("open", "this collection's folder of the project, 0700"),
        "_overlay": ("os.makedirs os.open os.symlink", "a new folder in memory, 0700"),
    },
    "compose/stacks.py": {"Stack.stack_deploy": ("open os.open", "this collection's folder of the project, 0700")},
    "compose/store.py": {
        name: (calls, "this collection's folder of the project, 0700")
        for name, calls in {
            "Store.set_live": "os.unlink replace_link", "Store.config": "open", "Store.save": "os.makedirs", "Store.forget": "shutil.rmtree",
            "Store.write_plan": "os.chmod os.makedirs", "Store.plan": "open", "Store.drop_plan": "shutil.rmtree",
            "_write": "write_atomically_as",
        }.items()
    },
    "database/catalogue.py": {
        "read_record": ("open", "app_dir/backups, 0700"),
        "Catalogue.alone": ("ensure_directory os.open", "app_dir/backups, 0700"),
        "Catalogue.begin": ("ensure_directory", "app_dir/backups, 0700"),
        "Catalogue.complete": ("os.rename write_atomically", "app_dir/backups, 0700"),
        "Catalogue.note": ("write_atomically", "app_dir/backups, 0700"),
        "Catalogue.prune": ("os.unlink", "app_dir/backups, 0700"),
        "checksum": ("open", "app_dir/backups, 0700"),
    },
    "database/clients.py": {"HostClient.given": ("os.fchmod tempfile.NamedTemporaryFile", "a new file in /run")},
    "database/postgresql.py": {
        name: (calls, "app_dir/backups, 0700")
        for name, calls in {"Database.dump": "os.open", **dict.fromkeys(("Database.contents", "Database.contained", "Database.load"), "open")}.items()
    },
    "database/sqlite.py": {name: (calls, "app_dir/backups, 0700") for name, calls in {"SqliteDatabase.dump": "os.open", "SqliteReplacement.load": "open"}.items()},
    "database/mysql.py": {
        **{name: (calls, "app_dir/backups, 0700") for name, calls in {"MysqlDatabase.dump": "os.open", "MysqlDatabase.load": "open", "read_dump": "gzip.open open", "is_packed": "open"}.items()},
        "MysqlDatabase.run": ("runs_sh", "starts the clients, as the application's user or in a container; the scripts are this file's own"),
    },
    "database/recovery.py": {"Recovery._dump": ("os.unlink", "app_dir/backups, 0700")},
    "database/targets.py": {
        "Target._ready": ("tempfile.TemporaryDirectory", "a new folder in memory, 0700"),
        "Target._ready.put": ("os.open", "the same folder"),
        "Target.fetch": ("os.rename tempfile.TemporaryDirectory", "app_dir/backups, 0700"),
    },
    "database/replacement.py": {"Replacement.switch": ("runs_sh", "starts psql twice, as the application's user or as PostgreSQL's administrator; what it runs is this file's own")},
    "database/schema_replacement.py": {
        "SchemaReplacement.load": ("open runs_sh", "app_dir/backups, 0700; the script is this file's own, and starts the clients as the application's user or in a container"),
    },
    "django/copies.py": {"PostgresCopy.run": ("runs_sh", "run as the application's user, or in a container; the script is this file's own, and no path goes into it")},
    "django/secret_key.py": {
        "read": ("open", "/etc/<app_name>/secret_key"),
        "ensure": ("ensure_directory write_atomically", "/etc/<app_name>/secret_key"),
    },
    "host/certificate.py": {
        "put": ("os.fchmod os.open os.rename", "/etc/<app_name>/certificate"),
        "read": ("open", "/etc/<app_name>/certificate"),
        "Certificate.sign_self": ("tempfile.TemporaryDirectory", "a new folder, 0700"),
        "Certificate.make_identity": ("tempfile.TemporaryDirectory", "a new folder, 0700"),
        "Certificate.publish": ("os.makedirs", "/var/lib/<app_name>-acme"),
        "main": ("open", "/etc/<app_name>/certificate"),
    },
    "host/lock.py": {
        "DeployLock._flock": ("os.makedirs os.open", "/run/django-ansible-deploy"),
        "DeployLock._read": ("open", "/run/django-ansible-deploy"),
        "DeployLock._put": ("open", "/run/django-ansible-deploy"),
        "DeployLock.ask_to_stop": ("os.open", "/run/django-ansible-deploy"),
        "DeployLock.is_asked_to_stop": ("open", "/run/django-ansible-deploy"),
        "DeployLock.go_on": ("os.unlink", "/run/django-ansible-deploy"),
        "boot_id": ("open", "/proc/sys/kernel/random/boot_id"),
    },
    "host/living.py": {
        "_begun": ("open", "/proc/PID/stat"),
        "holders": ("open", "/proc/locks"),
        "is_locked": ("os.open", "/run/django-ansible-deploy"),
        "last_beat": ("open", "/run/django-ansible-deploy"),
    },
    "host/freeze.py": {
        "Freeze.read": ("open", "/var/lib/django-ansible-deploy, 0700"),
        "Freeze.put": ("os.makedirs write_atomically_as", "/var/lib/django-ansible-deploy, 0700"),
        "Freeze.lift": ("os.unlink", "/var/lib/django-ansible-deploy, 0700"),
    },
    "host/boot.py": {
        "arm": ("os.makedirs replace_link write_atomically_as", "/etc/systemd/system, and /var/lib/django-ansible-deploy, 0700"),
        "disarm": ("open os.unlink", "/etc/systemd/system, and /var/lib/django-ansible-deploy, 0700"),
        "_told": ("open", "/var/lib/django-ansible-deploy, 0700"),
    },
    "host/hearing.py": {
        "_group_above": ("open", "/proc/PID/status"),
        "Starting.__init__": ("os.chmod os.makedirs write_atomically_as", "/run/django-ansible-deploy, 0700, and /run/django-ansible-deploy-heard, where others may look for a name that they know, and no more"),
        "make_folder": ("os.chmod os.chown os.mkdir", "the run's own folder there, new, in which the group may look for names and no more"),
        "Starting.wait": ("os.unlink shutil.rmtree", "the same two: what the keeper would have removed"),
    },
    "host/keeper.py": {
        "main": ("open os.open os.unlink shutil.rmtree", "/run/django-ansible-deploy, 0700, and the run's own folder beside it"),
        "Keeper.run": ("os.chmod os.unlink", "the socket in the run's own folder"),
        "Keeper.take": ("write_atomically_as", "the run's own folder"),
    },
    "host/shipped.py": {
        "_put": ("os.makedirs", "/var/lib/django-ansible-deploy/code, 0700"),
        "_write": ("os.makedirs write_atomically_as", "/var/lib/django-ansible-deploy/code, 0700"),
    },
    "host/nginx.py": {
        "resolvers": ("open", "/etc/resolv.conf"),
        "untouched_welcome_page": ("open", "/etc/nginx"),
        "answers_for_unknown_names": ("open", "/etc/nginx"),
        "catch_all": ("ManagedFile", "/etc/nginx"),
        "line_of": ("open", "/etc/nginx, or a copy of it in a new folder in /run, 0700"),
        "give_welcome_page_back": ("replace_link", "/etc/nginx"),
    },
    "host/nginx_trial.py": {
        "said_of": (
            "os.makedirs os.mkdir os.unlink replace_link shutil.copytree tempfile.TemporaryDirectory write_atomically",
            "a new folder in /run, 0700, and in it a copy of /etc/nginx",
        ),
    },
    "host/processor_waits.py": {"_text": ("open", "/proc and /sys/fs/cgroup")},
    "host/waiting_room.py": {"connections": ("open", "/proc/net/unix")},
    "host/memory.py": {"of_host": ("open", "/proc/meminfo")},
    "host/releases.py": {
        "Releases.read_release": ("open", "app_dir/releases/<release>/release.json, root's once the release has its place"),
        "Releases.edited": ("open", "release.json of a release, and /etc/<app_name>/prepared"),
        "Releases.write_record": ("write_atomically_as", "release.json of a release that root has taken over"),
        "Releases.last_record": ("open", "app_dir/deploys.jsonl"),
        "Releases.record": ("os.fchmod os.open", "app_dir/deploys.jsonl"),
        "Releases.layout_version": ("open", "app_dir/.layout"),
        "Releases.claim_layout": ("write_atomically_as", "app_dir/.layout"),
    },
    "host/sandbox.py": {
        "private_folder": ("os.mkdir shutil.rmtree", "a new folder in memory, 0700"),
        "_feed": ("shutil.copyfileobj", "what a caller has open, into a pipe"),
        "_unit": ("runs_sh write_atomically_as", "a new folder in memory, 0700; what it runs is started in the sandbox"),
    },
    "host/stopped.py": {"_stat": ("open", "/proc/<pid>/stat")},
    "host/undo.py": {
        "remember": ("os.makedirs write_atomically_as", "/var/lib/django-ansible-deploy, 0700"),
        "recall": ("open", "/var/lib/django-ansible-deploy, 0700"),
        "content": ("open", "/var/lib/django-ansible-deploy, 0700"),
        "put_back": ("os.unlink write_atomically_as", "/var/lib/django-ansible-deploy, 0700"),
        "confirm": ("open write_atomically_as", "/var/lib/django-ansible-deploy, 0700"),
        "forget": ("os.unlink", "/var/lib/django-ansible-deploy, 0700"),
    },
    "slots/activation.py": {"Activation.switch": ("ensure_directory replace_link", "the socket link below /run")},
    "host/relay.py": {
        "main": ("open os.unlink", "/var/lib/django-ansible-deploy, 0700, and /etc/<app_name>/pages"),
        "listen": ("os.chmod os.chown os.rename os.unlink", "the room's socket in /run/<app_name>, root's own"),
    },
    "slots/room.py": {
        "fill": ("replace_link", "the socket link below /run"),
        "known": ("open", "/var/lib/django-ansible-deploy, 0700"),
        "empty": ("os.unlink replace_link", "/var/lib/django-ansible-deploy, 0700, and the socket link below /run"),
        "_write": ("os.makedirs write_atomically_as", "/var/lib/django-ansible-deploy, 0700"),
    },
    "slots/wanted.py": {
        "Wanted.__init__": ("ManagedFile", "units, nginx's and gunicorn's files below /etc, and /usr/local/bin"),
        "Wanted.passwords": ("ManagedFile", "/etc/<app_name>"),
        "Wanted.tmpfiles": ("ManagedFile", "/etc/tmpfiles.d"),
    },
    "slots/slot_start.py": {
        "SlotStart.try_out": ("ManagedFile ensure_directory os.unlink", "/run/<app_name>"),
        "SlotStart.restart": ("replace_link", "app_dir/slots"),
    },
    "slots/pointing.py": {
        "files": ("ManagedFile", "/etc/<app_name>"),
        "point": ("ensure_directory replace_link", "app_dir/slots and /run/<app_name>"),
        "write": ("os.unlink", "/etc/<app_name>/<slot>.credentials"),
    },
    "slots/first_deploy.py": {"units": ("ManagedFile", "the same places as slots/wanted.py names")},
    "slots/early_start.py": {
        "begin": ("os.makedirs write_atomically_as", "/var/lib/django-ansible-deploy, 0700"),
        "recall": ("open", "/var/lib/django-ansible-deploy, 0700"),
        "forget": ("os.unlink", "/var/lib/django-ansible-deploy, 0700"),
    },
    "slots/front.py": {"Front.apply": ("os.unlink", "/etc/nginx")},
    "slots/replacing.py": {
        "write": ("ensure_directory", "folders of the files that slots/wanted.py names"),
        "link": ("replace_link", "app_dir and /etc"),
    },
    "slots/nightly.py": {"main": ("open", "/etc/<app_name>/dumps.json")},
    "slots/pages.py": {"files": ("ManagedFile", "/etc/<app_name>/pages")},
    "slots/bake.py": {"_opened": ("open", "/var/log/nginx, root's, and nginx's own file in it")},
    "slots/commands.py": {
        "Ran._known": ("open", "app_dir/first-commands.json"),
        "Ran.note": ("write_atomically", "app_dir/first-commands.json"),
    },
    "slots/inspection.py": {"Inspection.make_ready": ("ensure_directory", "app_dir/collected, and a new folder in it that is given to the application's user")},
    "slots/last_environment.py": {
        "read": ("open", "/etc/<app_name>/environments"),
        "file": ("ManagedFile", "/etc/<app_name>/environments"),
    },
    "slots/prediction.py": {
        "predict": ("tempfile.TemporaryDirectory os.chmod", "a new folder below /var/lib"),
        "Prediction.run": ("ensure_directory", "a folder in it that is given to the builder"),
    },
    "slots/ground.py": {"prepare": ("ensure_directory", "app_dir and root's folders in it")},
    "slots/preparation.py": {
        "Preparation.make": ("os.rename", "app_dir/building to app_dir/releases: the names, which are root's"),
        "Preparation.build_venv": ("os.rename", "app_dir/building to app_dir/venvs: the names, which are root's"),
        "Preparation.begin": ("ensure_directory", "a new folder below app_dir/building that is given to the builder"),
        "Preparation.archive": ("open tempfile.TemporaryDirectory", "what Ansible uploaded, or what came with the module, git's archive or one that was completed in a new folder; nothing is unpacked"),
    },
    "slots/environment.py": {"slot_environment": ("open", "/etc/<app_name>, the environment and credentials of a slot")},
    "slots/prepared.py": {
        name: (calls, "/etc/<app_name>/prepared")
        for name, calls in {
            "_own": "open", "settings_text": "open", "in_use": "open", "discard": "shutil.rmtree", "write": "ensure_directory write_atomically",
            "write_settings": "ensure_directory write_atomically",
        }.items()
    },
    "slots/left.py": {
        "_sums": ("open", "units, nginx's site, /etc/<app_name> and /usr/local/bin"),
        "note": ("write_atomically_as", "/etc/<app_name>"),
        "forget": ("write_atomically_as", "/etc/<app_name>"),
        "_known": ("open", "/etc/<app_name>"),
    },
    "slots/leaving.py": {
        "Leaving._used_elsewhere": ("open", "/etc/systemd/system"),
        "Leaving.leave": ("os.unlink os.rmdir", "names in /etc, /usr/local/bin, /var/log/nginx and /var/lib/django-ansible-deploy; no link is followed"),
        "Leaving._drain": ("ManagedFile", "/etc/<app>"),
        "Leaving._can_drain": ("open", "/etc/nginx"),
        "Leaving._leave_nginx": ("os.unlink", "/etc/nginx"),
        "Leaving._keep": ("ensure_directory os.rename", "/var/backups, or beside app_dir, and the names in app_dir, which are root's"),
        "mount_points": ("open", "/proc/self/mountinfo"),
        "forget_lock": ("os.unlink os.rmdir", "/run/django-ansible-deploy"),
    },
    "host/postgresql_maker.py": {"let_in": ("ManagedFile", "/etc/postgresql")},
    "host/postgresql_leaving.py": {
        "Leaving._look": ("ManagedFile", "/etc/postgresql"),
        "Leaving.__init__": ("ManagedFile", "no file at all"),
        "Leaving.leave": ("os.unlink", "/etc/systemd/system and /etc/postgresql"),
    },
    "host/log_lines.py": {"tail_of": ("open", "/var/log/nginx and deploys.jsonl")},
    "slots/pause.py": {
        "go_on": ("runs_sh", "the path is in /run/django-ansible-deploy, and quoted"),
        "going_on": ("open os.makedirs os.unlink", "/run/django-ansible-deploy"),
    },
    "slots/maintenance.py": {"check": ("open", "/etc/nginx")},
    "host/maintenance.py": {
        "Maintenance.known": ("open", "/etc/<app_name>"),
        "Maintenance.switch_on": ("ensure_directory os.unlink", "/etc/<app_name>"),
        "Maintenance.switch_off": ("os.unlink shutil.rmtree", "/etc/<app_name>"),
        "_write": ("write_atomically_as", "/etc/<app_name>"),
    },
    "host/runs.py": {
        "Run.known": ("open", "/run/django-ansible-deploy"),
        "Run.note": ("write_atomically_as", "/run/django-ansible-deploy"),
        "Run.start": ("ensure_directory open os.open", "/run/django-ansible-deploy, and /dev/null"),
        "Run._watch": ("open", "/run/django-ansible-deploy"),
        "Run.follow": ("open", "/run/django-ansible-deploy"),
        "prune": ("shutil.rmtree", "/run/django-ansible-deploy"),
    },
    "slots/process_units.py": {"owned_units": ("open", "/etc/systemd/system")},
    "slots/process_moves.py": {
        "ended": ("open", "/etc/systemd/system"),
        "finish": ("os.unlink", "/etc/systemd/system and /etc/<app_name>"),
    },
    "slots/processes.py": {
        "Processes.process_files": ("ManagedFile", "/etc/systemd/system and /etc/<app_name>"),
        "Processes.timer_files": ("ManagedFile", "/etc/systemd/system and /etc/<app_name>"),
    },
    "slots/finishing.py": {
        "finish": ("os.unlink shutil.rmtree", "app_dir/releases, app_dir/venvs, app_dir/backups"),
        "retire_replaced": ("replace_link", "the socket link below /run"),
    },
    "modules/app_certificate.py": {
        "files_of": ("ManagedFile", "/etc/systemd/system and /etc/<app_name>"),
        "prepare": ("ensure_directory", "/etc/<app_name>/certificate"),
        "keep_identities": ("ensure_directory os.unlink", "/etc/<app_name>/certificate"),
        "end": ("os.unlink", "/etc/systemd/system"),
    },
    "modules/postgresql_server.py": {
        "Server.configure": ("ManagedFile open", "/etc/postgresql"),
        "Server.provide_dumps": ("ManagedFile", "/etc/systemd/system"),
        "Server.end_dumps": ("os.unlink", "/etc/systemd/system"),
    },
    "modules/postgresql_logins.py": {"main": ("open", "/etc/postgresql")},
    "modules/redis_server.py": {
        "Server.read": ("ManagedFile", "/etc/django-ansible-deploy, and the package's own file"),
        "Server.administrators_password": ("ManagedFile ensure_directory", "/etc/django-ansible-deploy"),
        "Server.wanted": ("ManagedFile", "/etc/django-ansible-deploy, the package's own file and /etc/systemd/system"),
        "Server.provide": ("ensure_directory os.unlink", "/etc/django-ansible-deploy and /etc/systemd/system; a file of a version before in the package's folder"),
    },
}


def relative(file):
    return str(file.relative_to(PLUGINS)).replace("module_utils/", "")


@pytest.mark.parametrize("file", [file for file in HOSTS if relative(file) not in WHOLE], ids=relative)
def test_files_are_touched_where_only_root_can_put_something(file):
    listed = {function: set(calls.split()) for function, (calls, _) in ALLOWED.get(relative(file), {}).items()}
    assert found_in(file.read_text()) == listed


@pytest.mark.parametrize("file", HOSTS, ids=relative)
def test_nothing_hides_from_this_test(file):
    assert list(hidden(ast.parse(file.read_text()))) == []


def test_every_line_of_the_list_is_of_a_file_and_has_a_reason():
    assert {*ALLOWED, *WHOLE} <= {relative(file) for file in HOSTS}
    assert all(len(reason) >= 10 for functions in ALLOWED.values() for _, reason in functions.values())


@pytest.mark.parametrize(
    "text, call",
    [
        ("os.chown(path, 0, 0)", "os.chown"), ("shutil.copytree(a, b)", "shutil.copytree"), ("open(path, 'w')", "open"), ("open(path)", "open"),
        ("tempfile.mkdtemp()", "tempfile.mkdtemp"), ("os.open(path, 0)", "os.open"), ("run(['chown', '-R', user, path])", "runs_chown"),
        ("run(['/bin/rm', path])", "runs_rm"), ("run(['sh', '-c', script])", "runs_sh"),
    ],
)
def test_what_would_be_found(text, call):
    assert found_in("def f():\n    %s" % text) == {"f": {call}}


@pytest.mark.parametrize("text", ["from os import chown", "import os as o", "from pathlib import Path", "import pathlib", "getattr(os, 'chown')(p, 0, 0)", "from shutil import rmtree"])
def test_what_would_hide(text):
    assert list(hidden(ast.parse(text)))
