"""File sources as DuckDB relations (dataflow reference 5.1, component reference 3.1).

Text files are read as text and cast with Pig's rules: a typed reader would round '3.6' to the int 4 and refuse what Pig
reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from penstock.engines.duckdb import faults, fields, members, numbers
from penstock.engines.duckdb.counting import passing
from penstock.engines.duckdb.delimited import Texts, delimited, rewritten_texts
from penstock.engines.duckdb.fields import ATTEMPTS, Given
from penstock.engines.duckdb.json_lines import MALFORMED, json_records
from penstock.engines.duckdb.packed import check_packed
from penstock.engines.duckdb.parquet import Describe, null_tally, parquet_sql
from penstock.engines.duckdb.raw import raw_records
from penstock.engines.duckdb.readings import Readings, naming
from penstock.engines.duckdb.types import column_of, text_literal
from penstock.engines.files.rewriting import PLACE, RECORD
from penstock.plan.operators import REJECTION, Scan
from penstock.plan.ports import Context
from penstock.plan.schema import Field


@dataclass(slots=True)
class Scanned:
    """The SELECT of a source with the schema of its scan. *tallies* are sequences that must be there when it runs: each
    counts records or values that did not fit, and says at the end what its sentence says, with `{count}`."""

    sql: str
    dropped_lines: int = 0
    tallies: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scanner:
    """Makes the SELECT of each source of a job; *scratch* is a folder for files that must be rewritten to be read."""

    readings: Readings
    context: Context
    scratch: Path
    describe: Describe

    def scan(self, scan: Scan, counter: str) -> Scanned:
        """Return the SELECT of a source; *counter* is the place where its records are counted, and the stem of the names of
        sequences. Raises PermanentError when files cannot be read."""
        source, bound = scan.source, self.readings.sources[scan.component]
        if source.record_type in ("parquet", "avro"):
            skipped = f"{counter}_skipped"
            read = Scanned(parquet_sql(scan, bound, self.context, counter, self.describe))
            if skipped in read.sql:
                read.tallies[skipped] = skipped_said(scan.component)
            if source.on_bad_value == "set_null":
                for one, item in zip(scan.listed, source.fields, strict=True):
                    if item.pseudo is None:
                        read.tallies[null_tally(counter, one.name, scan)] = _null_said(scan, one)
            return read
        rewritten = self.scratch / f"{counter}.parquet"
        malformed = f"{counter}_malformed"
        made = Scanned("")
        with naming(scan.component):
            if source.record_type != "excel":
                check_packed(source, bound.files)
            if source.record_type == "json":
                instead, said = faults.malformed_json(scan, malformed)
                texts = json_records(scan, self.readings, rewritten, instead)
                if said:
                    made.tallies[malformed] = said
            elif source.record_type == "excel":
                texts = rewritten_texts(source, bound.files)
            elif source.record_type == "raw":
                made.sql = _raw(scan, raw_records(scan, self.readings, rewritten), counter, made)
                return made
            else:
                texts = delimited(scan, self.readings, rewritten)
        made.dropped_lines = texts.dropped
        self._type(scan, texts, counter, made)
        return made

    def _type(self, scan: Scan, texts: Texts, counter: str, made: Scanned) -> None:
        """Give the texts of a source their types."""
        typed, attempts = [], []
        parsed, others = [], []
        bad: list[tuple[int, str]] = []
        for index, one in enumerate(scan.listed):
            column, value = f"c{index}", f"v{index}"
            if scan.source.fields[index].pseudo is not None:
                typed.append(f"{column} AS {value}")
                continue
            if index in texts.apart:
                typed.append(f"{column} AS {value}")
                continue
            if index in texts.parsed:
                typed.append(f"{numbers.from_number(column, one.dtype.kind, scan.component)} AS {value}")
                continue
            if not fields.can_be_bad(one.dtype.kind):
                typed.append(f"{fields.from_text(Given(column, one.dtype.kind, self.context))} AS {value}")
                continue
            attempt, kind = "", one.dtype.kind
            is_json = scan.source.record_type == "json" and kind in numbers.READ_AS
            if is_json:
                parsed.append(f"{numbers.of_json(column, kind)} AS n{index}")
                is_sound = numbers.is_sound(f"n{index}", kind)
                others.append(f"CASE WHEN {is_sound} THEN NULL ELSE json_extract_string({column}, '$') END AS {column}")
            if kind in ATTEMPTS:
                attempt = f"t{index}"
                attempts.append(f"TRY_CAST({column} AS {ATTEMPTS[one.dtype.kind]}) AS {attempt}")
            instead = self._instead(scan, index, one, f"{counter}_bad_{index}", made)
            as_text = scan.source.fields[index].as_text
            words = _words(scan, index, texts, attempts) if as_text else ""
            given = Given(column, one.dtype.kind, self.context, attempt, instead, texts.odd_numbers, as_text, words)
            made_of = fields.from_text(given)
            if is_json:
                made_of = f"CASE WHEN {is_sound} THEN {numbers.made(f'n{index}', kind)} ELSE {made_of} END"
            typed.append(f"{made_of} AS {value}")
            if scan.source.on_bad_value == "skip":
                typed.append(column)
                bad.append((index, f"({column} IS NOT NULL AND {value} IS NULL)"))
        # Layers: inside a CASE DuckDB would compute each conversion again wherever it is mentioned.
        relation = texts.sql
        if parsed:
            relation = f"SELECT * REPLACE ({', '.join(others)}) FROM (SELECT *, {', '.join(parsed)} FROM ({relation}))"
        counted = f"SELECT {', '.join(['*', *attempts])} FROM ({relation}) WHERE {passing(counter)}"
        if scan.keeps_rejected:
            typed += [RECORD, PLACE, *([MALFORMED] if scan.source.record_type == "json" else [])]
        values = f"SELECT {', '.join(typed)} FROM ({counted})"
        named = [f"{_given(scan, index, texts)} AS {column_of(one.name)}" for index, one in enumerate(scan.listed)]
        skipped = f"{counter}_skipped"
        if bad:
            made.tallies[skipped] = skipped_said(scan.component)
        if scan.keeps_rejected:
            named += self._rejection(scan, bad, skipped, f"{counter}_malformed")
        made.sql = f"SELECT {', '.join(named)} FROM ({values})"
        if bad and not scan.keeps_rejected:
            test = " OR ".join(one for _, one in bad)
            made.sql += f" WHERE CASE WHEN {test} THEN nextval('{skipped}') < 0 ELSE true END"

    def _rejection(self, scan: Scan, bad: list[tuple[int, str]], skipped: str, malformed: str) -> list[str]:
        """Return the columns that say which records are rejected, and why; each is counted once."""
        cases = []
        if scan.source.record_type == "json" and scan.source.on_bad_value == "skip":
            said = f"CASE WHEN json_valid({RECORD}) THEN 'It is no JSON object.' ELSE 'It is no JSON.' END"
            cases.append(f"WHEN {MALFORMED} THEN CASE WHEN nextval('{malformed}') > 0 THEN {said} END")
        for index, test in bad:
            one = scan.listed.fields[index]
            head, tail = (
                text_literal(f"Field '{one.name}': the value '"),
                text_literal(f"' is no {one.dtype.kind.value}."),
            )
            cases.append(f"WHEN {test} THEN CASE WHEN nextval('{skipped}') > 0 THEN {head} || c{index} || {tail} END")
        reason = f"CASE {' '.join(cases)} END" if cases else "CAST(NULL AS VARCHAR)"
        return [f"{sql} AS {column_of(name)}" for sql, name in zip((RECORD, reason, PLACE), REJECTION, strict=True)]

    def _instead(self, scan: Scan, index: int, field: Field, tally: str, made: Scanned) -> str:
        """Return the SQL of what takes the place of a value that does not fit."""
        kind = field.dtype.kind
        match scan.source.on_bad_value:
            case "skip":
                return "NULL"
            case "fail":
                return faults.bad_value(scan, index)
            case _:
                made.tallies[tally] = _null_said(scan, field)
                return fields.counted_null(kind, tally)


def _null_said(scan: Scan, field: Field) -> str:
    return f"{scan.component}: {{count}} became null, for '{field.name}' is no {field.dtype.kind.value} there"


def _given(scan: Scan, index: int, texts: Texts) -> str:
    """Return the SQL of a field's value: of a map that is to be taken apart what its keys hold."""
    keys, value = scan.source.fields[index].keys, f"v{index}"
    return value if not keys or index in texts.apart else members.apart(value, keys)


