"""Writes the table of letters that look like ASCII letters: `python -m training.moderation.confusables`.

Source: Unicode's security data (UTS #39, confusables.txt) as packaged by confusable-homoglyphs. Compatibility forms
such as fullwidth letters are left out, because normalisation form NFKD already turns those into ASCII.
"""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import confusable_homoglyphs

TARGET = Path(__file__).parents[2] / "services" / "moderation" / "text" / "confusables.json"
ALSO = {
    shape: letter
    for letters, shapes in (
        ("abcdefghijklmnopqrstuvwyzacefghijkmrtvwy", "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡʏᴢɐɔǝɟƃɥᴉɾʞɯɹʇʌʍʎ"),
        ("bkmhtrnudrea", "вкмнтгпидяэл"),
        ("bdenkumpotuxw", "βδεηκυμρστυχω"),
        ("oldhtbdeikmnopstuyzvgahr", "øłđħŧɓɗɛɨƙɱŋɵƥʂƭʊƴʐⱱɠɑɦɾ"),
    )
    for letter, shape in zip(letters, shapes, strict=True)
}
"""Small capitals, turned and hooked letters, and Cyrillic and Greek letters that people use as Latin ones."""


def build() -> dict[str, str]:
    """Each look-alike character → the lower-case ASCII letter that it resembles."""
    source = Path(confusable_homoglyphs.__file__).parent / "confusables.json"
    table: dict[str, str] = {}
    for letter, lookalikes in json.loads(source.read_text("utf-8")).items():
        if not (len(letter) == 1 and letter.isascii() and letter.isalpha()):
            continue
        for entry in lookalikes:
            shape = entry["c"]
            if len(shape) != 1 or shape.isascii() or not unicodedata.category(shape).startswith("L"):
                continue
            if unicodedata.normalize("NFKD", shape)[0].isascii():
                continue
            # Lower case wins where one shape resembles both, because readers take it so within a word.
            if shape not in table or letter.islower():
                table[shape] = letter.lower()
    return dict(sorted((table | ALSO).items()))


if __name__ == "__main__":
    TARGET.write_text(json.dumps(build(), ensure_ascii=False, indent=0) + "\n", "utf-8")
    print(f"{TARGET}: {len(build())} characters")
