"""Traces reach a collector over OpenTelemetry's own protocol, and only where one is named."""

from __future__ import annotations

import gzip
from http.server import BaseHTTPRequestHandler

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from hub.server.insight.tracing import Tracing
from tests.support.serving import Served, toy_home
from tests.support.threaded import Threaded

PARENT = "0af7651916cd43dd8448eb211c80319c"


class Collector(Threaded):
    """Takes OTLP over HTTP and keeps the spans."""

    def __init__(self):
        self.spans = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                assert self.path == "/v1/traces"
                for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                    for scope in resource.scope_spans:
                        collector.spans += scope.spans
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        super().__init__(Handler)


def attributes(span):
    return {each.key: each.value.string_value or each.value.int_value for each in span.attributes}


@pytest.fixture(scope="module")
def spans(tmp_path_factory):
    folder = tmp_path_factory.mktemp("traced")
    home, env = toy_home(folder)
    with Collector() as collector:
        with Served(
            "toy", "--pull", "--traces", f"http://{collector.netloc}", home=home, folder=folder, env=env
        ) as served:
            said = {"model": "toy", "messages": [{"role": "user", "content": "a secret word"}]}
            traced = {"traceparent": f"00-{PARENT}-b7ad6b7169203331-01"}
            assert served.post("/v1/chat/completions", said, headers=traced).status_code == 200
            assert served.post("/v1/chat/completions", {**said, "stream": True}).status_code == 200
            said["messages"][0]["content"] = "raise"
            assert served.post("/v1/chat/completions", said).status_code == 500
            assert served.http.get("/healthz").status_code == 200
        return collector.spans  # all of them: those not sent yet are sent when the server stops


def test_a_request_and_its_call_are_spans_of_the_trace_that_the_client_began(spans):
    request, call = (
        next(span for span in spans if span.trace_id.hex() == PARENT and span.name.startswith(name))
        for name in ("POST", "chat")
    )
    assert request.parent_span_id.hex() == "b7ad6b7169203331"
    assert call.parent_span_id == request.span_id
    assert request.start_time_unix_nano <= call.start_time_unix_nano <= call.end_time_unix_nano
    assert call.name == "chat tests/toy"
    told = attributes(call)
    assert told["gen_ai.request.model"] == "tests/toy:plain"
    assert (told["gen_ai.usage.input_tokens"], told["gen_ai.usage.output_tokens"]) == (3, 3)
    assert [event.name for event in call.events] == ["turn", "first piece"]


def test_a_stream_is_one_span_and_not_one_for_each_piece(spans):
    traces = {span.trace_id for span in spans}
    assert len(traces) == 3
    assert len(spans) == 2 * len(traces)


def test_a_call_that_failed_says_how(spans):
    failed = [attributes(span).get("error.type") for span in spans if span.name.startswith("chat")]
    assert [kind for kind in failed if kind] == ["inference_failed"]


def test_nothing_of_prompts_is_told(spans):
    assert b"secret" not in b"".join(span.SerializeToString() for span in spans)


def test_only_the_paths_that_are_asked_all_the_time_are_left_out():
    tracing = Tracing("http://127.0.0.1:9")
    left_out = tracing.wrapped(lambda scope, receive, send: None).excluded_urls.url_disabled
    told = ("metrics.example.com/v1/models", "[::1]:4820/v2/models/a/metrics/ready", "a/v1/models/homepage/b:predict")
    assert not any(left_out(f"http://{address}") for address in told)
    assert all(left_out(f"https://a:1/{path}") for path in ("metrics", "healthz", "readyz", "page/main.js"))
    tracing.close()


def test_an_address_that_is_none_is_refused(run_hub):
    result = run_hub("serve", "--port", "0", "--traces", "collector:4318")
    assert result.returncode == 2
    assert "'collector:4318' is no address of a collector" in result.stderr
