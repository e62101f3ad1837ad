# SPDX-License-Identifier: Apache-2.0
"""The plugin `python`: managers in Python for hosts that are not, the command first of all."""
import json
import os
import subprocess
import sys
import sysconfig
import textwrap
from pathlib import Path

import pytest
from asking import ask

import sheaf

PACKAGE = Path(sheaf.__file__).parent
COMMAND = PACKAGE / "_native" / "bin" / "sheaf"
BUILD = Path(os.environ.get("SHEAF_BUILD_DIR") or Path(__file__).resolve().parents[2] / "build" / "dev")
TIMEOUT = 120

ZOO = """
    import json, sheaf

    class Zoo(sheaf.Manager):
        '''Animals in a JSON file.'''
        id = "zoo"
        prefixes = ["zoo://"]
        settings = [sheaf.Setting("path", required=True, doc="The animals."),
                    sheaf.Setting("legs", int, 4), sheaf.Setting("loud", bool, False),
                    sheaf.Setting("weight", float, 1.0)]

        def __init__(self, path, legs, loud, weight):
            with open(path) as file:
                self.animals = json.load(file)
            self.legs = legs

        def resolve(self, refs, request):
            found = []
            for ref in refs:
                animal = self.animals.get(ref)
                found.append({"named": {"name": animal}, "animal": {"legs": self.legs}} if animal else None)
            return found

        def exists(self, refs, request):
            return [ref in self.animals for ref in refs]
"""


class Zoo:
    """A folder with the module, its data, and a way to run the command on it."""

    def __init__(self, folder):
        self.folder = folder
        self.module("zoo", ZOO)
        (folder / "zoo.json").write_text(json.dumps({"zoo://cat": "Martin", "zoo://dog": "Rex"}))
        self.env = {name: value for name, value in os.environ.items()
                    if not name.startswith(("SHEAF_", "PYTHON"))}
        self.settings = {"python": sys.executable, "path": folder, "module": "zoo",
                         "manager_settings": json.dumps({"path": str(folder / "zoo.json")})}

    def module(self, name, text):
        (self.folder / f"{name}.py").write_text(textwrap.dedent(text))

    def run(self, *arguments, env=None, command=COMMAND, **settings):
        given = {name: value for name, value in {**self.settings, **settings}.items() if value is not None}
        options = [part for name, value in given.items() for part in ("--setting", f"{name}={value}")]
        verb, *rest = arguments
        # sheaf check takes the id of the manager behind its options.
        which = [] if verb == "check" else ["--manager", "python"]
        return subprocess.run([command, verb, *which, *options, *rest], text=True, timeout=TIMEOUT,
                              capture_output=True, cwd=self.folder, env={**self.env, **(env or {})})

    def rows(self, *arguments, **settings):
        done = self.run(*arguments, **settings)
        assert done.returncode in (0, 1), done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def zoo(tmp_path):
    return Zoo(tmp_path)


# ------------------------------------------------------------------------------------- the command


def test_resolve(zoo):
    assert zoo.rows("resolve", "zoo://cat", "zoo://owl") == [
        {"index": 0, "ref": "zoo://cat", "status": "ok",
         "traits": {"named": {"name": "Martin"}, "animal": {"legs": 4}}},
        {"index": 1, "ref": "zoo://owl", "status": "entity_resolution_error",
         "message": "the entity does not exist or could not be resolved"}]


def test_columns_and_the_other_verbs(zoo):
    done = zoo.run("resolve", "--property", "animal/legs", "--format", "csv", "zoo://cat")
    assert done.stdout == "index,ref,status,animal/legs,message\n0,zoo://cat,ok,4,\n", done.stderr
    assert [row["exists"] for row in zoo.rows("exists", "zoo://cat", "zoo://owl")] == [True, False]
    assert "the manager does not serve this verb" in zoo.run("traits", "zoo://cat").stderr


