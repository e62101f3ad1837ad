# SPDX-License-Identifier: Apache-2.0
"""Where it was measured, and with what."""
from __future__ import annotations

import os
import platform
import re
import subprocess
from datetime import datetime, timezone
from pathlib import Path


def first_line(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.splitlines()[0].strip()


def lscpu() -> dict[str, str]:
    try:
        text = subprocess.run(["lscpu"], capture_output=True, text=True, check=True,
                              env={**os.environ, "LC_ALL": "C"}).stdout
    except (OSError, subprocess.CalledProcessError):
        return {}
    return {key.strip(): value.strip() for key, _, value in
            (line.partition(":") for line in text.splitlines())}


def describe(build: Path) -> dict[str, object]:
    cpu = lscpu()
    memory = re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())
    pages = Path("/sys/kernel/mm/transparent_hugepage/enabled")
    cache = (build / "CMakeCache.txt").read_text() if (build / "CMakeCache.txt").exists() else ""
    compiler = re.search(r"^CMAKE_CXX_COMPILER:\w+=(.*)$", cache, re.M)
    return {
        "cpu": cpu.get("Model name", platform.machine()),
        "cores": os.cpu_count(),
        "virtual": cpu.get("Hypervisor vendor", "no"),
        "caches": ", ".join(f"{name} {cpu[f'{name} cache']}" for name in ("L1d", "L2", "L3")
                            if f"{name} cache" in cpu),
        "memory_gb": round(int(memory[1]) / 2**20) if memory else None,
        "huge_pages": pages.read_text().strip() if pages.exists() else "none",
        "system": f"{platform.system()} {platform.release()}",
        "libc": " ".join(platform.libc_ver()),
        "compiler": first_line(compiler[1], "--version") if compiler else "unknown",
        "load": round(os.getloadavg()[0], 2),
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d"),
    }
