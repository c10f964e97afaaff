"""Reads the Xcode project as another program would: every object that is named exists, every file that is named is there,
and what the project, the Info.plist, the catalogues and the packages say of each other agrees. That Xcode opens it, this
does not prove.

Usage: check_project.py IOS-DEMO-FOLDER
"""

import json
import pathlib
import plistlib
import re
import sys
import xml.etree.ElementTree as xml

from pbxproj import XcodeProject

IDENTIFIER = re.compile(r"[0-9A-F]{24}")
# What an attribute may point at.
KINDS = {
    "baseConfigurationReference": {"PBXFileReference"},
    "buildConfigurationList": {"XCConfigurationList"},
    "buildConfigurations": {"XCBuildConfiguration"},
    "buildPhases": {"PBXSourcesBuildPhase", "PBXFrameworksBuildPhase", "PBXResourcesBuildPhase"},
    "children": {"PBXGroup", "PBXFileReference", "PBXFileSystemSynchronizedRootGroup"},
    "fileSystemSynchronizedGroups": {"PBXFileSystemSynchronizedRootGroup"},
    "files": {"PBXBuildFile"},
    "mainGroup": {"PBXGroup"},
    "package": {"XCLocalSwiftPackageReference"},
    "packageProductDependencies": {"XCSwiftPackageProductDependency"},
    "packageReferences": {"XCLocalSwiftPackageReference"},
    "productRef": {"XCSwiftPackageProductDependency"},
    "productRefGroup": {"PBXGroup"},
    "productReference": {"PBXFileReference"},
    "targets": {"PBXNativeTarget"},
}


class Check:
    """The faults that were found."""

    def __init__(self):
        self.faults = []

    def that(self, holds, fault):
        if not holds:
            self.faults.append(fault)


def plain(value):
    """Dictionaries, lists and strings instead of the parser's own types."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if hasattr(value, "get_keys"):
        return {key: plain(value[key]) for key in value.get_keys()}
    return str(value)


def references(value, attribute=""):
    """Each identifier in a value, with the attribute under which it stands."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from references(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from references(item, attribute)
    elif IDENTIFIER.fullmatch(value):
        yield attribute, value


def check_objects(check, objects, root):
    seen, waiting = set(), [root]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        for attribute, other in references(objects[name]):
            if other not in objects:
                check.that(False, f"{objects[name]['isa']} {name}: {attribute} {other} does not exist")
                continue
            kind = objects[other]["isa"]
            check.that(kind in KINDS.get(attribute, {kind}), f"{name}: {attribute} is a {kind}")
            waiting.append(other)
    for name in objects.keys() - seen:
        check.that(False, f"{objects[name]['isa']} {name} belongs to nothing")


def check_files(check, objects, group, folder):
    """Every file below a group, where the group says it is."""
    for name in objects[group]["children"]:
        item = objects[name]
        if item.get("sourceTree") == "BUILT_PRODUCTS_DIR":
            continue
        path = folder / item["path"] if "path" in item else folder
        check.that(path.exists(), f"{path} does not exist")
        if item["isa"] == "PBXGroup":
            check_files(check, objects, name, path)
        if item["isa"] == "PBXFileSystemSynchronizedRootGroup":
            check.that(path.is_dir() and any(path.rglob("*.swift")), f"{path} is no folder with sources")


def check_packages(check, objects, home):
    packages = {}
    for name, item in objects.items():
        if item["isa"] == "XCLocalSwiftPackageReference":
            manifest = home / item["relativePath"] / "Package.swift"
            check.that(manifest.is_file(), f"{manifest} does not exist")
            packages[name] = manifest.read_text(encoding="utf-8") if manifest.is_file() else ""
    for item in objects.values():
        if item["isa"] == "PBXNativeTarget":
            # A Mac's files do not tell a letter's case apart: the app's module would lie over the package's.
            same = [other["productName"] for other in objects.values() if other["isa"] == "XCSwiftPackageProductDependency"]
            check.that(item["name"].lower() not in map(str.lower, same), f"{item['name']} is named like a package's product")
        if item["isa"] == "XCSwiftPackageProductDependency":
            product = f'.library(name: "{item["productName"]}"'
            check.that(product in packages.get(item["package"], ""), f"no package has the product {item['productName']}")


def string_catalogue(path):
    strings = json.loads(path.read_text(encoding="utf-8"))["strings"]
    return {
        key: {language: unit["stringUnit"]["value"] for language, unit in entry["localizations"].items()}
        for key, entry in strings.items()
    }


