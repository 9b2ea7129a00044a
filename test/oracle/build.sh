#!/bin/bash
# build.sh FOLDER: the harness that runs a batch of cases at EL2, as FOLDER/harness.elf.
set -e
out=$(mkdir -p "$1" && cd "$1" && pwd)
cd "$(dirname "$0")"
cpp -P harness.S | aarch64-linux-gnu-as -march=armv8.5-a+memtag -o "$out/harness.o" -
aarch64-linux-gnu-ld -T link.ld --no-warn-rwx-segments --build-id=none -o "$out/harness.elf" "$out/harness.o"
