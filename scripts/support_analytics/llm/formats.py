"""Batch formats of the common LLM vendors: one request a line out, one reply a line in.

The shapes are those of the vendors' public documentation:
OpenAI Batch API (https://platform.openai.com/docs/guides/batch), Anthropic Message Batches
(https://platform.claude.com/docs/en/build-with-claude/batch-processing), Gemini API batch mode
(https://ai.google.dev/gemini-api/docs/batch-api) and Vertex AI batch inference
(https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/batch-prediction-api).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Json = Mapping[str, Any]

DEFAULT_FORMAT = "openai"
# Bound of an answer in tokens, thinking included.
DEFAULT_MAX_TOKENS = 1000


@dataclass(frozen=True)
class Question:
    """What is asked about one ticket: the prompt's two parts and the schema of the answer."""

    custom_id: str
    system: str
    user: str
    schema: Json


@dataclass(frozen=True)
class Reply:
    """One line of a vendor's file of replies.

    Either answer, the text that the model wrote, or problem, a reason why there is none. model is
    what the vendor says it ran; tokens are those billed, 0 where the vendor does not say.
    """

    custom_id: str = ""
    answer: str = ""
    problem: str = ""
    model: str = ""
    tokens_in: int = 0
    tokens_out: int = 0


def openai_request(question: Question, model: str, max_tokens: int) -> dict[str, Any]:
    """A line for the OpenAI Batch API, endpoint /v1/chat/completions."""
    return {
        "custom_id": question.custom_id,
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": {
            "model": model,
            "max_completion_tokens": max_tokens,
            "response_format": {
                "type": "json_schema",
                "json_schema": {
                    "name": "ticket_label",
                    "strict": True,
                    "schema": _bare_schema(question.schema),
                },
            },
            "messages": [
                {"role": "system", "content": question.system},
                {"role": "user", "content": question.user},
            ],
        },
    }


def anthropic_request(question: Question, model: str, max_tokens: int) -> dict[str, Any]:
    """An item of `requests` in a call of Anthropic's Message Batches."""
    return {
        "custom_id": question.custom_id,
        "params": {
            "model": model,
            "max_tokens": max_tokens,
            # The same for every ticket, so that it is billed as cached where the vendor can.
            "system": [
                {
                    "type": "text",
                    "text": question.system,
                    "cache_control": {"type": "ephemeral"},
                }
            ],
            "messages": [{"role": "user", "content": question.user}],
        },
    }


def gemini_request(question: Question, model: str, max_tokens: int) -> dict[str, Any]:
    """A line for the Gemini API's batch mode; the model is named where the job is created."""
    return {"key": question.custom_id, "request": _google_request(question, max_tokens)}


def vertex_request(question: Question, model: str, max_tokens: int) -> dict[str, Any]:
    """A line for Vertex AI, which gives the request back with its labels; model as for Gemini."""
    request = _google_request(question, max_tokens)
    return {"request": request | {"labels": {"custom_id": question.custom_id}}}


# Each vendor's request, and whether it names the model.
REQUESTS: dict[str, tuple[Callable[[Question, str, int], dict[str, Any]], bool]] = {
    "openai": (openai_request, True),
    "anthropic": (anthropic_request, True),
    "gemini": (gemini_request, False),
    "vertex": (vertex_request, False),
}

_OF_REQUESTS = {"body", "params", "request"}
_OF_REPLIES = {"response", "result", "error", "status"}


def read_reply(line: str) -> Reply:
    """Read a line of any of the vendors, told by its shape; a bad one is a reply with a problem."""
    try:
        record = json.loads(line)
        line.encode()
    except (ValueError, RecursionError):
        return Reply(problem="line_not_json")
    try:
        return _read(record)
    except (KeyError, TypeError, IndexError, AttributeError):
        return Reply(custom_id=_own_id(record), problem="unknown_reply_format")