def check_settings(check, objects, home):
    settings = [item["buildSettings"] for item in objects.values() if item["isa"] == "XCBuildConfiguration"]
    of_target = [each for each in settings if "PRODUCT_BUNDLE_IDENTIFIER" in each]
    of_project = [each for each in settings if each not in of_target]
    check.that(len(of_target) == 2 and len(of_project) == 2, "there are not two configurations of each")
    for each in of_project:
        check.that(each["IPHONEOS_DEPLOYMENT_TARGET"] == "17.0", "the app is not for iOS 17")
        check.that(each["SWIFT_VERSION"] == "6.0", "the app is not in Swift 6 mode")
    texts = string_catalogue(home / "HealthCode/InfoPlist.xcstrings")
    for each in of_target:
        check.that(each.get("GENERATE_INFOPLIST_FILE") == "YES", "the Info.plist is not generated")
        for key in ("NSCameraUsageDescription", "NSUserNotificationsUsageDescription", "CFBundleDisplayName"):
            text = each.get(f"INFOPLIST_KEY_{key}", "").strip('"').replace("\\'", "'")
            check.that(text, f"no {key}")
            check.that(texts.get(key, {}).get("en") == text, f"{key} is not the text of InfoPlist.xcstrings: {text}")
            check.that(texts.get(key, {}).get("zh-Hans"), f"{key} has no Chinese text")
        info = home / each["INFOPLIST_FILE"].strip('"')
        check_info(check, info, home)
        assets = home / "HealthCode/Assets.xcassets"
        icon = assets / f"{each['ASSETCATALOG_COMPILER_APPICON_NAME']}.appiconset/Contents.json"
        colour = assets / f"{each['ASSETCATALOG_COMPILER_GLOBAL_ACCENT_COLOR_NAME']}.colorset/Contents.json"
        check.that(icon.is_file() and colour.is_file(), "icon or colour are not in the catalogue")
    for contents in (home / "HealthCode/Assets.xcassets").rglob("Contents.json"):
        for image in json.loads(contents.read_text(encoding="utf-8")).get("images", []):
            check.that((contents.parent / image["filename"]).is_file(), f"{contents}: no {image['filename']}")


def check_info(check, info, home):
    """What stands in the Info.plist by hand: each name that the sources ask for, each variable that the settings have."""
    keys = plistlib.loads(info.read_bytes())
    sources = "".join(path.read_text(encoding="utf-8") for path in (home / "HealthCode").rglob("*.swift"))
    for identifier in keys["BGTaskSchedulerPermittedIdentifiers"]:
        check.that(f'identifier: "{identifier}"' in sources, f"nothing registers {identifier}")
    check.that(keys["UIBackgroundModes"] == ["fetch"], "no background mode fetch")
    asked = {key: f"$({setting})" for key, setting in re.findall(r'line\("(\w+)", of: "(\w+)"\)', sources)}
    given = {key: value for key, value in keys.items() if key.startswith("Healthcode")}
    check.that(asked == given, f"the app asks for {sorted(asked.items())}")
    lines = (home / "Server.xcconfig").read_text(encoding="utf-8").splitlines()
    given = {line.split("=")[0].strip() for line in lines if "=" in line and not line.startswith("//")}
    for key in asked:
        variable = re.fullmatch(r"\$\((\w+)\)", str(keys.get(key)))
        check.that(variable and variable[1] in given, f"Server.xcconfig has nothing for {key}")


def check_scheme(check, objects, project):
    schemes = list(project.glob("xcshareddata/xcschemes/*.xcscheme"))
    check.that(schemes, "there is no shared scheme")
    for scheme in schemes:
        for reference in xml.parse(scheme).iter("BuildableReference"):
            target = objects.get(reference.get("BlueprintIdentifier"), {})
            check.that(target.get("name") == reference.get("BlueprintName"), f"{scheme.name} names no target")


def check_privacy(check, manifest):
    """A privacy manifest: its keys, and a reason for each kind of API."""
    keys = plistlib.loads(manifest.read_bytes())
    check.that(keys.get("NSPrivacyTracking") is False, f"{manifest}: tracking")
    for entry in keys["NSPrivacyAccessedAPITypes"]:
        kind, reasons = entry["NSPrivacyAccessedAPIType"], entry["NSPrivacyAccessedAPITypeReasons"]
        check.that(kind.startswith("NSPrivacyAccessedAPICategory"), f"{manifest}: {kind}")
        check.that(reasons and all(re.fullmatch(r"[0-9A-F]{4}\.1", each) for each in reasons), f"{manifest}: {reasons}")
    for entry in keys["NSPrivacyCollectedDataTypes"]:
        check.that(entry["NSPrivacyCollectedDataTypePurposes"], f"{manifest}: {entry}")


def main(home):
    check = Check()
    project = home / "HealthCode.xcodeproj"
    parsed = XcodeProject.load(str(project / "project.pbxproj"))
    objects = {str(item.get_id()): plain(item) for item in parsed.objects.get_objects_in_section(*parsed.objects.get_sections())}
    root = str(parsed["rootObject"])
    check.that(str(parsed["objectVersion"]) == "77", "objectVersion is not 77")
    check.that(len(objects) > 20, f"only {len(objects)} objects")
    check_objects(check, objects, root)
    check_files(check, objects, objects[root]["mainGroup"], home)
    check_packages(check, objects, home)
    check_settings(check, objects, home)
    check_scheme(check, objects, project)
    check.that({"en", "zh-Hans"} <= set(objects[root]["knownRegions"]), "a language is not among the regions")
    check_privacy(check, home / "HealthCode/PrivacyInfo.xcprivacy")
    check_privacy(check, home / "../bindings/swift/Sources/Healthcode/PrivacyInfo.xcprivacy")
    print("\n".join(check.faults) or f"{len(objects)} objects, all there")
    return bool(check.faults)


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve()))
