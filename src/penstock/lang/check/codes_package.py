"""Every diagnostic code of documents, graphs and variables; expressions have theirs in `codes`."""

from penstock.domain.diagnostic import Severity
from penstock.lang.check.codes import EXPRESSION_CODES, Code


class NotADocument(Code):
    """A flow that is no JSON object with components and edges.

    Nothing of it can be read. Wrong: `[1, 2]`. Right: `{"components": [], "edges": []}`.
    """

    code = "PK101"


class WrongShape(Code):
    """A part of the document, or a property, of the wrong kind: text where a list belongs, an unknown choice.

    Wrong: `"limit": "10"`. Right: `"limit": 10`.
    """

    code = "PK102"


class MissingProperty(Code):
    """A property, field list or key that the component needs. Wrong: a Limit without `limit`. Right: `"limit": 10`."""

    code = "PK103"


class UnknownProperty(Code):
    """A key that the component does not have; often a typing error, and the wanted setting would be ignored.

    Wrong: `"delimeter": ","`. Right: `"delimiter": ","`. Keys that begin with `x-` are never looked at.
    """

    code = "PK104"


class UnknownType(Code):
    """A component type that does not exist. Wrong: `filtr_component`. Right: `filter_component`."""

    code = "PK105"


class BadAlias(Code):
    """A field name that cannot be used in expressions, or that stands twice in one list.

    Names begin with a letter and go on with letters, digits and underscores. Wrong: `total amount`. Right: `total_amount`.
    """

    code = "PK106"


class UnboundConnection(Code):
    """A component without a connection, or one whose connection is not bound to one of the account; a function that asks a
    connection which is none, or leads to no database.

    The job would not know where the data are. Right: `"connection": {"type": "file", "id": 3}`,
    `ExecuteSqlString('POSTGRES_CONNECTION_3', 'SELECT max(name) FROM region')`.
    """

    code = "PK107"


class NotYaml(Code):
    """A package file that cannot be read: no YAML, or a part of YAML that package files do not have.

    Aliases, tags, several documents and keys given twice are refused, since tools read them differently. The message says
    line and column. Wrong: `path: *same`. Right: `path: orders/*.csv`.
    """

    code = "PK108"


class NoSpelling(Code):
    """A package that cannot be written as YAML without changing it, such as one with two components of one name.

    Nothing is written rather than something else. Keep it as JSON, or correct what the message names.
    """

    code = "PK109"


class VariableCycle(Code):
    """A variable that uses itself, or one that is evaluated after it.

    Variables are evaluated in list order. Wrong: `a` = `$b`, then `b` = `1`. Right: `b` first.
    """

    code = "PK305"


class VariableFault(Code):
    """A variable whose expression cannot be read or computed. Wrong: `day` = `2026-`. Right: `day` = `'2026-01-01'`."""

    code = "PK306"


class SecretInPlace(Code):
    """A secret variable in the name of a place that is written: a path, a bucket, the name of a file.

    Names of places stand in receipts, logs and listings, and are not secret. Wrong: `"path": "exports/$token"`. Right:
    `"path": "exports/daily"`.
    """

    code = "PK307"


class DuplicateName(Code):
    """Two components of one name or id; outputs, logs and previews could not tell them apart."""

    code = "PK501"


class DanglingEdge(Code):
    """An edge that begins or ends at a component that does not exist."""

    code = "PK502"


class WrongInputs(Code):
    """A component with a missing input, one input taken twice, or an input it does not have.

    Wrong: a Join with only `left`. Right: one edge with `"input": "left"` and one with `"input": "right"`.
    """

    code = "PK503"


class Cycle(Code):
    """Components that feed one another in a circle; none of them could ever begin."""

    code = "PK504"


class LeadsNowhere(Code):
    """A branch that reaches no destination, so that its work would be thrown away."""

    code = "PK505"


class NothingToRun(Code):
    """A package without any component: there is nothing to run. Add a source and a destination."""

    code = "PK506"


class ComputedTwice(Code):
    """A component that need not give the same records twice, computed twice: for a destination, and again for what reads the
    records that this destination rejects, which are known only when its output is staged.

    Such are a Limit, a Window, a Sample without `seed`, a Distinct with keys, and expressions such as `RANDOM()`. Wrong: a
    Sample whose records go to a table, and are joined with what the table rejects. Right: only rejected records are led on,
    or the Sample has a `seed`.
    """

    code = "PK507"


class ComponentNotAvailable(Code):
    """A component of the language that this version does not run yet. It is refused before the job starts."""

    code = "PK602"


class OptionNotAvailable(Code):
    """An option that this version does not do yet. It is refused, never ignored."""

    code = "PK603"


class NamesAlike(Code):
    """Two columns of a file that differ only in case.

    The embedded engine would rename the second one. Wrong: `id` and `ID` in one Parquet file. Right: a `mapping` that
    gives one of them another column name. A delimited file without a header holds no names and may have both.
    """

    code = "PK604"


class NotRunnable(Code):
    """An expression that the engine cannot run as it is written: a malformed regular expression, or one nested so deeply
    that its statement would not end, or a function that the chosen engine has no form of.

    It is refused before the job reads anything. Wrong: `name matches '(a'`. Right: `name matches '(a)'`.
    """

    code = "PK605"


class NotInChunks(Code):
    """A load in chunks (`chunk_records`) that has to be one transaction: it replaces rows, or takes away those that did not
    come in.

    If it ended half-way, old rows would be gone and the new ones not there yet. Chunks are for `append`,
    `merge_update_insert`, `update` and `insert_missing`, with `missing_rows` `keep`. Wrong: `truncate_insert` with
    `chunk_records` 100000. Right: the same without `chunk_records`.
    """

    code = "PK606"


class UselessOption(Code):
    """An option that has no effect beside the others, such as `delimiter` with JSON records."""

    code = "PK902"
    severity = Severity.ADVICE


class NullLikeASubtotal(Code):
    """A dimension of a Cube that is no text and may be null: its nulls look like subtotals, which are null as well.

    Nulls of text become `unknown`, which keeps the two apart; a value of another type stays as it is. Wrong: `cube` over
    `year`, an int. Right: a Select before it with `(chararray)year`.
    """

    code = "PK904"
    severity = Severity.ADVICE


class UnquotedText(Code):
    """A reference to a variable that is text, outside quotes: the text is then read as a part of the expression.

    With `day` being `2026-01-03`, `$day` is a subtraction that gives 2022. Wrong: `date == $day`. Right: `date == '$day'`.
    Where the text names a field that arrives, or is a number, nothing is reported.
    """

    code = "PK910"
    severity = Severity.WARNING


PACKAGE_CODES: tuple[type[Code], ...] = (
    NotADocument,
    WrongShape,
    MissingProperty,
    UnknownProperty,
    UnknownType,
    BadAlias,
    UnboundConnection,
    NotYaml,
    NoSpelling,
    VariableCycle,
    VariableFault,
    SecretInPlace,
    DuplicateName,
    DanglingEdge,
    WrongInputs,
    Cycle,
    LeadsNowhere,
    NothingToRun,
    ComputedTwice,
    ComponentNotAvailable,
    OptionNotAvailable,
    NamesAlike,
    NotRunnable,
    NotInChunks,
    UselessOption,
    NullLikeASubtotal,
    UnquotedText,
)
"""The codes that packages can give beside those of expressions."""

CODES: dict[str, type[Code]] = {
    code.code: code for code in sorted((*EXPRESSION_CODES, *PACKAGE_CODES), key=lambda c: c.code)
}
"""Every code there is."""
