"""The table of expression functions, written out family by family."""

from penstock.lang.functions.bags import BAGS
from penstock.lang.functions.datetime import DATETIME
from penstock.lang.functions.json import JSON
from penstock.lang.functions.numbers import CONVERT, NUMBERS
from penstock.lang.functions.signature import Function
from penstock.lang.functions.structures import BAG_AGGREGATES, STRUCTURES
from penstock.lang.functions.text import REGEX, TEXT

FUNCTIONS: dict[str, Function] = {
    row.name: row
    for family in (TEXT, REGEX, DATETIME, NUMBERS, CONVERT, JSON, STRUCTURES, BAGS, BAG_AGGREGATES)
    for row in family
}
"""Name to function; names are case sensitive."""

NOT_YET: frozenset[str] = frozenset(
    """
    Reverse RegexMatch IsInt IsLong IsFloat IsDouble IsNumeric Decode Bin BinCond ISOToYear ISOToMonth
    ISOToWeek ISOToDay ISOToHour ISOToMinute ISOToSecond ISOYearsBetween ISOMonthsBetween ISODaysBetween
    ISOHoursBetween ISOMinutesBetween ISOSecondsBetween ISOToUnix UnixToISO CustomFormatToISO DiffDate DateExtractor
    POW ATAN2 HYPOT EXPM1 LOG1P RINT SIGNUM toDegrees toRadians IEEEremainder copySign SCALB ULP NEXTUP nextAfter
    getExponent Greatest Least RandInt BoolToInt IntToBool MD5 MD5Base64 HashFNV SHA1 SHA256 Base64Encode Base64Decode
    URLEncode URLDecode HostExtractor SearchQuery UserAgentClassify
    device.Family os.Family os.Major os.Minor os.Patch os.PatchMinor useragent.Family useragent.Major useragent.Minor
    useragent.Patch Device Os UserAgent HaversineDistInMiles Curl CurlPoll CCurl CCurlPoll ExecuteSqlString
    ExecuteSqlDateTime ExecuteSqlDatetime VAR Median Quantile StreamingMedian StreamingQuantile 
    
    """.split()
)
"""Functions of the field that are known by name and not built yet: refused with a finding that says so."""
