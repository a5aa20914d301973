#!/bin/sh
# Installs the system packages that a Debian or Ubuntu machine lacks for the studio and its tests.
#   packaging/system-packages.sh demo|studio|test|bench
# Does nothing where all are there, where the system has no apt, or where it may not install: then it says what to install.
set -eu
demo="gcc libc6-dev make python3-venv"
studio="$demo libportaudio2 libegl1 libgl1 libxkbcommon0 libdbus-1-3 libfontconfig1 libfreetype6 libglib2.0-0 libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxcb-image0 libxcb-render-util0 libxcb-randr0 libxcb-shape0 libxcb-xinerama0 libxcb-xkb1 libxkbcommon-x11-0"
tests="$studio xvfb xauth cmake gcc-arm-none-eabi libnewlib-arm-none-eabi libstdc++-arm-none-eabi-newlib qemu-system-arm gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf qemu-system-misc"
bench="$tests valgrind"
case "${1:-}" in
  demo) wanted=$demo ;;
  studio) wanted=$studio ;;
  test) wanted=$tests ;;
  bench) wanted=$bench ;;
  *) echo "usage: $0 demo|studio|test|bench" >&2; exit 2 ;;
esac
command -v dpkg-query >/dev/null 2>&1 && command -v apt-get >/dev/null 2>&1 || exit 0
missing=
for package in $wanted; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ]; then as=
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then as="sudo -n"
else
  echo "Missing system packages:$missing" >&2
  echo "Install them with: sudo apt-get install$missing" >&2
  exit 0
fi
echo "Installing system packages:$missing"
$as apt-get update -q >/dev/null
DEBIAN_FRONTEND=noninteractive $as apt-get install -y -q --no-install-recommends $missing >/dev/null