def test_the_rules_are_kept(zoo):
    done = zoo.run("check", "python", "--ref", "zoo://cat", "--timeout-ms", "60000", "--format", "json")
    assert done.returncode == 0, done.stdout + done.stderr
    outcomes = {check["name"]: check["outcome"] for check in json.loads(done.stdout)["checks"]}
    assert set(outcomes.values()) <= {"passed", "skipped"}, outcomes
    assert outcomes["batch of 10,000"] == outcomes["concurrent calls"] == outcomes["stop"] == "passed"


def test_it_is_described(zoo):
    text = subprocess.run([COMMAND, "managers", "--describe", "python"], text=True, timeout=TIMEOUT,
                          capture_output=True, env=zoo.env).stdout
    for setting in ("module", "python", "path", "manager_settings"):
        assert setting in text


def test_a_configuration_file(zoo):
    config = zoo.folder / "sheaf.json"
    config.write_text(json.dumps({
        "manager": "python",
        "settings": {"module": "zoo:Zoo", "path": "${config_dir}", "python": sys.executable,
                     "manager_settings": '{"path": "${config_dir}/zoo.json", "legs": 3}'}}))
    done = subprocess.run([COMMAND, "resolve", "zoo://dog"], text=True, timeout=TIMEOUT,
                          capture_output=True, cwd=zoo.folder, env=zoo.env)
    assert json.loads(done.stdout)["traits"]["animal"] == {"legs": 3}, done.stderr


def test_the_command_takes_the_python_that_it_was_installed_for(zoo):
    command = Path(sysconfig.get_path("scripts")) / "sheaf"
    assert [row["status"] for row in zoo.rows("resolve", "zoo://cat", command=command, python=None)] == ["ok"]


def test_a_command_that_is_not_the_packages(zoo):
    """One that `make install` put somewhere, say: the package is that of the chosen interpreter."""
    command = BUILD / "bin" / "sheaf"
    assert command.exists(), f"{command} is not there: build first, or set SHEAF_BUILD_DIR"
    assert [row["status"] for row in zoo.rows("resolve", "zoo://cat", command=command)] == ["ok"]


def test_modules_in_c_are_loaded(zoo):
    """What a libpython that is not global cannot do."""
    zoo.module("heavy", """
        import _cffi_backend, _ctypes, _json, _socket, _ssl, ctypes, json, sqlite3, ssl, sheaf

        @sheaf.manager("heavy")
        def heavy(refs, request):
            libc = ctypes.CDLL(None)
            libc.abs.restype = ctypes.c_int
            ffi = __import__("cffi").FFI()
            row = sqlite3.connect(":memory:").execute("select 40 + 2").fetchone()
            return [{"c": {"abs": libc.abs(-5), "size": ffi.sizeof("long"), "sql": row[0],
                           "ssl": ssl.OPENSSL_VERSION, "json": json.dumps([1])}} for _ in refs]
    """)
    record = zoo.rows("resolve", "x", module="heavy", manager_settings=None)[0]["traits"]["c"]
    assert record["ssl"].startswith("OpenSSL") and record["abs"] == 5 and record["size"] == 8
    assert record["sql"] == 42 and record["json"] == "[1]"


def test_what_goes_wrong_is_logged_with_its_traceback(zoo):
    zoo.module("broken", """
        import sheaf

        @sheaf.manager("broken")
        def broken(refs, request):
            return [1 / 0 for _ in refs]
    """)
    done = zoo.run("resolve", "x", module="broken", manager_settings=None)
    assert done.returncode == 3
    assert "python: error: Traceback (most recent call last):" in done.stderr
    assert "broken.py" in done.stderr and "ZeroDivisionError: division by zero" in done.stderr
    assert json.loads(done.stdout)["message"] == "resolve: ZeroDivisionError: division by zero"


def test_files_are_utf8_whatever_the_locale(zoo):
    (zoo.folder / "zoo.json").write_text('{"zoo://cat": "Mařtin \U0001f408"}', "utf-8")
    for locale in ("C", "C.UTF-8", "POSIX"):
        rows = zoo.rows("resolve", "zoo://cat", env={"LC_ALL": locale, "LANG": locale})
        assert rows[0]["traits"]["named"]["name"] == "Mařtin \U0001f408"


