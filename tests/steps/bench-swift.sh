#!/usr/bin/env bash
# What the border to Swift costs: see swift.sh, which has its toolchain.
exec "$(dirname "$0")/swift.sh" bench
