#!/bin/sh
# Compiles bpf/*.bpf.c to bpf/*.bpf.o. With --check it compiles into a temporary folder instead and
# fails unless the committed objects are the same, byte for byte. Debian's clang-14 makes them.
set -eu
cd "$(dirname "$0")/.."

out=bpf
if [ "${1:-}" = --check ]; then
  out=$(mktemp -d)
  trap 'rm -rf "$out"' EXIT
elif [ $# -gt 0 ]; then
  echo "usage: scripts/build-bpf.sh [--check]" >&2
  exit 2
fi

for tool in clang-14 llvm-strip-14; do
  command -v "$tool" >/dev/null || {
    echo "Cannot compile bpf/: $tool is not installed. On Debian 12: apt-get install clang-14 llvm-14 libbpf-dev" >&2
    exit 1
  }
done

status=0
for source in bpf/*.bpf.c; do
  [ -e "$source" ] || continue
  name=$(basename "$source" .c).o
  # The two path options and the strip keep the object free of the folder that it was made in.
  clang-14 -g -O2 -target bpf -mcpu=v3 -D__TARGET_ARCH_x86 \
    "-ffile-prefix-map=$PWD=." -fdebug-compilation-dir=. \
    -Wall -Werror -Ibpf -c "$source" -o "$out/$name"
  llvm-strip-14 -g "$out/$name"
  if [ "$out" = bpf ]; then
    echo "bpf/$name: $(wc -c <"bpf/$name") bytes"
  elif [ ! -e "bpf/$name" ]; then
    echo "bpf/$name is missing. Run scripts/build-bpf.sh and commit it." >&2
    status=1
  elif ! cmp "$out/$name" "bpf/$name" >&2; then
    echo "bpf/$name is not what $source makes. Run scripts/build-bpf.sh and commit the result." >&2
    status=1
  fi
done
exit $status
