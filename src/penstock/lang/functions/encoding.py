"""Hashes, encodings, URLs, user agents (function reference 10)."""

from penstock.lang.functions.signature import Function, Nulls, function, signature
from penstock.plan import dtypes
from penstock.plan.dtypes import DType, Kind, Member

M = Nulls.MAYBE
_AGENT = "'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:109.0) Gecko/20100101 Firefox/115.0'"


def _parts(*names: str) -> DType:
    return DType(Kind.TUPLE, members=tuple(Member(dtypes.CHARARRAY, name) for name in names))


def _part(name: str, text: str, gives: str) -> Function:
    return function(name, "web", "text -> text", text, f"{name}({_AGENT})", gives, M)


ENCODING: tuple[Function, ...] = (
    function(
        "MD5", "encoding", "text -> text", "The MD5 of the UTF-8 bytes, 32 hexadecimal digits.", "MD5('penstock')",
        "'f42fda1779d988af1b9d70ab49258b21'",
    ),
    function(
        "MD5Base64", "encoding", "text -> text", "The MD5 of the UTF-8 bytes in base 64.", "MD5Base64('penstock')",
        "'9C/aF3nZiK8bnXCrSSWLIQ=='",
    ),
    function(
        "SHA1", "encoding", "text -> text", "The SHA-1 of the UTF-8 bytes, 40 hexadecimal digits.", "SHA1('penstock')",
        "'b8520015a39ef98625f2c9a0d429c3f68d8f1f7b'",
    ),
    function(
        "SHA256", "encoding", "text -> text", "The SHA-256 of the UTF-8 bytes, 64 hexadecimal digits.", "SHA256('penstock')",
        "'539508beacbe5cd12935e2b721557239652992a7f89de0408224d61fca3f61a8'",
    ),
    function(
        "HashFNV", "encoding", "text int? -> long",
        "A number of 32 bits made of the UTF-8 bytes by FNV-1, without its sign; modulo the second argument where that is "
        "positive.", "HashFNV('penstock',100)", "42L",
    ),
    function(
        "Base64Encode", "encoding", "text -> text", "The UTF-8 bytes in base 64.", "Base64Encode('penstock')",
        "'cGVuc3RvY2s='",
    ),
    function(
        "Base64Decode", "encoding", "text -> text", "The text that base 64 stands for; null where it is none, or no UTF-8.",
        "Base64Decode('cGVuc3RvY2s=')", "'penstock'", M,
    ),
    function(
        "URLEncode", "encoding", "text -> text", "A text as a value in a form, by way of UTF-8.", "URLEncode('a b&c=ü')",
        "'a+b%26c%3D%C3%BC'",
    ),
    function(
        "URLDecode", "encoding", "text -> text",
        "The text that a value in a form stands for; null where a percent sign begins no escape.", "URLDecode('a+b')",
        "'a b'", M,
    ),
)  # fmt: skip

WEB: tuple[Function, ...] = (
    function(
        "HostExtractor", "web", "text -> text", "The host of a URL in small letters; null for what is no URL.",
        "HostExtractor('HTTP://Docs.Example.org/x?y')", "'docs.example.org'", M,
    ),
    function(
        "SearchQuery", "web", "text -> text",
        "The words of the parameter q or p of a URL, in small letters and without punctuation; null where there is none.",
        "SearchQuery('https://search.example/?q=Duck+DB!')", "'duck db'", M,
    ),
    function(
        "UserAgentClassify", "web", "text -> text", "'mobile' for phones and players, 'desktop' for all other user agents.",
        "UserAgentClassify('curl/8.0')", "'desktop'",
    ),
    _part("device.Family", "The device of a user agent, 'Other' where no rule fits.", "'Other'"),
    _part("os.Family", "The operating system of a user agent, 'Other' where no rule fits.", "'Windows'"),
    _part("os.Major", "The first part of the version of the operating system, or null.", "'10'"),
    _part("os.Minor", "The second part of the version of the operating system, or null.", "null"),
    _part("os.Patch", "The third part of the version of the operating system, or null.", "null"),
    _part("os.PatchMinor", "The fourth part of the version of the operating system, or null.", "null"),
    _part("useragent.Family", "The browser of a user agent, 'Other' where no rule fits.", "'Firefox'"),
    _part("useragent.Major", "The first part of the version of the browser, or null.", "'115'"),
    _part("useragent.Minor", "The second part of the version of the browser, or null.", "'0'"),
    _part("useragent.Patch", "The third part of the version of the browser, or null.", "null"),
    function(
        "Device", "web", (signature("text", _parts("family")),), "A tuple of the device of a user agent.",
        f"Device({_AGENT})", "TOTUPLE('Other')",
    ),
    function(
        "Os", "web", (signature("text", _parts("family", "major", "minor", "patch", "patch_minor")),),
        "A tuple of the operating system of a user agent and the parts of its version.", f"Os({_AGENT})",
        "('Windows','10',null,null,null)",
    ),
    function(
        "UserAgent", "web", (signature("text", _parts("family", "major", "minor", "patch")),),
        "A tuple of the browser of a user agent and the parts of its version.", f"UserAgent({_AGENT})",
        "('Firefox','115','0',null)",
    ),
)  # fmt: skip
