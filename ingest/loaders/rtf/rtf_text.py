"""Reads the text of Rich Text Format: paragraph by paragraph, row by row, notes below the paragraph they are in."""

from __future__ import annotations

from passagework.ingest.loaders.colours import Rgb
from passagework.ingest.loaders.office.office_tables import group_headers
from passagework.ingest.loaders.office.office_writer import Line, OfficeWriter, plain, words
from passagework.ingest.loaders.office.page_words import only_page_words
from passagework.ingest.loaders.raised import lowered, raised
from passagework.ingest.loaders.rtf.rtf_fields import RtfField
from passagework.ingest.loaders.rtf.rtf_rows import Row, RowShape, aligned
from passagework.ingest.loaders.rtf.rtf_state import (
    BODY_OUTLINE,
    CHARACTERS,
    CODE_PAGES,
    INFO,
    OPENING,
    SIGNS,
    UNSTARRED,
    Destination,
    State,
    codec_named,
    heading_level,
)
from passagework.ingest.loaders.rtf.rtf_tokens import Kind, tokens

_IN_FIELDS = frozenset({Destination.INSTRUCTION, Destination.FORM, Destination.CHOICE})
_NO_STYLE = frozenset({Destination.FONTS, Destination.COLOURS, Destination.STYLES, Destination.SKIPPED, *_IN_FIELDS})


