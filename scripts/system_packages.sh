#!/usr/bin/env bash
# Installs, or says how to install, the Debian packages of scripts/apt-packages.txt.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Usage: system_packages.sh [--dry-run] [--yes] [--optional] GROUP...
# Prints what is missing. Installs it as root, or with --yes through sudo; otherwise prints the
# exact command and exits 3. --dry-run only prints; --optional never fails.
set -euo pipefail

list="${FOVEA_APT_LIST:-$(dirname "${BASH_SOURCE[0]}")/apt-packages.txt}"
dry_run=0 yes=0 optional=0 groups=()
for argument in "$@"; do
  case "$argument" in
    --dry-run) dry_run=1 ;;
    --yes) yes=1 ;;
    --optional) optional=1 ;;
    -*) echo "system_packages.sh: unknown option '$argument'" >&2; exit 2 ;;
    *) groups+=("$argument") ;;
  esac
done

wanted=()
while read -r group package _; do
  for asked in "${groups[@]}"; do
    if [[ "$group" == "$asked" ]]; then wanted+=("$package"); fi
  done
done < "$list"

if ! command -v dpkg-query > /dev/null; then
  echo "dev: not a Debian system; what is needed, by its Debian names: ${wanted[*]}" >&2
  exit 0
fi

missing=()
for package in "${wanted[@]}"; do
  state="$(dpkg-query -W -f '${db:Status-Status}' "$package" 2> /dev/null || true)"
  # A command that comes from elsewhere than the package (a python3 of its own) is as good.
  if [[ "$state" != installed ]]; then
    case "$package" in
      python3 | cmake | g++ | ccache | shellcheck | file)
        if command -v "$package" > /dev/null; then continue; fi ;;
      ninja-build) if command -v ninja > /dev/null; then continue; fi ;;
      python3-venv) if python3 -c 'import ensurepip, venv' 2> /dev/null; then continue; fi ;;
    esac
    missing+=("$package")
  fi
done
if ((${#missing[@]} == 0)); then exit 0; fi

install=(apt-get install --yes --no-install-recommends "${missing[@]}")
echo "dev: missing Debian packages: ${missing[*]}" >&2
if ((dry_run)); then
  echo "dev: would run: apt-get update && ${install[*]}" >&2
  exit 0
fi
as_root=()
if (($(id -u) != 0)); then
  if ((!yes)) || ! command -v sudo > /dev/null; then
    echo "dev: to install them: sudo apt-get update && sudo ${install[*]}" >&2
    if ((optional)); then exit 0; fi
    exit 3
  fi
  as_root=(sudo)
fi
echo "dev: installing them" >&2
# Through env, since sudo drops the environment.
if ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2 ||
  ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive "${install[@]}" >&2; then
  echo "dev: apt-get failed; the packages above are still missing" >&2
  if ((optional)); then exit 0; fi
  exit 3
fi
