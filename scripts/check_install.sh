#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs a build tree and uses what was installed from outside: the command finds its plugins, a host
# and a plugin are built by CMake and by pkg-config, and `sheaf check` passes the plugin. Then moves it
# all and does the same again, with the former place gone.
#   scripts/check_install.sh BUILD_DIR
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$(cd "${1:?usage: $0 BUILD_DIR}" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cc=${CC:-cc}

fail() { echo "check_install: $*" >&2; exit 1; }

# Runs a step with its output kept; shows it only if it fails.
step() { # step WORDS COMMAND...
  local words=$1 status=0
  shift
  "$@" > "$work/log" 2>&1 || status=$?
  [[ $status == 0 ]] || { cat "$work/log" >&2; fail "$words: exit status $status"; }
}

# ------------------------------------------------------------------- what lies in an installed tree

check_command() { # check_command PREFIX
  local manifest id
  step "sheaf managers" "$1/bin/sheaf" managers
  for manifest in "$1"/lib/sheaf/plugins/*.sheaf.json; do
    [[ -e $manifest ]] || continue
    id=$(basename "$manifest" .sheaf.json)
    grep -qF "$id" "$work/log" || { cat "$work/log" >&2; fail "sheaf managers does not know $id"; }
  done
}

# Nothing names a place: neither where it was built, nor where it was installed.
check_paths() { # check_paths PREFIX
  local binary found
  for binary in "$1"/bin/sheaf "$1"/lib/libsheaf.so "$1"/lib/sheaf/plugins/*.so; do
    [[ -e $binary ]] || continue
    found=$(readelf -d "$binary" | grep -E 'R(UN)?PATH' | grep -F -e "$top" -e "$build" -e "$work") || true
    [[ -z $found ]] || fail "$binary's run path names a place: $found"
  done
  found=$(grep -rIlF -e "$top" -e "$build" -e "$work" "$1") || true
  [[ -z $found ]] || fail "these files name a place: $found"
}

# The links of the pages lead to files that were installed too.
check_links() { # check_links PREFIX
  local page link
  while read -r page; do
    while read -r link; do
      [[ -e $(dirname "$page")/$link ]] || fail "$page: the link to $link leads nowhere"
    done < <(grep -oE '\]\([^)#]+' "$page" | sed 's/^](//' | grep -vE '^[a-z]+:' || true)
  done < <(find "$1/share/doc/sheaf" -name '*.md')
}

# ---------------------------------------------------------------------------- used from outside it

use_plugin() { # use_plugin PREFIX HOST FOLDER
  step "the host" env LD_LIBRARY_PATH="$1/lib" "$2" "$3"
  grep -q '^Fig, by libsheaf ' "$work/log" || { cat "$work/log" >&2; fail "$2 says something else"; }
  step "sheaf check" "$1/bin/sheaf" check --plugin-path "$3" template \
    --ref template:///apple --ref template:///quince
}

by_cmake() { # by_cmake PREFIX FOLDER
  step "cmake" cmake -S "$2" -B "$2/build" -G Ninja -DCMAKE_PREFIX_PATH="$1" \
    -DCMAKE_C_FLAGS="-Wall -Wextra -Wpedantic -Werror" -DCMAKE_C_COMPILER="$cc"
  step "cmake --build" cmake --build "$2/build"
  use_plugin "$1" "$2/build/host" "$2/build"
  grep -qxF "Sheaf_DIR:PATH=$1/lib/cmake/Sheaf" "$2/build/CMakeCache.txt" ||
    fail "another Sheaf was found"
  step "cmake --install" cmake --install "$2/build" --prefix "$2/installed"
  [[ -f $2/installed/lib/sheaf/plugins/template.sheaf.json ]] || fail "INSTALL installed no manifest"
}

by_pkg_config() { # by_pkg_config PREFIX FOLDER
  local flags=(-std=c11 -O1 -Wall -Wextra -Wpedantic -Werror) plugin
  export PKG_CONFIG_PATH=$1/lib/pkgconfig
  # The link line of docs/writing-a-manager.md: one symbol, nothing left open, never unloaded.
  plugin=(-fPIC -shared -fvisibility=hidden -Wl,-z,defs,-z,now,-z,nodelete)
  # shellcheck disable=SC2046 # words, on purpose
  {
    step "$cc host.c" "$cc" "${flags[@]}" $(pkg-config --cflags sheaf) "$2/host.c" -o "$2/host" \
      $(pkg-config --libs sheaf)
    step "$cc template.c" "$cc" "${flags[@]}" "${plugin[@]}" $(pkg-config --cflags sheaf-plugin) \
      "$2/template.c" -o "$2/template.so"
  }
  [[ -z $(pkg-config --libs sheaf-plugin) ]] || fail "sheaf-plugin.pc names a library"
  cat > "$2/template.sheaf.json" << MANIFEST
{ "sheaf_manifest": 1, "id": "template", "name": "By hand", "version": "1.2.3",
  "abi": { "major": 1, "minor": 0, "min_minor": 0 }, "library": "template.so" }
MANIFEST
  use_plugin "$1" "$2/host" "$2"
}

# A plugin of somebody else's: the template, as the documentation says, from the installed copy.
use() { # use PREFIX NAME
  local way version
  version=$(sed -n 's/^Version: //p' "$1/lib/pkgconfig/sheaf.pc")
  for way in cmake pkg_config; do
    mkdir "$work/$2-$way"
    cp "$1/share/doc/sheaf/plugins/template/template.c" "$top/tests/install/host.c" "$work/$2-$way"
    sed "s/@VERSION@/$version/" "$top/tests/install/CMakeLists.txt.in" > "$work/$2-$way/CMakeLists.txt"
    "by_$way" "$1" "$work/$2-$way"
  done
  check_command "$1"
  check_paths "$1"
  check_links "$1"
}

cd "$work"
step "cmake --install" cmake --install "$build" --prefix "$work/first"
use "$work/first" first
mv "$work/first" "$work/second"
use "$work/second" second
echo "installed, used, moved, used again"
