#!/usr/bin/env python3
"""Compares the phone's library with what is recorded of its size, or records it anew.

The record, size.json, has for each set of features the bytes of the stripped library, those of the bare stack from the
same run (tests/bare: the library's dependencies, each called once), and how many times the bare stack the library is.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

RECORD = Path(__file__).with_name("size.json")

# How far the library may move from the record before somebody has to look at it, up or down.
SLACK = 0.02

# How many times the bare stack the library may be: where it stands, and a little. The aim is 1.25, which it misses by
# 1,532 KB with HTTP; without, the stack is less than half, our own code is the same, and the aim is out of reach.
LIMITS = {"http,png": 1.70, "png": 2.40}


def rustc() -> str:
    return subprocess.run(["rustc", "--version"], check=True, capture_output=True, text=True).stdout.strip()


def read() -> dict:
    return json.loads(RECORD.read_text()) if RECORD.exists() else {}


def measure(library: Path, bare: Path) -> dict:
    sizes = {"library": library.stat().st_size, "bare": bare.stat().st_size}
    return sizes | {"ratio": round(sizes["library"] / sizes["bare"], 3), "rustc": rustc()}


def faults(features: str, now: dict, then: dict | None) -> list[str]:
    """What is wrong with these sizes, one line each."""
    found = []
    if now["library"] > LIMITS[features] * now["bare"]:
        found.append(f"{now['ratio']} times the bare stack, and {LIMITS[features]} is the limit")
    if then is None:
        return [*found, "nothing is recorded: tests/steps/size.sh record"]
    moved = now["library"] / then["library"] - 1
    if abs(moved) > SLACK:
        by = f"by {then['rustc']}, now {now['rustc']}" if now["rustc"] != then["rustc"] else "by the same compiler"
        found.append(
            f"{moved:+.1%} against the {then['library']} bytes recorded {by}; "
            "if that is meant: tests/steps/size.sh record"
        )
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["check", "record"])
    parser.add_argument("features", choices=list(LIMITS))
    parser.add_argument("library", type=Path)
    parser.add_argument("bare", type=Path)
    given = parser.parse_args()

    now, record = measure(given.library, given.bare), read()
    print(f"{given.features}: library {now['library']}, bare stack {now['bare']}, ratio {now['ratio']}")
    if given.what == "record":
        record[given.features] = now
        RECORD.write_text(json.dumps(record, indent=2, sort_keys=True) + "\n")
        return 0
    found = faults(given.features, now, record.get(given.features))
    for fault in found:
        print(f"{given.features}: {fault}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
