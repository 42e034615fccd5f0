"""What a server says when it does not do what it was asked."""

from __future__ import annotations

import httpx


class ApiError(Exception):
    """A problem document of the server (RFC 9457).

    Attributes:
        status: The HTTP status.
        code: The stable name of the problem, e.g. `username_taken`; `http_error` when the answer was none.
        detail: One sentence for people.
        trace_id: Names the request in the server's traces.
        errors: For 422, what is wrong where: `[{"loc": ["body", "username"], "msg": "…"}]`.
        retry_after_s: When to come again, if the server said so.
    """

    def __init__(self, answer: httpx.Response) -> None:
        try:
            body = answer.json()
        except ValueError:
            body = None
        problem = body if isinstance(body, dict) else {}
        self.status = answer.status_code
        self.code = str(problem.get("code", "http_error"))
        self.detail = str(problem.get("detail", answer.reason_phrase))
        self.trace_id = problem.get("trace_id")
        self.errors: list[dict[str, object]] = problem.get("errors") or []
        self.retry_after_s = retry_after_s(answer)
        super().__init__(f"{self.status} {self.code}: {self.detail}")


def retry_after_s(answer: httpx.Response) -> int | None:
    """`Retry-After` in seconds; None without one."""
    told = answer.headers.get("Retry-After", "")
    return int(told) if told.isdigit() else None