def test_ctrl_c_is_the_hosts(zoo):
    """Python takes no signals in a process that is not its own, not even when it imports `signal`."""
    zoo.module("sleepy", """
        import asyncio, os, signal, sheaf

        @sheaf.manager("sleepy")
        def sleepy(refs, request):
            assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler
            os.kill(os.getpid(), signal.SIGINT)
            assert not request.wait(60)
            return []
    """)
    done = zoo.run("resolve", "x", module="sleepy", manager_settings=None)
    assert done.returncode == 130, done.stderr


# ------------------------------------------------------------------------------ bad module, settings


def refused(zoo, **settings):
    done = zoo.run("resolve", "zoo://cat", **settings)
    assert done.returncode in (2, 3) and done.stdout == ""
    return done.stderr


def given(**settings):
    return json.dumps(settings)


@pytest.mark.parametrize("text, message", [
    (None, "manager_settings of Zoo: path is missing: The animals."),
    ("{", "manager_settings of Zoo: it is no JSON"),
    ("[1]", 'give a JSON object, as {"path": "zoo.json"}, not a list'),
    (given(path="zoo.json", lout=True), "there is no setting 'lout' (did you mean 'loud'?); it takes path, "),
    (given(path="zoo.json", legs="4"), "legs takes int, not str"),
    (given(path="zoo.json", legs=True), "legs takes int, not bool"),
    (given(path="zoo.json", loud=1), "loud takes bool, not int"),
    (given(path="zoo.json", weight="1"), "weight takes float, not str"),
    (given(path=["zoo.json"]), "path takes str, not list"),
    (given(path="absent.json"), "FileNotFoundError: [Errno 2] No such file or directory: 'absent.json'"),
])
def test_bad_settings_of_the_manager(zoo, text, message):
    assert message in refused(zoo, manager_settings=text)


def test_an_int_is_a_float_too(zoo):
    assert zoo.rows("resolve", "zoo://cat", manager_settings=given(path="zoo.json", weight=3))


@pytest.mark.parametrize("module, message", [
    ("", "module is empty"),
    ("absent", "there is no Python module 'absent': looked in "),
    ("zoo.absent", "there is no Python module 'zoo.absent'"),
    ("zoo:Absent", "module 'zoo' has no 'Absent' (Zoo)"),
    ("zoo:json", "is no class that derives from sheaf.Manager"),
    ("json", "module 'json' has no managers: name one, as module=json:Class"),
    ("two", "module 'two' has 2 managers (One, Two): name one, as module=two:Class"),
    ("lacking", "ModuleNotFoundError: No module named 'not_there_at_all'"),
    ("crashing", "ZeroDivisionError: division by zero"),
    ("leaving", "SystemExit: 3"),
    ("wrong", "SyntaxError"),
    ("..zoo", "module"),
])
def test_bad_modules(zoo, module, message):
    zoo.module("two", """
        import sheaf
        class One(sheaf.Manager): id = "one"
        class Two(sheaf.Manager): id = "two"
    """)
    zoo.module("lacking", "import not_there_at_all")
    zoo.module("crashing", "1 / 0")
    zoo.module("leaving", "import sys; sys.exit(3)")
    zoo.module("wrong", "def")
    assert message in refused(zoo, module=module)


def test_a_path_that_is_not_there(zoo):
    assert "path: there is no folder" in refused(zoo, path=zoo.folder / "absent")


def test_imported_managers_are_not_the_modules_own(zoo):
    zoo.module("more", """
        from zoo import Zoo
        class More(Zoo):
            id = "more"
    """)
    assert zoo.rows("resolve", "zoo://cat", module="more")


# --------------------------------------------------------------------------------------- interpreters


