"""Keys, tokens and passwords: the detectors of detect-secrets (Yelp), and forms that came after it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from importlib import import_module

from core.redact.plain import Span

_DETECTORS = (
    ("artifactory", "ArtifactoryDetector"), ("aws", "AWSKeyDetector"), ("azure_storage_key", "AzureStorageKeyDetector"),
    ("basic_auth", "BasicAuthDetector"), ("discord", "DiscordBotTokenDetector"), ("github_token", "GitHubTokenDetector"),
    ("gitlab_token", "GitLabTokenDetector"), ("jwt", "JwtTokenDetector"), ("mailchimp", "MailchimpDetector"),
    ("openai", "OpenAIDetector"), ("pypi_token", "PypiTokenDetector"),
    ("sendgrid", "SendGridDetector"), ("slack", "SlackDetector"), ("square_oauth", "SquareOAuthDetector"),
    ("stripe", "StripeDetector"), ("telegram_token", "TelegramBotTokenDetector"), ("twilio", "TwilioKeyDetector"),
)  # fmt: skip
"""Module and class. Left out: those that look for entropy alone, which take every hash for a key, and npm's, whose search
is quadratic in the length of a line (`_MORE` has its tokens)."""

_MORE = (
    re.compile(
        r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----[\s\S]{0,20000}?(?:-----END [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----|\Z)"
    ),
    re.compile(r"(?<![\w-])sk-(?:ant-|proj-|svcacct-|or-v1-|live-)?[A-Za-z0-9_-]{20,200}(?![\w-])"),
    re.compile(r"(?<!\w)hf_[A-Za-z0-9]{30,40}(?!\w)"),
    re.compile(r"(?<![\w-])AIza[\w-]{33,40}(?![\w-])"),
    re.compile(r"(?<![\w-])eyJ[\w-]{8,4000}\.[\w-]{8,8000}(?:\.[\w-]{0,2000})?"),
    re.compile(r"(?<!\w)npm_[A-Za-z0-9]{30,40}(?!\w)"),
    re.compile(r"(?<!\w)ya29\.[\w-]{20,500}"),
    re.compile(r"(?<!\w)github_pat_\w{22,255}"),
    re.compile(
        r"(?<!\w)(?:xai|gsk|pplx|r8|nvapi|glpat|dop_v1|shpat|lin_api|ntn|secret)[-_][A-Za-z0-9_-]{20,120}(?![\w-])"
    ),
    re.compile(r"(?<=hooks\.slack\.com/services/)[\w/]{20,80}"),
)
_BEARER = re.compile(r"\b(?:bearer|basic|token)\s+([A-Za-z0-9._~+/-]{16,2000}={0,2})(?![\w])", re.IGNORECASE)
_ASSIGNED = re.compile(
    r"(?:password|passwd|passphrase|pwd|secret|api[ _-]?key|access[ _-]?key|auth[ _-]?token|access[ _-]?token|client[ _-]?secret"
    r"|private[ _-]?key|passwort|contraseña|mot de passe|senha|пароль|密码)[\w-]{0,20}[\"']?\s{0,3}(?:[:=]|:=|=>|is|ist|es|est)\s{0,3}[\"'`]?"
    r"([^\s\"'`,;<>(){}\[\]]{6,200})",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(
    r"(?:x{3,}|\*{3,}|\.{3}|your|my_?|example|changeme|placeholder|none|null|true|false|undefined|os\.|process\.|env|get|input|self"
    r"|request|config|hash|string|required|optional|password|secret)",
    re.IGNORECASE,
)


def patterns() -> tuple[re.Pattern[str], ...]:
    """The forms of keys that detect-secrets knows.

    Its detectors hand back a group of their match, which for some is the prefix alone, so their patterns are used.

    Raises:
        ImportError: When detect-secrets is not installed.
    """
    found = (
        getattr(import_module(f"detect_secrets.plugins.{module}"), name)() for module, name in _DETECTORS
    )
    return tuple(pattern for detector in found for pattern in detector.denylist)


def keys(text: str, known: Sequence[re.Pattern[str]]) -> Iterator[Span]:
    """Keys by their form, private keys whole, and what is given after `password:` and the like.

    Args:
        text: Where to look.
        known: What `patterns` gave.
    """
    for pattern in _MORE:
        for match in pattern.finditer(text):
            yield match.span()
    for match in _BEARER.finditer(text):
        if _mixed(match[1]):
            yield match.span(1)
    for match in _ASSIGNED.finditer(text):
        if _secret(match[1]):
            yield match.span(1)
    for pattern in known:
        for match in pattern.finditer(text):
            yield _inner(text, match)


def _inner(text: str, match: re.Match[str]) -> Span:
    """The whole of a match but what leads up to it; of a password in a link, the password."""
    if match.group().startswith("://"):
        return match.span(match.lastindex or 0)
    start, end = match.span()
    while start < end and text[start] in " \t\n\"'`=:,":
        start += 1
    return start, end


def _mixed(value: str) -> bool:
    return any(c.isdigit() for c in value) and any(c.isalpha() for c in value)


def _secret(value: str) -> bool:
    """Whether a value is made to be secret: letters with digits or signs, and no placeholder or word of code."""
    if _PLACEHOLDER.match(value):
        return False
    value = value.rstrip(".!?")
    return (len(value) >= 6 and _mixed(value)) or bool(re.search(r"[!@#$%^&*]", value) and len(value) >= 8)
