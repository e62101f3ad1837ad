# SPDX-License-Identifier: Apache-2.0
"""Every fenced block of the documentation is compiled, run or compared: see snippets.py."""
import subprocess

import pytest

from snippets import BUILD, PAGES, ROOT, Scenario, blocks_of


@pytest.fixture(scope="session")
def prefix(tmp_path_factory):
    """An installed Sheaf: what a reader has."""
    assert (BUILD / "bin" / "sheaf").exists(), f"{BUILD} is not built; or set SHEAF_BUILD_DIR"
    prefix = tmp_path_factory.mktemp("prefix")
    subprocess.run(["cmake", "--install", BUILD, "--prefix", prefix], check=True,
                   stdout=subprocess.DEVNULL)
    return prefix


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_page(page, tmp_path, prefix):
    scenario = Scenario(tmp_path, prefix)
    for block in blocks_of(page):
        scenario.take(block)


def take(tmp_path, prefix, text):
    """Tries a page of this text."""
    folder = tmp_path / str(len(list(tmp_path.iterdir())))
    folder.mkdir()
    page = folder / "page.md"
    page.write_text(text)
    scenario = Scenario(folder, prefix)
    for block in blocks_of(page):
        block.page = ROOT / "page.md"
        scenario.take(block)


@pytest.mark.parametrize("info", ["", "c", "python", "sh", "json", "sql", "c fragment", "text file=x"])
def test_a_block_that_nothing_tries_is_an_error(info, tmp_path, prefix):
    with pytest.raises(AssertionError, match="nothing tries"):
        take(tmp_path, prefix, f"```{info}\nx\n```\n")


@pytest.mark.parametrize("text", [
    "```c host file=a.c\nint main(void) { int unused; return 0; }\n```\n",
    "```c host file=a.c\nint main(void) { return 1; }\n```\n",
    "```c host-part\nsheaf_no_such_function(library);\n```\n",
    "```c manager file=a.c ref=a\n#include <sheaf/abi.h>\nint a;\n```\n",
    "```console\n$ echo one\ntwo\n```\n",
    "```console\n$ false\n```\n",
    "```console\n$ true\n(exit status 1)\n```\n",
    "```json file=a.json\n{\n```\n",
    "```sql database=a.db\nSELECT nonsense;\n```\n",
    "```sql database=a.db\nSELECT 1\n```\n",
    "```sql database=a.db\nSELECT 1;\n```\n```text output\n2\n```\n",
    "```sh make\nmake nonsense\n```\n",
    "```python host\nraise SystemExit(1)\n```\n",
    "```python host\nprint(1)\n```\n```text output\n2\n```\n",
    "  ```text\n  indented\n  ```\n",
    "```text\nnever closed\n",
])
def test_a_block_that_is_wrong_is_an_error(text, tmp_path, prefix):
    with pytest.raises(AssertionError):
        take(tmp_path, prefix, text)


def test_what_is_shown_may_leave_things_out(tmp_path, prefix):
    take(tmp_path, prefix, "```console\n$ printf 'a1\\nb\\nc\\n'\na...\n...\nc\n```\n")
