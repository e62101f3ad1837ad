# SPDX-License-Identifier: Apache-2.0
"""What the documentation lists, compared with the headers, the sources and the command itself."""
import json
import os
import re
import subprocess
import sys

import pytest

from snippets import BUILD, PAGES, ROOT

ABI = (ROOT / "include/sheaf/abi.h").read_text()
REFERENCE = ROOT / "docs/reference.md"


def table(heading, page=REFERENCE):
    """The rows of the first table below a heading of a page, cells without backquotes."""
    text = page.read_text("utf-8").split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [line for line in text.split("\n") if line.startswith("|")]
    return [[cell.strip().replace("`", "") for cell in row.strip("|").split("|")] for row in rows[2:]]


def x_macro(name, header=ABI):
    """The arguments of each XX(...) of a table of the headers."""
    body = re.search(rf"#define {name}\(XX\)((?:.*\\\n)*.*)", header)[1].replace("\\\n", " ")
    entries = re.findall(r'XX\(((?:[^"()]|"[^"]*")*)\)', body)
    return [[a or b.strip() for a, b in re.findall(r'"([^"]*)"|([^,"]+)', entry) if a or b.strip()]
            for entry in entries]


def test_statuses():
    wanted = [[code, name, f"SHEAF_{upper}", message]
              for upper, code, name, message in x_macro("SHEAF_STATUS_MAP")]
    assert table("Statuses") == wanted


def test_kinds():
    wanted = re.findall(r"SHEAF_KIND_(\w+) = (\d+)", ABI)
    assert [(f"SHEAF_KIND_{name}", code) for name, code in wanted] == [
        (row[0], row[1]) for row in table("Values")]


def test_names():
    wanted = [[code, text] for _, code, text in x_macro("SHEAF_NAME_MAP")]
    assert [row[:2] for row in table("Well-known names")] == wanted


def test_description_flags():
    block = ABI.split("/* sheaf_description.flags */", 1)[1].split("};", 1)[0]
    wanted = re.findall(r"(SHEAF_\w+) = 1(?: << (\d+))?", block)
    assert wanted == [(row[1], row[0].lstrip("0")) for row in table("Description flags")]


def test_access():
    wanted = [[code, text] for _, code, text in x_macro("SHEAF_ACCESS_MAP")]
    assert [row[:2] for row in table("Modes of access")] == wanted


def test_log_levels():
    wanted = [[number, text] for _, number, text in x_macro("SHEAF_LOG_LEVEL_MAP")]
    assert [row[:2] for row in table("The log")][:len(wanted)] == wanted


def test_origins():
    header = (ROOT / "include/sheaf/plugins.h").read_text()
    wanted = [text for _, _, text in x_macro("SHEAF_ORIGIN_MAP", header)]
    assert [row[1] for row in table("Where plugins are looked for")] == wanted


def test_environment_variables():
    sources = [p for folder in ("src", "plugins", "include") for p in (ROOT / folder).rglob("*.[ch]")
               if not p.name.endswith("_test.c")]
    used = {name for p in sources
            for name in re.findall(r'getenv\("([A-Z_]+)"\)', p.read_text("utf-8", "replace"))}
    listed = {row[0].lstrip("$") for row in table("Environment variables")}
    assert used <= listed, used - listed


def test_every_function_is_told_of():
    text = "\n".join(page.read_text("utf-8") for page in PAGES if page.name != "CHANGELOG.md")
    umbrella = (ROOT / "include/sheaf/sheaf.h").read_text()
    headers = [ROOT / "include" / name for name in re.findall(r"#include <(sheaf/\w+\.h)>", umbrella)]
    headers.append(ROOT / "include/sheaf/export.h")
    functions = {name for p in headers
                 for name in re.findall(r"SHEAF_API [^;]*?\b(sheaf_\w+)\(", p.read_text())}
    missing = sorted(name for name in functions if name not in text)
    assert not missing


def sheaf(*args, **options):
    """What the command prints."""
    return subprocess.run([BUILD / "bin/sheaf", *args], capture_output=True, text=True, check=True,
                          env={**os.environ, "LC_ALL": "C.UTF-8"}, **options).stdout


COMMANDS = ["managers", "stages", "resolve", "exists", "traits", "check", "import"]


def test_commands():
    shown = re.findall(r"^  (\w+)  ", sheaf("help"), re.M)
    assert sorted(shown) == sorted([*COMMANDS, "help"])
    assert [row[0] for row in table("Command options")] == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_told_of(command):
    text = (ROOT / "docs/guide.md").read_text("utf-8")
    options = set(re.findall(r"--[a-z-]+", sheaf("help", command)))
    assert not [option for option in sorted(options) if option not in text]


@pytest.mark.parametrize("command", COMMANDS)
def test_options_by_command(command):
    """Those that begin a line of the help."""
    rows = {row[0]: row[1] for row in table("Command options")}
    shown = set(re.findall(r"^ +(?:-\w, )?(--[a-z-]+)", sheaf("help", command), re.M))
    listed = set(re.findall(r"--[a-z-]+", rows[command]))
    if command in ("exists", "traits"):
        listed = set(re.findall(r"--[a-z-]+", rows["resolve"])) - {"--trait", "--property"}
    assert shown == listed


@pytest.mark.parametrize("manager", ["bal", "sqlite"])
def test_settings(manager, tmp_path):
    shown = json.loads(sheaf("managers", "--describe", manager, "--format", "json", cwd=tmp_path))
    names = [setting["name"] for setting in shown["settings"]]
    rows = table("Settings", ROOT / "docs" / f"{manager}.md")
    assert [(row[0], row[1].split(",")[0]) for row in rows] == [
        (setting["name"], setting["kind"]) for setting in shown["settings"]]
    assert [row[1] for row in table("Settings") if row[0] == manager] == [", ".join(names)]


def test_the_limits_are_those_of_the_headers():
    text = REFERENCE.read_text("utf-8")
    assert re.search(r"#define SHEAF_MAX_VALUE_BYTES \(1u << 30\)", ABI) and "1 GiB" in text
    assert re.search(r"#define SHEAF_MAX_LIST_DEPTH 16\b", ABI)
    manifest = (ROOT / "src/plugin/manifest.h").read_text()
    assert "SHEAF_MANIFEST_MAX_BYTES 65536" in manifest and "65,536 bytes" in text
    config = (ROOT / "src/plugin/config_read.h").read_text()
    assert "SHEAF_CONFIG_MAX_BYTES (1u << 20)" in config and "1 MiB" in text


# --------------------------------------------------------------------------------------- links


def anchors(page):
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```", "", page.read_text("utf-8"),
                                               flags=re.M | re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links(page):
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.M | re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("http:", "https:")):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{page.name}: {target}"
        assert not anchor or anchor in anchors(file), f"{page.name}: {target}"


def test_every_decision_is_in_the_index():
    folder = ROOT / "docs/decisions"
    index = (folder / "README.md").read_text("utf-8")
    records = sorted(p for p in folder.glob("[0-9]*.md"))
    for number, record in enumerate(records, 1):
        assert record.name.startswith(f"{number:04d}-")
        title = record.read_text("utf-8").split("\n", 1)[0]
        assert re.fullmatch(rf"# {number:04d}: .+", title), record.name
        assert f"[{title[2:]}]({record.name})" in index, f"the index lacks {title}"


def test_python_names():
    """Every public name of the package stands in its table."""
    listed = [name for row in table("Names", ROOT / "docs/python.md") for name in row[0].split(", ")]
    code = "import sheaf; print(*sheaf.__all__)"
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert sorted(listed) == sorted(there.split())