def interpreters():
    """Those of this machine that will do, the tests' own among them: minor -> path."""
    found = {}
    folders = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    folders += sorted(Path.home().glob(".pyenv/versions/3.*/bin")) + [Path("/usr/bin"), Path("/usr/local/bin")]
    for folder in folders:
        for path in sorted(folder.glob("python3.[0-9][0-9]")):
            if "shims" in path.parts:
                continue
            probe = subprocess.run(
                [path, "-c", "import os, sys, sysconfig as s; v = s.get_config_var; print(int("
                 "sys.implementation.name == 'cpython' and not v('Py_GIL_DISABLED') and any("
                 "os.path.exists(os.path.join(d, v('INSTSONAME') or '-')) for d in (v('LIBDIR') or '',"
                 " os.path.join(sys.base_prefix, 'lib')))))"], text=True, capture_output=True)
            if probe.stdout.strip() == "1":
                found[f"{path.name}-{path.resolve().parts[1]}"] = path
    return found


INTERPRETERS = interpreters()


@pytest.fixture
def site(tmp_path):
    """A folder with the package alone: it is the same for every version."""
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "sheaf").symlink_to(PACKAGE)
    return folder


@pytest.mark.parametrize("name", sorted(INTERPRETERS))
def test_interpreters_of_this_machine(zoo, site, name):
    zoo.module("which", """
        import _ctypes, json, sys, sheaf

        @sheaf.manager("which")
        def which(refs, request):
            return [{"python": {"minor": sys.version_info[1], "executable": sys.executable,
                                "isolated": bool(sys.flags.isolated)}} for _ in refs]
    """)
    python = INTERPRETERS[name]
    record = zoo.rows("resolve", "x", python=python, module="which", manager_settings=None,
                      env={"PYTHONPATH": str(site)})[0]["traits"]["python"]
    assert f"python3.{record['minor']}" == python.name
    assert os.path.samefile(record["executable"], python)


@pytest.mark.parametrize("name", sorted(INTERPRETERS))
def test_a_virtual_environment(zoo, site, name, tmp_path):
    """Its site-packages are those of the manager; others' are not seen."""
    venv = tmp_path / "venv"
    subprocess.run([INTERPRETERS[name], "-m", "venv", "--without-pip", venv], check=True, timeout=TIMEOUT)
    packages = next(venv.glob("lib/python3*/site-packages"))
    (packages / "more.pth").write_text(f"{site}\n")
    (packages / "only_here.py").write_text("NAME = 'of the venv'\n")
    zoo.module("venv_manager", """
        import sys, only_here, sheaf

        @sheaf.manager("venv-manager")
        def manager(refs, request):
            return [{"v": {"name": only_here.NAME, "prefix": sys.prefix}} for _ in refs]
    """)
    record = zoo.rows("resolve", "x", python=venv / "bin" / "python", module="venv_manager",
                      manager_settings=None)[0]["traits"]["v"]
    assert record == {"name": "of the venv", "prefix": str(venv)}


def test_a_python_home_that_is_meant_for_another_program(zoo):
    """The interpreter itself cannot start with it; that is told, and the process goes on."""
    done = zoo.run("resolve", "zoo://cat", env={"PYTHONHOME": "/nowhere"})
    assert done.returncode == 2 and done.stderr.startswith("sheaf: "), done.stderr


def test_the_package_is_missing(zoo, tmp_path):
    venv = tmp_path / "empty"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True, timeout=TIMEOUT)
    python = venv / "bin" / "python"
    text = refused(zoo, python=python)
    assert f"python: {python}: the package sheaf is not installed there: {python} -m pip install sheaf" in text


