"""Readers of the picture sources: which picture of a package shows which concept."""

import json
import re

from PIL import Image, ImageDraw, ImageFont

from concepts import digest

TINTS = ("#d32f2f", "#f57c00", "#fbc02d", "#388e3c", "#1976d2", "#7b1fa2", "#e573b5", "#795548", "#212121", "#212121")
CLIPS_OF_A_CONCEPT = 4


def squash(name):
    return re.sub(r"[^a-z0-9]", "", name.lower())


def icon_svg(icons, name):
    """SVG text of one icon of an icon set."""
    icon = icons["icons"][name]
    side = [icon.get(k, icons.get(k, 16)) for k in ("width", "height")]
    corner = [icon.get(k, icons.get(k, 0)) for k in ("left", "top")]
    box = f"{corner[0]} {corner[1]} {side[0]} {side[1]}"
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="128" height="128" viewBox="{box}">{icon["body"]}</svg>'


def names_of(icons):
    """{icon name or plain alias: icon name}."""
    aliases = {k: v["parent"] for k, v in icons.get("aliases", {}).items() if set(v) == {"parent"}}
    return {**aliases, **{name: name for name in icons["icons"]}}


def emoji_set(folder, concepts, source):
    """Icons of an emoji set: by code point, else by name."""
    icons = json.loads((folder / "package/icons.json").read_text())
    chars = json.loads((folder / "package/chars.json").read_text())
    names = names_of(icons)
    by_code = {k.lower().replace("-fe0f", ""): names.get(v, v) for k, v in chars.items()}
    by_name = {squash(re.sub(r"-1$", "", k)): k for k in sorted(icons["icons"], reverse=True)}
    found = {}
    for concept in concepts:
        name = by_code.get(concept["id"]) or by_name.get(squash(concept["label"]))
        if name in icons["icons"]:
            found[concept["id"]] = [{"svg": icon_svg(icons, name)}]
    return found


def by_word(concepts):
    """{squashed label or other name: concept id}; a label wins over another concept's second name."""
    keys = {squash(name): c["id"] for c in reversed(concepts) for name in c["names"]}
    return keys | {squash(c["label"]): c["id"] for c in concepts}


def icon_set(folder, concepts, source):
    """One-colour icons found by name; the colour of each is fixed by its name, so that shape has to tell what it is."""
    icons = json.loads((folder / "package/icons.json").read_text())
    keys, suffix, found = by_word(concepts), source.get("suffix", ""), {}
    for name, icon in sorted(names_of(icons).items()):
        concept = keys.get(squash(name.removesuffix(suffix))) if name.endswith(suffix) else None
        if concept and concept not in found and icon in icons["icons"]:
            tint = TINTS[int(digest(f"tint {source['style']} {name}") * len(TINTS))]
            found[concept] = [{"svg": icon_svg(icons, icon).replace(source.get("recolour", "currentColor"), tint)}]
    return found


def file_set(folder, concepts, source):
    """Files named by code point."""
    files = {p.stem.replace("-fe0f", ""): p for p in (folder / "package/assets").glob("*.webp")}
    return {c["id"]: [{"file": str(files[c["id"]])}] for c in concepts if c["id"] in files}


def clip_art(folder, concepts, source):
    """Drawings of many hands whose file name or title, without author and number, is the name of a concept."""
    keys, found = by_word(concepts), {}
    for path in sorted(folder.rglob("*.svg")):
        title = re.search(r"<dc:title>\s*([^<]+?)\s*</dc:title>", path.read_text(errors="replace"))
        shown = [path.stem, *([title[1]] if title else [])]
        plain = [squash(re.sub(r"[\d_]+", " ", re.split(r"[_ ]+(?:by|from)\b", name)[0])) for name in shown]
        concept = next((keys[name] for name in plain if name in keys), None)
        usable = path.stem not in source["skip"]  # files that sharp does not read
        if concept and usable and len(found.setdefault(concept, [])) < CLIPS_OF_A_CONCEPT:
            found[concept].append({"file": str(path)})
    return found


def draw_glyph(font, sign, tint):
    """RGBA picture of one sign in one colour, fitted to a square; None where the font has no glyph for it."""
    left, top, right, bottom = font.getbbox(sign)
    side = max(right - left, bottom - top)
    if not side or bytes(font.getmask(sign)) == bytes(font.getmask(chr(0x10FFFF))):
        return None
    picture = Image.new("RGBA", (side, side), tint + "00")
    corner = ((side - right - left) / 2, (side - bottom - top) / 2)
    ImageDraw.Draw(picture).text(corner, sign, font=font, fill=tint)
    return picture


def font_set(folder, concepts, source):
    """Signs of an outline font, one colour each as with icons; drawn as files beside the font."""
    font, drawn, found = ImageFont.truetype(str(folder / source["font"]), 120), folder / "drawn", {}
    drawn.mkdir(exist_ok=True)
    for concept in concepts:
        tint = TINTS[int(digest(f"tint {source['style']} {concept['id']}") * len(TINTS))]
        picture = None if "-" in concept["id"] else draw_glyph(font, chr(int(concept["id"], 16)), tint)
        if picture:
            path = drawn / f"{concept['id']}.png"
            picture.save(path)
            found[concept["id"]] = [{"file": str(path)}]
    return found


READERS = {"emoji": emoji_set, "icons": icon_set, "files": file_set, "clips": clip_art, "fonts": font_set}


def pictures_of(source, folder, concepts):
    """{concept id: [picture, ...]} of a source of sources.json; a picture is {"svg": text} or {"file": path}."""
    return READERS[source.get("reader", "emoji")](folder, concepts, source)
