"""Numbers and texts as people read them."""

from __future__ import annotations

from framework.domain.outcomes import Counts


def files(count: int) -> str:
    """`1 file`, `1,200 files`."""
    return f"{count:,} file" if count == 1 else f"{count:,} files"


def of_files(counts: Counts, total: int | None) -> str:
    """How far the job is: `1,200/5,000 files (24 %)`, or without a total `1,200 files`."""
    done = counts.succeeded + counts.failed
    if total is None:
        return files(done)
    percent = 100 * done // total if total else 100
    return f"{done:,}/{total:,} files ({percent} %)"


def rate(files_per_second: float) -> str:
    """`410/s`, `2.5/s`, and for slow ones `12/min`."""
    if files_per_second >= 10:
        return f"{files_per_second:,.0f}/s"
    if files_per_second >= 1:
        return f"{files_per_second:.1f}/s"
    return f"{files_per_second * 60:.3g}/min"


def duration(seconds: float) -> str:
    """`0.4 s`, `9 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`."""
    if seconds < 9.95:
        return f"{max(seconds, 0):.1f} s"
    whole = round(seconds)
    for unit, length, below, below_length in (
        ("d", 86_400, "h", 3_600),
        ("h", 3_600, "min", 60),
        ("min", 60, "s", 1),
    ):
        if whole >= length:
            return f"{whole // length} {unit} {whole % length // below_length} {below}"
    return f"{whole} s"


def size(count: int) -> str:
    """`512 bytes`, `1.5 MiB`."""
    if count < 1024:
        return "1 byte" if count == 1 else f"{count} bytes"
    scaled = float(count)
    for unit in ("KiB", "MiB", "GiB"):
        scaled /= 1024
        if scaled < 1024:
            return f"{scaled:.1f} {unit}"
    return f"{scaled / 1024:,.1f} TiB"


def visible(text: str) -> str:
    """Text for people's eyes: control characters of odd file names are written out."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in "\n\t" else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape", "backslashreplace").decode()