def script(folder, name, text):
    path = folder / name
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("text, message", [
    ("#!/bin/sh\nexit 0\n", "is no Python interpreter"),
    ("#!/bin/sh\necho hello >&2; exit 3\n", "is no Python interpreter: hello"),
    ("#!/bin/sh\necho sheaf:version=2.7\n", "is Python 2.7: 3.10 or later is needed"),
    ("#!/bin/sh\necho sheaf:version=3.9\n", "is Python 3.9: 3.10 or later is needed"),
    ("#!/bin/sh\necho sheaf:version=4.0\n", "is Python 4.0"),
    ("#!/bin/sh\necho sheaf:version=3.11; echo oops\n", "could not say what it is: oops"),
    ("#!/bin/sh\nyes sheaf | head -c 2000000\n", "is no Python interpreter"),
    ("#!/bin/sh\nfor l in version=3.11 implementation=pypy threaded=0 end=; do echo sheaf:$l; done\n",
     "is pypy: a CPython with the GIL is needed"),
    ("#!/bin/sh\nfor l in version=3.13 implementation=cpython threaded=1 end=; do echo sheaf:$l; done\n",
     "free-threaded: a CPython with the GIL is needed"),
    ("#!/bin/sh\nfor l in version=3.11 implementation=cpython threaded=0 executable=/x library= wanted= end="
     "; do echo sheaf:$l; done\n", "/x was built without a shared libpython3.11.so"),
    ("#!/bin/sh\nfor l in version=3.11 implementation=cpython threaded=0 executable=/x library= "
     "wanted=libpython3.11.so.1.0 end=; do echo sheaf:$l; done\n",
     "/x has no libpython3.11.so.1.0: install it (on Debian, the package libpython3.11)"),
    ("#!/bin/sh\nfor l in version=3.11 implementation=cpython threaded=0 executable=/x library=/absent.so "
     "wanted=a.so end=; do echo sheaf:$l; done\n", "/absent.so: cannot open shared object file"),
    ("#!/bin/sh\nfor l in version=3.11 implementation=cpython threaded=0 executable=/x "
     "library=/lib/x86_64-linux-gnu/libc.so.6 wanted=a.so end=; do echo sheaf:$l; done\n", "libpython"),
    ("not a program", ""),
])
def test_what_is_no_interpreter(zoo, text, message):
    assert message in refused(zoo, python=script(zoo.folder, "odd", text))


def test_an_interpreter_that_is_not_there(zoo):
    assert 'cannot run "/absent/python": No such file or directory' in refused(zoo, python="/absent/python")


# ------------------------------------------------------------------ in a process that has a Python


@pytest.fixture(scope="module")
def embedding(tmp_path_factory):
    """A host in C that has a Python of its own: see embedding.c."""
    program = tmp_path_factory.mktemp("embedding") / "embedding"
    native = PACKAGE / "_native"
    flags = "-std=c11 -D_POSIX_C_SOURCE=200809L -O1 -g -Wall -Wextra -Werror".split()
    subprocess.run([os.environ.get("CC", "cc"), *flags, "-I", native / "include",
                    Path(__file__).with_name("embedding.c"), "-o", program, "-L", native / "lib",
                    "-l:libsheaf.so.0", f"-Wl,-rpath,{native / 'lib'}", "-ldl"], check=True)
    return program


def libpython_of(python):
    return subprocess.run([python, "-c", "import os, sys, sysconfig as s; v = s.get_config_var; print(next("
                           "p for p in (os.path.join(d, v('INSTSONAME')) for d in (v('LIBDIR'), os.path.join("
                           "sys.base_prefix, 'lib'))) if os.path.exists(p)))"],
                          text=True, capture_output=True, check=True).stdout.strip()


HOSTED = """
    import _ctypes, asyncio, signal, sys, sheaf

    @sheaf.manager("hosted")
    def hosted(refs, request):
        return [{"p": {"version": "%d.%d" % sys.version_info[:2], "encoding": sys.getfilesystemencoding()}}
                for _ in refs]
"""


def run_embedding(zoo, embedding, site, how, library, **settings):
    zoo.module("hosted", HOSTED)
    given = {"module": "hosted", "path": zoo.folder, **settings}
    return subprocess.run([embedding, how, library, *(f"{name}={value}" for name, value in given.items()), "x"],
                          text=True, capture_output=True, timeout=TIMEOUT,
                          env={**zoo.env, "PYTHONPATH": str(site), "LC_ALL": "C.UTF-8"})