def _words(scan: Scan, index: int, texts: Texts, attempts: list[str]) -> str:
    """Return the SQL that tells whether words for what is no number may stand in a structure that DuckDB has written."""
    if scan.source.record_type != "json":
        return ""
    if not texts.has_words:
        return "false"
    attempts.append(f"{members.may_hold_words(f'c{index}')} AS w{index}")
    return f"w{index}"


def skipped_said(component: str) -> str:
    """Return what is said of the records that a source leaves out."""
    return f"{component}: {{count}} left out, for a value does not fit its field"


def rejecting_said(scan: Scan) -> frozenset[str]:
    """Return what is said of the records of a source that are read and left out: of what is no JSON as well, where it is kept
    as it is, for then it is read."""
    is_read = scan.keeps_rejected and scan.source.record_type == "json" and scan.source.on_bad_value == "skip"
    return frozenset({skipped_said(scan.component), *([faults.malformed_json(scan, "")[1]] if is_read else [])})


def _raw(scan: Scan, texts: Texts, counter: str, made: Scanned) -> str:
    """Return the records of a raw source, which are what they are."""
    made.dropped_lines = texts.dropped
    named = [f"c{index} AS {column_of(one.name)}" for index, one in enumerate(scan.listed)]
    named += [f"CAST(NULL AS VARCHAR) AS {column_of(name)}" for name in REJECTION if scan.keeps_rejected]
    return f"SELECT {', '.join(named)} FROM ({texts.sql}) WHERE {passing(counter)}"


def told(component: str, dropped_lines: int, tallies: Iterable[tuple[str, int]]) -> Iterator[str]:
    """Yield what is said at the end of a source's lines that were too long, and of its *tallies*: sentence and count."""
    if dropped_lines:
        yield f"{component}: {_many(dropped_lines, 'line')} left out, for their length"
    for said, count in tallies:
        if count:
            yield said.format(count=_many(count, "record"))


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"
