"""Reads the app's own texts and the sources that use them: both languages have each of them, with the same gaps, no key is
missing, none is unused, each use fills the gaps that the text has, and no view says anything that is not in the catalogue.

Usage: check_texts.py IOS-DEMO-FOLDER
"""

import json
import pathlib
import re
import sys

LANGUAGES = ("en", "zh-Hans")
# A view that is given words instead of a key.
LITERAL = re.compile(
    r"\b(Text|Label|Button|Toggle|Picker|Section|TextField|DatePicker|ProgressView|DisclosureGroup|LabeledContent"
    r"|navigationTitle|accessibilityLabel|accessibilityHint|accessibilityValue|confirmationDialog|SharePreview)\(\s*\""
)
HAN = re.compile(r"[\u4e00-\u9fff]")


def gaps(text):
    """The numbers of the gaps of a text."""
    return sorted(int(number) for number in re.findall(r"%(\d+)\$@", text))


def catalogue_faults(strings):
    for key, entry in strings.items():
        units = {language: each.get("stringUnit", {}) for language, each in entry["localizations"].items()}
        if set(units) != set(LANGUAGES):
            yield f"{key}: has {sorted(units)}"
            continue
        for language, unit in units.items():
            if unit.get("state") != "translated" or not unit.get("value", "").strip():
                yield f"{key}: {language} is not translated"
        english, chinese = (units[language].get("value", "") for language in LANGUAGES)
        if HAN.search(english):
            yield f"{key}: the English text is Chinese"
        if gaps(english) != gaps(chinese):
            yield f"{key}: the gaps are not the same"
        if sorted(set(gaps(english))) != list(range(1, len(set(gaps(english))) + 1)):
            yield f"{key}: the gaps are not numbered from 1"
        if re.sub(r"%\d+\$@", "", english + chinese).count("%"):
            yield f"{key}: a gap without a number"


def parts(source, start):
    """How many parts follow the key of a call, from after the key's name to the closing parenthesis of the call."""
    depth, count, quoted = 1, 0, False
    for place in range(start, len(source)):
        sign = source[place]
        if sign == '"' and source[place - 1] != "\\":
            quoted = not quoted
        if quoted:
            continue
        depth += (sign in "([{") - (sign in ")]}")
        if depth == 0:
            return count
        count += sign == "," and depth == 1
    return count


def main(home):
    faults = []
    app = home / "HealthCode"
    strings = json.loads((app / "Localizable.xcstrings").read_text(encoding="utf-8"))["strings"]
    faults += catalogue_faults(strings)
    faults += catalogue_faults(json.loads((app / "InfoPlist.xcstrings").read_text(encoding="utf-8"))["strings"])

    keys = (app / "Parts/Keys.swift").read_text(encoding="utf-8")
    names = {case: raw or case for case, raw in re.findall(r"^  case (\w+)(?: = \"([^\"]+)\")?$", keys, re.M)}
    faults += [f"{key}: is in no case of Key" for key in strings.keys() - set(names.values())]
    faults += [f"Key.{case}: {raw} is not in the catalogue" for case, raw in names.items() if raw not in strings]

    sources = {path: path.read_text(encoding="utf-8") for path in app.rglob("*.swift") if path.name != "Keys.swift"}
    used = set()
    for path, source in sources.items():
        used |= set(re.findall(r"(?<![\w)\]?])\.(\w+)\b", source))
        faults += [f"{path.name}: says {match[0]}…, which is no key" for match in LITERAL.finditer(source)]
        for call in re.finditer(r"\btexts(?:\(\))?\(\.(\w+)", source):
            key = names.get(call[1])
            if key is None or key not in strings:
                continue
            wanted = len(set(gaps(strings[key]["localizations"]["en"]["stringUnit"]["value"])))
            given = parts(source, call.end())
            if given != wanted:
                line = source.count("\n", 0, call.start()) + 1
                faults.append(f"{path.name}:{line}: {call[1]} has {wanted} gaps, {given} are filled")
    faults += [f"Key.{case}: is not used" for case in names.keys() - used]
    print("\n".join(faults) or f"{len(names)} texts in {len(LANGUAGES)} languages, all used")
    return bool(faults) or len(names) < 100


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve()))
