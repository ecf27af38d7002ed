/**
 * Prints ansible-core's version when the installed files are there in the size that their packages' lists give, as far as
 * 10,000 files: a copy that was cut off starts and fails later. Then it loads what Ansible is made of and no setting has
 * a say in, has it find what its YAML means (the collection's plugin_utils/kept_yaml.py), reads a line, and is Ansible with
 * the environment, the folder and the arguments that this line has. Its arguments are the collection's folder and the one
 * for bytecode. What Python's own library is compiled to lies with Python, and is taken from there: it is half of what a
 * first start would compile.
 */
export const PROGRAM = `
import importlib._bootstrap_external as loading, os, sys
sys.pycache_prefix = sys.argv[2]
library, beside = os.path.dirname(os.__file__), loading.cache_from_source
def cached(path, *args, **kwargs):
    folder, name = os.path.split(path)
    own = os.path.join(folder, "__pycache__", "%s.%s.pyc" % (os.path.splitext(name)[0], sys.implementation.cache_tag))
    return own if path.startswith(library) and os.path.exists(own) else beside(path, *args, **kwargs)
loading.cache_from_source = cached
import csv, gc, signal, sysconfig
signal.signal(signal.SIGINT, signal.SIG_DFL)
# Next to nothing of what is loaded is ever garbage; the collection's callback has it looked for again.
gc.disable()
import ansible.release
site, left = sysconfig.get_path("purelib"), 10_000
for name in os.listdir(site):
    if name.endswith(".dist-info"):
        with open(os.path.join(site, name, "RECORD"), encoding="utf-8") as record:
            for path, _, size in csv.reader(record):
                left -= 1
                if left > 0 and size and os.stat(os.path.join(site, path)).st_size != int(size):
                    raise SystemExit(path)
os.write(1, ansible.release.__version__.encode() + b"\\n")
import argparse, atexit, contextlib, importlib.util, json, runpy
for name in """
    importlib.metadata configparser ctypes.util curses decimal difflib email.parser encodings.idna getpass glob
    multiprocessing.queues multiprocessing.shared_memory multiprocessing.synchronize pkgutil pprint pty shlex syslog tarfile tomllib uuid
    xml.dom.minidom xml.etree.ElementTree yaml jinja2.nativetypes jinja2.sandbox packaging.specifiers
    cryptography.hazmat.backends.openssl cryptography.hazmat.primitives.serialization cryptography.hazmat.primitives.hmac
    cryptography.hazmat.primitives.kdf.pbkdf2 cryptography.hazmat.primitives.padding ansible.config.manager
""".split():
    with contextlib.suppress(ImportError):
        importlib.import_module(name)
with contextlib.suppress(Exception):
    spec = importlib.util.spec_from_file_location("kept_yaml", os.path.join(sys.argv[1], "plugins", "plugin_utils", "kept_yaml.py"))
    kept = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(kept)
    kept.lend(os.path.join(sys.pycache_prefix, "yaml"), os.path.dirname(ansible.__file__), sys.argv[1])
given = b""
while not given.endswith(b"\\n"):
    more = os.read(0, 65536)
    if not more:
        os._exit(0)
    given += more
given = json.loads(given)
with open(os.devnull) as nothing:
    os.dup2(nothing.fileno(), 0)
os.environ.clear()
os.environ.update(given["env"])
os.chdir(given["cwd"])
sys.argv = ["ansible", *given["words"]]
signal.signal(signal.SIGINT, signal.default_int_handler)
code = 0
try:
    runpy.run_module("ansible", run_name="__main__", alter_sys=True)
except SystemExit as end:
    code = end.code
if not (code is None or isinstance(code, int)):
    raise SystemExit(code)
# Python would give back each piece of memory alone.
atexit._run_exitfuncs()
sys.stdout.flush()
sys.stderr.flush()
os._exit(code or 0)
`;
