#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs a build tree, moves what was installed, and uses it: the command finds its plugins, no file
# points back, and a plugin and a host build against it from outside.
#   scripts/check_install.sh BUILD_DIR
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$(cd "${1:?usage: $0 BUILD_DIR}" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() { echo "check_install: $*" >&2; exit 1; }

cmake --install "$build" --prefix "$work/first" > "$work/log" || { cat "$work/log"; fail "cmake --install"; }
mv "$work/first" "$work/second"
prefix=$work/second
cd "$work"

# What the command says of where it finds things must lie below the moved prefix.
"$prefix/bin/sheaf" managers > "$work/managers" || fail "sheaf managers: exit status $?"
for manifest in "$prefix"/lib/sheaf/plugins/*.sheaf.json; do
  [[ -e $manifest ]] || continue
  id=$(basename "$manifest" .sheaf.json)
  grep -qF "$id" "$work/managers" || { cat "$work/managers"; fail "sheaf managers does not know $id"; }
done

for binary in "$prefix"/bin/sheaf "$prefix"/lib/libsheaf.so "$prefix"/lib/sheaf/plugins/*.so; do
  [[ -e $binary ]] || continue
  if readelf -d "$binary" | grep -E 'R(UN)?PATH' | grep -qF "$build"; then
    fail "$binary's run path points into the build tree"
  fi
done

# A plugin of somebody else's: the template's folder, copied out, built against the moved prefix.
template=$top/plugins/template
if grep -qs '^ *project(' "$template/CMakeLists.txt"; then
  cp -R "$template" "$work/template"
  cmake -S "$work/template" -B "$work/template-build" -G Ninja \
    -DSHEAF_ADD_PLUGIN="$prefix/lib/cmake/Sheaf/SheafAddPlugin.cmake" > "$work/log" 2>&1 &&
    cmake --build "$work/template-build" >> "$work/log" 2>&1 ||
    { cat "$work/log"; fail "plugins/template does not build outside the tree"; }
  plugin=$(find "$work/template-build" -name '*.sheaf.json' | head -n 1)
  [[ -n $plugin ]] || fail "plugins/template built no manifest"
  SHEAF_PLUGIN_PATH=$(dirname "$plugin") "$prefix/bin/sheaf" managers > "$work/managers"
  grep -qF "$(basename "$plugin" .sheaf.json)" "$work/managers" ||
    { cat "$work/managers"; fail "sheaf managers does not find the plugin built outside the tree"; }
fi

cat > "$work/host.c" <<'HOST'
#include <sheaf/sheaf.h>
#include <stdio.h>
int main(void) { return puts(sheaf_version()) < 0; }
HOST
if [[ -f $prefix/include/sheaf/sheaf.h ]]; then
  "${CC:-cc}" -std=c11 -I"$prefix/include" "$work/host.c" -L"$prefix/lib" -lsheaf \
    -Wl,-rpath,"$prefix/lib" -o "$work/host"
  "$work/host" > /dev/null || fail "a host built against the moved prefix: exit status $?"
fi
echo "installed, moved, used"
