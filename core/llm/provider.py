"""One call to one provider: the request by `instructor`, the talking by the provider's own client, the answer checked.

Both clients and `instructor` try and ask again by themselves unless told not to; that is off here, for what they send on
their own is neither limited nor journaled. So `instructor` only makes the request and reads the answer.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from core.llm import failures
from core.llm.failures import BadAnswer, CallFailed
from core.llm.forms import Form, FormRefused, complains_of_form, form_of, forms_of, in_form, instruction
from core.llm.target import Target
from core.llm.tokens import estimate
from core.llm.wire import ending, message_of, tools_used, usage_of
from core.text import one_line

Answer = TypeVar("Answer", bound=BaseModel)

TIMEOUT, CONNECT_TIMEOUT = 120.0, 10.0
"""Seconds that a provider may be silent, and that a connection may take."""

_TOOL_USE = 313
"""Tokens that Anthropic says it adds to a request whose tool must be used."""


@dataclass(frozen=True)
class Prompt:
    """What is asked. Text from chats may stand in `user` alone.

    `max_tokens` bounds the answer; `complaint` says what was wrong with the answer before.
    """

    system: str
    user: str
    max_tokens: int
    complaint: str = ""

    @property
    def said(self) -> str:
        """What the user role says."""
        return f"{self.user}\n\n{self.complaint}" if self.complaint else self.user


@dataclass(frozen=True)
class Reply:
    """An answer as it came: the raw body, and the tokens that the provider counted (0 where it did not)."""

    body: str
    tokens_in: int
    tokens_out: int


class Client:
    """Talks to the provider of `target`; its `send` may be called by several threads at once.

    It remembers which forms of a request its server refused, and asks for none of them again.
    """

    def __init__(self, target: Target, timeout: float = TIMEOUT) -> None:
        self.target = target
        self._sdk, self._client = _open(target, timeout)
        self._forms = list(forms_of(target))
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close its connections."""
        self._client.close()

    def request(self, prompt: Prompt, schema: type[BaseModel]) -> dict[str, Any]:
        """The body of the request, in the strictest form that the server is not known to refuse."""
        from instructor.v2.core.response import handle_response_model

        system = "\n\n".join(filter(None, [prompt.system, instruction(self.target, schema)]))
        messages = [{"role": "system", "content": system}, {"role": "user", "content": prompt.said}]
        # OpenAI's newer models refuse `max_tokens`; other servers know nothing else.
        newer = self.target.provider == "openai" and self.target.base_url.startswith("https://api.openai.com")
        asked: dict[str, Any] = {
            "model": self.target.model,
            "messages": messages if system else messages[1:],
            "max_completion_tokens" if newer else "max_tokens": prompt.max_tokens,
        }
        form = self.form
        mode = "TOOLS" if form == "tool" else "JSON_SCHEMA"
        _, request = handle_response_model(schema, **_how(self.target, mode), **asked)
        return in_form(request, form, schema)

    @property
    def form(self) -> Form:
        """The form of the next request."""
        return self._forms[0]

    def _refuses(self, form: Form) -> bool:
        """Note that the server refuses a form; whether there is another to try."""
        with self._lock:
            if form in self._forms[:-1]:
                self._forms.remove(form)
            return form not in self._forms

    def send(self, request: dict[str, Any]) -> Reply:
        """Send a request once, and give back the raw answer.

        Raises:
            CallFailed: Nothing came that is an answer; `FormRefused` where the next request has another form.
        """
        try:
            with self.talking() as own:
                endpoint = own.messages if self.target.provider == "anthropic" else own.chat.completions
                body = endpoint.with_raw_response.create(**request).http_response.text
        except CallFailed as failure:
            if complains_of_form(failure) and self._refuses(form_of(request)):
                raise FormRefused(failure) from None
            raise
        return self.reply(self.target.hide(body))

    @contextlib.contextmanager
    def talking(self) -> Iterator[Any]:
        """The provider's own client for one request; what it raises comes out as `CallFailed`."""
        try:
            yield self._client
        except self._sdk.APIStatusError as error:
            text = self.target.hide(error.response.text)
            details = json.loads(self.target.hide(json.dumps(error.body, default=str)))
            raise failures.of_status(error.status_code, error.response.headers, text, details) from None
        except self._sdk.APITimeoutError as error:
            unreached = type(error.__cause__).__name__ == "ConnectTimeout"
            words = "no connection within the time limit" if unreached else "no answer within the time limit"
            raise CallFailed("timeout", words, refused_connection=unreached) from None
        except self._sdk.APIConnectionError as error:
            cause = error.__cause__ or error
            refused = type(cause).__name__ == "ConnectError"
            words = one_line(self.target.hide(str(cause)), 200) or type(cause).__name__
            raise CallFailed("connection", words, refused_connection=refused) from None

    def reply(self, body: str) -> Reply:
        """The reply that a raw body is.

        Raises:
            CallFailed: `garbled`: it is none.
        """
        try:
            message_of(self.target, body)
        except ValueError:
            raise CallFailed("garbled", "the body is no answer of this API", body=body) from None
        return Reply(body, *usage_of(body))

    def read(self, body: str, schema: type[Answer]) -> Answer:
        """The answer in a raw body, checked against the schema.

        Raises:
            BadAnswer: It was refused, cut off, or does not fit.
        """
        from instructor.v2.core.response import process_response

        message = message_of(self.target, body)
        ended, refusal, empty = ending(self.target, message)
        if refusal is not None:
            raise BadAnswer(f"The answer was refused: {one_line(refusal, 300) or 'no reason given'}.")
        if ended in ("max_tokens", "length"):
            raise BadAnswer("The answer was cut off; be brief.", cut_off=True)
        if empty:
            raise BadAnswer(f"The answer was empty: {schema.__name__} must be filled in.")
        used = tools_used(self.target, message)
        if used > 1:
            raise BadAnswer(f"The tool {schema.__name__} was used {used} times: use it once.")
        if self.form == "tool" and not used:
            raise BadAnswer(f"The answer was given in words: the tool {schema.__name__} must be used.")
        # By what the answer holds, not by what was asked for: some servers answer in the form that they like.
        how = _how(self.target, "TOOLS" if used else "MD_JSON")
        try:
            found: Answer = process_response(
                message, response_model=schema, stream=False, strict=False, **how
            )
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            raise BadAnswer(one_line(f"{where or 'The answer'}: {first['msg']}.", 300)) from None
        except (ValueError, TypeError, AttributeError, LookupError, AssertionError) as error:
            raise BadAnswer(one_line(f"The answer cannot be read: {error}", 300)) from None
        return found