class RtfReader:
    """Walks once through the tokens of a file, and writes its blocks."""

    def __init__(self) -> None:
        self.writer = OfficeWriter()
        self.info: dict[Destination, str] = {}
        self.closed = False
        self._state = State()
        self._states: list[State] = []
        self._starred = False
        self._line: Line = []
        self._lines: list[Line] = []  # of the text around a note, innermost last
        self._notes: list[Line] = []
        self._row_notes: list[Line] = []
        self._margins: list[Line] = []
        self._has_page_number = False
        self._bytes = bytearray()
        self._skip = 0
        self._high = 0  # the first half of a surrogate pair
        self._codec = "cp1252"
        self._fonts: dict[int, str] = {}
        self._font = 0
        self._colours: list[Rgb | None] = []
        self._channels: dict[bytes, int] = {}
        self._levels: dict[int, int] = {}  # of heading styles by their numbers
        self._said: list[str] = []  # what a table of the header or the file's information says
        self._in_table = False
        self._shape = RowShape()
        self._cells: list[Line] = []
        self._rows: list[Row] = []

    def read(self, data: bytes) -> None:
        """Writes all of a file."""
        for kind, name, number in tokens(data):
            if kind is Kind.BYTES:
                self._take_bytes(name)
                continue
            self._flush()
            if kind is Kind.OPEN:
                self._skip = 0
                self._states.append(self._state)
                self._state = self._state.copy()
            elif kind is Kind.CLOSE:
                self._close()
                if not self._states:
                    self.closed = True
                    break
            elif kind is Kind.WORD:
                self._word(name, number)
            else:
                self._sign(name)
        self._flush()
        while self._lines:
            self._line = self._lines.pop()
        self._paragraph()
        self._end_table()
        for line in self._margins:
            self.writer.write(line)

    def _take_bytes(self, data: bytes) -> None:
        if self._skip:
            skipped = min(self._skip, len(data))
            self._skip -= skipped
            data = data[skipped:]
        self._bytes += data

    def _flush(self) -> None:
        if self._bytes:
            data = bytes(self._bytes)
            self._bytes.clear()
            try:
                text = data.decode(self._state.codec or self._codec, "replace")
            except LookupError:
                text = data.decode("cp1252", "replace")
            self._put(text)

    def _put(self, text: str) -> None:
        destination = self._state.destination
        if self._state.deleted or destination is Destination.SKIPPED:
            return
        if destination in _IN_FIELDS:
            self._state.field.say(destination.value, text)
        elif destination in INFO.values() or destination in (Destination.FONTS, Destination.STYLES):
            self._said.append(text)
        elif destination is Destination.COLOURS:
            for _ in range(text.count(";")):
                found = tuple(self._channels.get(channel, 0) for channel in (b"red", b"green", b"blue"))
                self._colours.append((found[0], found[1], found[2]) if self._channels else None)
                self._channels.clear()
        else:
            if self._state.raised:
                before = self._line[-1][0] if self._line else ""
                text = (raised if self._state.raised > 0 else lowered)(before, text)
            self._line.append((text, self._state.unseen(self._colours)))

    def _sign(self, sign: bytes) -> None:
        if sign == b"*":
            self._starred = True
        elif sign in (b"\n", b"\r"):
            self._word(b"par", None)
        elif sign in SIGNS:
            self._put(SIGNS[sign])

    def _word(self, name: bytes, number: int | None) -> None:
        starred, self._starred = self._starred, False
        if self._skip and name not in (b"u", b"uc"):
            self._skip = 0
        state = self._state
        if self._field_word(name):
            return
        if name in OPENING and state.destination is not Destination.SKIPPED:
            self._open(OPENING[name])
        elif starred and name not in UNSTARRED:
            state.destination = Destination.SKIPPED
        elif name in (b"u", b"uc", b"ansicpg", b"mac", b"pc", b"pca"):
            self._encoding(name, number)
        elif state.destination in _NO_STYLE:
            self._describe(name, number)
        elif name in CHARACTERS:
            self._put(CHARACTERS[name])
        elif not self._table_word(name):
            self._format(name, number)

    def _field_word(self, name: bytes) -> bool:
        state = self._state
        if name == b"field":
            state.field = RtfField()
        elif name == b"chpgn" or (name == b"fldrslt" and state.field.is_page):
            self._has_page_number = True
        if name == b"fldrslt" and not state.field.shows_result:
            state.destination = Destination.SKIPPED
        return name in (b"field", b"chpgn", b"fldrslt")

    def _open(self, destination: Destination) -> None:
        if destination in (Destination.NOTE, Destination.MARGIN):
            self._lines.append(self._line)
            self._line = []
            self._has_page_number = False
        elif destination is Destination.CHOICE:
            self._state.field.choices.append("")
        elif self._state.destination is Destination.SKIPPED:
            return
        self._state.destination = destination
        self._said.clear()

    def _close(self) -> None:
        if not self._states:
            return
        ended, self._state = self._state, self._states.pop()
        if ended.destination is self._state.destination:
            if ended.destination is Destination.STYLES:
                self._name_style(ended)
            return
        if ended.destination is Destination.INSTRUCTION and ended.field.chosen:
            self._put(ended.field.chosen)
        elif ended.destination in INFO.values():
            self.info.setdefault(ended.destination, " ".join("".join(self._said).split()))
        elif ended.destination in (Destination.NOTE, Destination.MARGIN) and self._lines:
            line, self._line = self._line, self._lines.pop()
            if ended.destination is Destination.NOTE:
                self._notes.append(line)
            elif self._has_page_number and only_page_words(line):
                return
            elif plain(line) and plain(line) not in map(plain, self._margins):
                self._margins.append(line)
        self._said.clear()

    def _describe(self, name: bytes, number: int | None) -> None:
        """What the tables of fonts, colours and styles say, and forms of their fields."""
        destination = self._state.destination
        if destination is Destination.FORM:
            self._state.field.describe(name, number)
        elif destination is Destination.FONTS and name == b"f":
            self._font = number or 0
        elif destination is Destination.FONTS and name == b"fcharset":
            self._fonts[self._font] = CODE_PAGES.get(number or 0, "")
        elif destination is Destination.COLOURS and name in (b"red", b"green", b"blue"):
            self._channels[name] = min(255, max(0, number or 0))
        elif destination is Destination.STYLES and name in (b"s", b"cs", b"ds", b"ts"):
            self._state.style = number or 0 if name == b"s" else -1
        elif destination is Destination.STYLES and name == b"outlinelevel":
            self._state.outline = number or 0

    def _name_style(self, state: State) -> None:
        named = "".join(self._said).strip().rstrip(";")
        self._said.clear()
        if level := heading_level(named, state.outline):
            self._levels[state.style] = level

    def _encoding(self, name: bytes, number: int | None) -> None:
        if name == b"u":
            self._unicode(number or 0)
        elif name == b"uc":
            self._state.fallback = max(0, number if number is not None else 1)
        else:
            self._codec = codec_named(name, number)

    def _unicode(self, number: int) -> None:
        code = number + 65536 if number < 0 else number
        self._skip = self._state.fallback
        if 0xD800 <= code < 0xDC00:
            self._high = code
        elif 0xDC00 <= code < 0xE000 and self._high:
            self._put(chr(0x10000 + (self._high - 0xD800) * 0x400 + code - 0xDC00))
            self._high = 0
        elif code <= 0x10FFFF:
            self._put(chr(code & 0xFF) if 0xF000 <= code < 0xF100 else chr(code))  # symbol fonts
        self._bytes.clear()

    def _format(self, name: bytes, number: int | None) -> None:
        state = self._state
        if name in (b"par", b"sect", b"page"):
            self._paragraph()
        elif name == b"pard":
            state.style, state.outline, self._in_table = 0, BODY_OUTLINE, False
        elif name == b"f":
            state.codec = self._fonts.get(number or 0, "")
        else:
            state.apply(name, number)
            self._shape.describe(name, number or 0)

    def _table_word(self, name: bytes) -> bool:
        if name == b"trowd":
            self._shape = RowShape()
        elif name == b"row":
            self._end_row()
        elif name in (b"nestcell", b"nestrow"):
            self._put(" | " if name == b"nestcell" else "; ")
        elif name in (b"intbl", b"cell"):
            self._in_table = True
            if name == b"cell":
                self._cells.append(self._line)
                self._line = []
        else:
            return False
        return True

    def _end_row(self) -> None:
        if self._cells:
            self._rows.append((self._shape, self._cells))
        self._cells = []
        self._row_notes += self._notes
        self._notes = []

    def _paragraph(self) -> None:
        if self._state.destination in (Destination.NOTE, Destination.MARGIN) or self._lines or self._in_table:
            self._line.append((" ", None))
            return
        self._end_table()
        line, self._line = self._line, []
        outline = self._state.outline
        self.writer.write(line, level=outline + 1 if outline < BODY_OUTLINE else self._levels.get(self._state.style, 0))
        self._write_notes(self._notes)
        self._notes = []

    def _end_table(self) -> None:
        if self._cells:
            self._end_row()
        if self._rows:
            rows, merged = aligned(self._rows)
            texts = [[plain(line) for line in row] for row in rows[:2]]
            self.writer.table(rows, headers=group_headers(rows, texts, merged) or None)
        self._rows = []
        self._write_notes(self._row_notes)
        self._row_notes = []

    def _write_notes(self, notes: list[Line]) -> None:
        for note in notes:
            self.writer.write([*words("Note: "), *note] if plain(note) else [])