@pytest.mark.parametrize("name", sorted(INTERPRETERS))
@pytest.mark.parametrize("how", ["local", "global", "asleep"])
def test_a_host_in_c_with_a_python_of_its_own(zoo, embedding, site, how, name):
    python = INTERPRETERS[name]
    # One that sleeps is started, as the interpreter that is given; one that runs is as the host made it.
    more = {"python": python} if how == "asleep" else {}
    done = run_embedding(zoo, embedding, site, how, libpython_of(python), **more)
    assert done.returncode == 0, done.stderr
    said = dict(line.split("=", 1) for line in done.stdout.splitlines())
    assert said["version"] == python.name.removeprefix("python") and said["encoding"] == "utf-8"
    if how == "asleep":
        assert said["locale"] == "C" and said["ctrl-c"] == "the host's"


@pytest.mark.parametrize("how", ["local", "global", "asleep"])
def test_a_host_in_c_with_a_python_of_another_minor(zoo, embedding, site, how):
    one, *others = sorted(INTERPRETERS.values(), key=lambda path: path.name)
    if not others or others[-1].name == one.name:
        pytest.skip("there is one Python on this machine")
    done = run_embedding(zoo, embedding, site, how, libpython_of(one), python=others[-1])
    assert done.returncode == 1
    assert f"is Python {others[-1].name.removeprefix('python')}, and this process has Python" in done.stderr
    assert f"from {libpython_of(one)}" in done.stderr


# ------------------------------------------------------------------------- in a process of Python's


def settings_of(zoo, **more):
    return {**{name: str(value) for name, value in zoo.settings.items()}, **more}


def test_in_a_python_host(zoo):
    """The core calls back into the interpreter that it was called from."""
    with sheaf.open("python", settings=settings_of(zoo)) as manager:
        found = ask(manager, ["zoo://cat", "x"])
        assert found.statuses == ["OK", "ENTITY_RESOLUTION_ERROR"]
        assert found[0].record["named"] == {"name": "Martin"}
        assert sys.modules["zoo"].Zoo.id == "zoo"
    with sheaf.open("python", settings=settings_of(zoo, python="")) as manager:
        assert ask(manager, ["zoo://dog"]).statuses == ["OK"]


def test_an_interpreter_of_another_minor_is_refused_by_name(zoo, site):
    others = [path for path in INTERPRETERS.values()
              if path.name != f"python3.{sys.version_info[1]}"]
    if not others:
        pytest.skip("there is no other Python on this machine")
    with pytest.raises(sheaf.PluginError) as raised:
        sheaf.open("python", settings=settings_of(zoo, python=str(others[0])))
    assert raised.value.status is sheaf.Status.VERSION_MISMATCH
    text = str(raised.value)
    assert f"is Python {others[0].name.removeprefix('python')}, and this process has Python 3." in text
    assert "libpython" in text or "python" in text.rsplit("from", 1)[1]


def test_modules_of_one_name_are_not_mixed_up(zoo, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "twins.py").write_text("import sheaf\nclass B(sheaf.Manager): id = 'b'\n")
    zoo.module("twins", """
        import sheaf
        @sheaf.manager("a")
        def a(refs, request):
            return [{} for _ in refs]
    """)
    with sheaf.open("python", settings=settings_of(zoo, module="twins", manager_settings="")):
        with pytest.raises(sheaf.PluginError, match="has already imported .*twins.py by that name"):
            sheaf.open("python", settings=settings_of(zoo, module="twins", path=str(other), manager_settings=""))


def test_site_packages_of_another_environment_are_added(zoo, tmp_path):
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True, timeout=TIMEOUT)
    packages = next(venv.glob("lib/python3*/site-packages"))
    (packages / "from_elsewhere.py").write_text(textwrap.dedent("""
        import sheaf
        @sheaf.manager("elsewhere")
        def elsewhere(refs, request):
            return [{} for _ in refs]
    """))
    settings = {"module": "from_elsewhere", "python": str(venv / "bin" / "python")}
    with sheaf.open("python", settings=settings) as manager:
        assert ask(manager, ["x"]).records == [{}]
