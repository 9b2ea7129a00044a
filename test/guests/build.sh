#!/bin/bash
# Builds the programs of this folder, and the image of handover.json, by GNU binutils: build.sh FOLDER
set -e
out=$(mkdir -p "$1" && cd "$1" && pwd)
cd "$(dirname "$0")"
assemble() { # output, include options..., source last
  aarch64-linux-gnu-as -march=armv8.5-a+memtag "${@:2}" -o "$out/$1.o"
  aarch64-linux-gnu-ld -T link.ld --no-warn-rwx-segments -o "$out/$1.elf" "$out/$1.o"
}
for source in *.S; do
  assemble "${source%.S}" -I . "$source"
done
cp handover-config.inc "$out/config.inc"
assemble handover -I "$out" -I ../../resources ../../resources/hyp/nvhe/image.S
assemble handover-vhe -I "$out" -I ../../resources ../../resources/hyp/vhe/image.S