def prompt_hash(target: Target, prompt: Prompt, schema: type[BaseModel]) -> str:
    """What makes two prompts the same: who is asked what, at which address, for an answer of which shape; 32 hex digits.

    Made of our own words rather than of the request, so that another version of a client finds what was paid for.
    """
    parts = [target.provider, target.base_url, target.model, prompt.system, prompt.said, prompt.max_tokens]
    text = json.dumps([*parts, _shape(schema)], ensure_ascii=True, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def tokens_of(target: Target, prompt: Prompt, schema: type[BaseModel]) -> int:
    """About how many tokens a request has, what says the answer's form included."""
    tool = _form_tokens(target, schema) + _TOOL_USE * (target.provider == "anthropic")
    return estimate(prompt.system) + estimate(prompt.said) + tool


# Thousands of questions ask for the same shape, and pydantic takes milliseconds to tell it.
@lru_cache(64)
def _shape(schema: type[BaseModel]) -> dict[str, Any]:
    return schema.model_json_schema()


@lru_cache(64)
def _form_tokens(target: Target, schema: type[BaseModel]) -> int:
    return estimate(instruction(target, schema) or json.dumps(_shape(schema)))


def _open(target: Target, timeout: float) -> tuple[Any, Any]:
    """The provider's module and its client. Redirects are not followed: they would carry the key elsewhere."""
    settings: dict[str, Any] = {"api_key": target.key, "base_url": target.base_url, "max_retries": 0}
    if target.provider == "anthropic":
        import anthropic

        waits: Any = anthropic.Timeout(timeout, connect=min(timeout, CONNECT_TIMEOUT))
        http: Any = anthropic.DefaultHttpxClient(follow_redirects=False, timeout=waits)
        return anthropic, anthropic.Anthropic(**settings, timeout=waits, http_client=http)
    import openai

    waits = openai.Timeout(timeout, connect=min(timeout, CONNECT_TIMEOUT))
    http = openai.DefaultHttpxClient(follow_redirects=False, timeout=waits)
    return openai, openai.OpenAI(**settings, timeout=waits, http_client=http)


def _how(target: Target, mode: str) -> dict[str, Any]:
    """Which of `instructor`'s handlers makes a request or reads an answer."""
    from instructor.v2.core.mode import Mode
    from instructor.v2.core.providers import Provider

    provider = Provider.ANTHROPIC if target.provider == "anthropic" else Provider.OPENAI
    return {"provider": provider, "mode": Mode[mode]}
