"""What the merged manifest and the resources that it names promise: few permissions, nothing exported but the launcher,
no backup, no cleartext. Prints what it found, and ends with 1 where something else stands there.

Usage: manifest.py MERGED_MANIFEST SOURCE_FOLDER
"""

import sys
import xml.etree.ElementTree as ET
from pathlib import Path

ANDROID = "{http://schemas.android.com/apk/res/android}"
PREFIX = "android.permission."
# Why the app may ask for each of them.
ALLOWED = {
    PREFIX + "CAMERA": "codes are scanned",
    PREFIX + "INTERNET": "the authority's server",
    PREFIX + "POST_NOTIFICATIONS": "the check-in is reminded of",
    PREFIX + "RECEIVE_BOOT_COMPLETED": "reminders are set again when the phone has started",
    PREFIX + "VIBRATE": "a verdict is felt",
    PREFIX + "ACCESS_NETWORK_STATE": "WorkManager waits for a network",
    PREFIX + "WAKE_LOCK": "WorkManager stays awake for an exchange",
    "dev.healthcode.demo.DYNAMIC_RECEIVER_NOT_EXPORTED_PERMISSION": "androidx.core's own, by signature, held by nobody else",
}
# What only the system holds: whoever is guarded by one of them is reached by the system alone.
SYSTEM = {PREFIX + "BIND_JOB_SERVICE", PREFIX + "DUMP"}
COMPONENTS = ("activity", "activity-alias", "service", "receiver", "provider")
DOMAINS = {"root", "file", "database", "sharedpref", "external"}

failures = []


def expect(holds, what):
    print(("ok      " if holds else "FAILED  ") + what)
    if not holds:
        failures.append(what)


def permissions(manifest):
    asked = [element.get(ANDROID + "name") for element in manifest if element.tag.startswith("uses-permission")]
    for name in asked:
        expect(name in ALLOWED, f"{name}: {ALLOWED.get(name, 'nobody said why')}")
    for name in sorted(set(ALLOWED) - set(asked)):
        expect(False, f"{name} is allowed and not asked for any more")


def exported(application):
    for component in application:
        if component.tag not in COMPONENTS:
            continue
        name, flag = component.get(ANDROID + "name"), component.get(ANDROID + "exported")
        if component.find("intent-filter") is not None:
            expect(flag is not None, f"{name} says whether it is exported")
        if flag != "true":
            continue
        if component.tag.startswith("activity"):
            launcher = component.find("intent-filter/category[@{0}name='android.intent.category.LAUNCHER']".format(ANDROID))
            expect(launcher is not None and name.endswith(".MainActivity"), f"{name} is exported: the launcher")
        else:
            guard = component.get(ANDROID + "permission")
            expect(guard in SYSTEM, f"{name} is exported: to the system, by {guard}")


def backup(application, sources):
    expect(application.get(ANDROID + "allowBackup") == "false", "no backup before Android 12")
    expect(application.get(ANDROID + "fullBackupContent") == "false", "no full backup before Android 12")
    expect(application.get(ANDROID + "dataExtractionRules") == "@xml/data_extraction_rules", "rules from Android 12 on")
    rules = ET.parse(sources / "main/res/xml/data_extraction_rules.xml").getroot()
    for way in ("cloud-backup", "device-transfer"):
        kept_out = {e.get("domain") for e in rules.findall(f"{way}/exclude") if e.get("path") == "."}
        expect(DOMAINS <= kept_out and not rules.findall(f"{way}/include"), f"{way} takes nothing")


def cleartext(application, sources):
    expect(application.get(ANDROID + "networkSecurityConfig") == "@xml/network_security_config", "a network security config")
    expect(application.get(ANDROID + "usesCleartextTraffic") in (None, "false"), "nothing overrides it")
    for kind, hosts in (("main", set()), ("debug", {"10.0.2.2", "localhost"})):
        config = ET.parse(sources / kind / "res/xml/network_security_config.xml").getroot()
        permitted = {e.text.strip() for e in config.findall("domain-config[@cleartextTrafficPermitted='true']/domain")}
        wide = [e for e in config.iter("domain") if e.get("includeSubdomains") == "true"]
        base = config.find("base-config")
        expect(base is not None and base.get("cleartextTrafficPermitted") == "false", f"{kind}: TLS everywhere")
        expect(permitted == hosts and not wide, f"{kind}: in clear only to {sorted(hosts) or 'nobody'}")


def main():
    manifest, sources = ET.parse(sys.argv[1]).getroot(), Path(sys.argv[2])
    application = manifest.find("application")
    permissions(manifest)
    exported(application)
    backup(application, sources)
    cleartext(application, sources)
    expect(application.get(ANDROID + "debuggable") is None, "whether it is a debug build is the build's to say")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