def _google_request(question: Question, max_tokens: int) -> dict[str, Any]:
    return {
        "systemInstruction": {"parts": [{"text": question.system}]},
        "contents": [{"role": "user", "parts": [{"text": question.user}]}],
        "generationConfig": {
            "maxOutputTokens": max_tokens,
            "responseMimeType": "application/json",
            "responseSchema": _bare_schema(question.schema, {"additionalProperties"}),
        },
    }


def _bare_schema(schema: Any, dropped: frozenset[str] | set[str] = frozenset()) -> Any:
    """The schema without limits on texts, which not every vendor takes; import checks them."""
    left_out = {"pattern", "minLength", "maxLength", *dropped}
    if isinstance(schema, Mapping):
        return {
            name: _bare_schema(part, dropped)
            for name, part in schema.items()
            if name not in left_out
        }
    return schema


def _read(record: Json) -> Reply:
    # Vertex gives the request back beside the response.
    if not record.keys() & _OF_REPLIES and record.keys() & _OF_REQUESTS:
        return Reply(_own_id(record), problem="request_not_reply")
    if "result" in record:
        return _anthropic_reply(record)
    if "custom_id" in record:
        return _openai_reply(record)
    return _google_reply(record)


def _openai_reply(record: Json) -> Reply:
    custom_id = _text(record["custom_id"])
    response = record.get("response")
    if record.get("error") or not response or response.get("status_code", 200) != 200:
        return Reply(custom_id, problem="request_failed")
    body = response["body"]
    choice = body["choices"][0]
    usage = body.get("usage") or {}
    return _finished(
        custom_id,
        choice["message"].get("content"),
        choice.get("finish_reason") in ("stop", None),
        body.get("model"),
        usage.get("prompt_tokens"),
        usage.get("completion_tokens"),
    )


def _anthropic_reply(record: Json) -> Reply:
    custom_id = _text(record["custom_id"])
    result = record["result"]
    if result["type"] != "succeeded":
        return Reply(custom_id, problem="request_failed")
    message = result["message"]
    usage = message.get("usage") or {}
    cached = ("cache_creation_input_tokens", "cache_read_input_tokens")
    return _finished(
        custom_id,
        "".join(part["text"] for part in message["content"] if part["type"] == "text"),
        message.get("stop_reason") in ("end_turn", "stop_sequence", None),
        message.get("model"),
        _count(usage.get("input_tokens")) + sum(_count(usage.get(name)) for name in cached),
        usage.get("output_tokens"),
    )


def _google_reply(record: Json) -> Reply:
    custom_id = _own_id(record) or _text(record["request"]["labels"]["custom_id"])
    response = record.get("response")
    # Vertex writes an empty status where all is well.
    if record.get("error") or record.get("status") or not response:
        return Reply(custom_id, problem="request_failed")
    candidates = response.get("candidates") or []
    if not candidates:
        return Reply(custom_id, problem="request_failed")
    parts = candidates[0].get("content", {}).get("parts") or []
    usage = response.get("usageMetadata") or {}
    return _finished(
        custom_id,
        "".join(part.get("text", "") for part in parts if not part.get("thought")),
        candidates[0].get("finishReason") in ("STOP", None),
        response.get("modelVersion"),
        usage.get("promptTokenCount"),
        _count(usage.get("candidatesTokenCount")) + _count(usage.get("thoughtsTokenCount")),
    )


def _finished(
    custom_id: str, answer: Any, is_whole: bool, model: Any, tokens_in: Any, tokens_out: Any
) -> Reply:
    answer = _text(answer)
    problem = "" if answer.strip() else "answer_missing"
    return Reply(
        custom_id,
        answer=answer,
        problem=problem if is_whole else "answer_not_finished",
        model=_text(model),
        tokens_in=_count(tokens_in),
        tokens_out=_count(tokens_out),
    )


def _own_id(record: Any) -> str:
    if not isinstance(record, Mapping):
        return ""
    return _text(record.get("custom_id") or record.get("key"))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
