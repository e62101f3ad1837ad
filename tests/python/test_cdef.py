# SPDX-License-Identifier: Apache-2.0
"""What Python knows of the C interface is what the headers say."""
import re
import shutil
import subprocess
import sys
import sysconfig

import pytest
from shared import ROOT

from sheaf import _constants
from sheaf._cffi import ffi, lib

BINDINGS = ROOT / "bindings/python"
INCLUDE = ROOT / "include"
EXPORTED = (ROOT / "tests/symbols/libsheaf.txt").read_text().split()


@pytest.mark.parametrize("name", EXPORTED)
def test_every_exported_function_can_be_called(name):
    assert callable(getattr(lib, name))


def test_nothing_of_the_headers_was_lost():
    """Functions, inline ones too, by another way than cdef.py's: the compiler's list of symbols."""
    headers = ["sheaf/sheaf.h", "sheaf/export.h"]
    code = "".join(f"#include <{name}>\n" for name in headers)
    text = subprocess.run(["cc", "-E", "-P", f"-I{INCLUDE}", "-x", "c", "-"], input=code,
                          capture_output=True, text=True, check=True).stdout
    declared = set(re.findall(r"\b(sheaf_\w+)\s*\((?!\*)[^;{}]*\)\s*[;{]", text))
    declared = {name for name in declared if not re.search(rf"\(\*\s*{name}\)", text)}
    missing = sorted(name for name in declared if not hasattr(lib, name))
    assert len(declared) > 80
    assert missing == ["sheaf_plugin_v1"]  # for plugins to define


HEADERS = "".join(path.read_text() for path in (*INCLUDE.glob("sheaf/*.h"), *BINDINGS.glob("src/cffi/*.h")))
OPAQUE = {name for name in re.findall(r"typedef struct (\w+) \1;", HEADERS)
          if f"struct {name} {{" not in HEADERS}
TYPES = sorted({*ffi.list_types()[0], *(f"struct {name}" for name in ffi.list_types()[1])})


@pytest.mark.parametrize("name", TYPES)
def test_every_type_has_the_compilers_shape(name):
    """cffi compares sizes and offsets with the compiler's when a type is first looked into."""
    if name.removeprefix("struct ") in OPAQUE:
        return
    size = ffi.sizeof(name)
    if ffi.typeof(name).kind == "struct":
        assert size >= sum(ffi.sizeof(field.type) for _, field in ffi.typeof(name).fields) > 0


def test_frozen_sizes():
    asserted = re.findall(r"^SHEAF_ASSERT_SIZE\((\w+), (\d+)\)", (INCLUDE / "sheaf/abi.h").read_text(), re.M)
    assert len(asserted) > 10
    assert {name: ffi.sizeof(name) for name, _ in asserted} == {n: int(size) for n, size in asserted}


def test_every_constant_can_be_read():
    constants = {name: getattr(lib, name) for name in dir(lib) if name.startswith("SHEAF")}
    assert constants["SHEAF_REST"] == 0x80000000
    assert constants["SHEAF_MAX_VALUE_BYTES"] == 1 << 30
    assert constants["SHEAF_KIND_STRING"] == 5
    defined = set()
    for header in INCLUDE.glob("sheaf/*.h"):
        if header.name not in ("index.h", "utf8.h"):
            defined |= set(re.findall(r"^#define (SHEAF_\w+) \(?\w*\d[\w <]*\)?$", header.read_text(), re.M))
    assert len(defined) >= 6 and defined <= set(constants)


def test_the_constants_of_the_package():
    for status in _constants.Status:
        assert getattr(lib, f"SHEAF_{status.name}") == status
        assert ffi.string(lib.sheaf_status_name(status)).decode() == _constants.STATUS_NAMES[status]
        assert ffi.string(lib.sheaf_status_message(status)).decode() == _constants.STATUS_MESSAGES[status]
    for access in _constants.Access:
        name = ffi.string(lib.sheaf_access_name(access)).decode()
        assert _constants.ACCESS_NAMES[name] == access
    assert len(_constants.Access) == lib.SHEAF_ACCESS_COUNT == len(_constants.ACCESS_NAMES)
    assert len(_constants.ORIGINS) == lib.SHEAF_ORIGIN_COUNT
    assert _constants.NAMES["sheaf.resolve/1"] == lib.SHEAF_VERB_RESOLVE == _constants.VERB_RESOLVE
    assert _constants.LOG_LEVELS == {"debug": 10, "info": 20, "warning": 30, "error": 40}


def derive(include, out):
    """What build_cffi.py makes of the headers in `include`."""
    subprocess.run([sys.executable, BINDINGS / "build_cffi.py", "--compiler", "cc", "--include", include,
                    "--module", out / "module.c", "--constants", out / "constants.py"], check=True)
    return out / "module.c"


def compiles(module):
    """Against the headers as they are, as the build does."""
    cmake = (BINDINGS / "CMakeLists.txt").read_text()
    errors = re.findall(r"-Werror=[\w-]+", cmake)
    assert len(errors) >= 3
    text = module.read_text().replace(str(module.parent / "include"), str(INCLUDE))
    module.write_text(text)
    return subprocess.run(["cc", "-c", "-fPIC", *errors, f"-I{INCLUDE}",
                           f"-I{sysconfig.get_path('include')}", "-DPy_LIMITED_API=0x030A0000",
                           module, "-o", module.with_suffix(".o")], capture_output=True, text=True)


def test_the_module_compiles(tmp_path):
    assert compiles(derive(INCLUDE, tmp_path)).returncode == 0


@pytest.mark.parametrize(("header", "old", "new"), [
    ("batch.h", "uint32_t sheaf_batch_count(const sheaf_batch *batch)",
     "uint32_t sheaf_batch_count(const sheaf_manager *batch)"),
    ("batch.h", "uint32_t sheaf_batch_failed(", "uint32_t sheaf_batch_unlucky("),
    ("library.h", "const char *application;", "const char *applicant;"),
    ("config.h", "  sheaf_str name;\n", "  const char *name;\n"),
])
def test_drift_ends_the_build(tmp_path, header, old, new):
    """What was derived from other headers does not compile against these."""
    shutil.copytree(INCLUDE, tmp_path / "include")
    changed = tmp_path / "include/sheaf" / header
    text = changed.read_text()
    assert old in text
    changed.write_text(text.replace(old, new))
    done = compiles(derive(tmp_path / "include", tmp_path))
    assert done.returncode != 0 and "error:" in done.stderr
