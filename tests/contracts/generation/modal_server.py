"""A server that speaks as much of Modal's protocol as deploying and calling an app needs; its containers are threads.

It is written against the protocol's own stubs, which Modal's client ships, and answers that client over a real socket.
"""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpclib
import modal
import pytest
from google.protobuf.empty_pb2 import Empty
from grpclib.server import Server
from modal._serialization import deserialize, serialize
from modal_proto import api_pb2 as pb
from modal_proto.api_grpc import ModalClientBase

Worker = Callable[[list[Any]], Sequence[Any]]
"""Carries out a batch: the first argument of each input, to an answer for each."""

BATCH_WAIT_S = 0.03
Stream = grpclib.server.Stream[Any, Any]


@dataclass
class Deployed:
    """What the client has sent, by kind of request."""

    requests: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))

    def one(self, name: str) -> Any:
        (request,) = self.requests[name]
        return request


class ModalServer(ModalClientBase):
    """Answers by request name; what it was never taught is refused as unimplemented."""

    def __init__(self, worker: Worker | None = None) -> None:
        self.seen = Deployed()
        self.worker = worker
        self.failures: deque[str] = deque()
        """How the next inputs end, each in turn: `lost` with its container, or `never`."""

        self.canceled: list[str] = []
        self._functions: dict[str, tuple[str, pb.FunctionHandleMetadata]] = {}
        self._data: dict[str, pb.FunctionData] = {}
        self._waiting: list[tuple[str, Any]] = []
        self._batching: asyncio.Task[None] | None = None
        self._results: dict[str, asyncio.Future[pb.GenericResult]] = {}
        self._numbers: dict[str, int] = defaultdict(int)

    def new_id(self, prefix: str) -> str:
        self._numbers[prefix] += 1
        return f"{prefix}-{self._numbers[prefix]}"

    async def answer(self, name: str, request: Any) -> Any:
        match name:
            case "ClientHello":
                return pb.ClientHelloResponse()
            case "AuthTokenGet":
                return pb.AuthTokenGetResponse(token="e30.eyJleHAiOiA5OTk5OTk5OTk5fQ.x")
            case "EnvironmentGetOrCreate":
                metadata = pb.EnvironmentMetadata(
                    name="main", settings=pb.EnvironmentSettings(image_builder_version="2025.06")
                )
                return pb.EnvironmentGetOrCreateResponse(environment_id="en-1", metadata=metadata)
            case "AppGetByDeploymentName":
                return pb.AppGetByDeploymentNameResponse()
            case "AppCreate":
                return pb.AppCreateResponse(app_id=self.new_id("ap"), app_page_url="https://modal.example/ap")
            case "AppPublish":
                return pb.AppPublishResponse(url="https://modal.example/ap", deployed_at=1.0)
            case "AppHeartbeat" | "AppClientDisconnect":
                return Empty()
            case "ImageGetOrCreate":
                success = pb.GenericResult(status=pb.GenericResult.GENERIC_STATUS_SUCCESS)
                return pb.ImageGetOrCreateResponse(
                    image_id=self.new_id("im"), result=success, metadata=pb.ImageMetadata(python_version_info="3.11")
                )
            case "MountBatchedCheckExistence":
                return pb.MountBatchedCheckExistenceResponse()
            case "MountPutFile":
                return pb.MountPutFileResponse(exists=True)
            case "MountGetOrCreate":
                return pb.MountGetOrCreateResponse(mount_id=self.new_id("mo"))
            case "VolumeGetOrCreate":
                return pb.VolumeGetOrCreateResponse(volume_id=self.new_id("vo"))
            case "SecretGetOrCreate":
                return pb.SecretGetOrCreateResponse(secret_id=self.new_id("st"))
            case "AppGetLogs":
                return pb.TaskLogsBatch(entry_id="1-0", app_done=True)
            case "FunctionPrecreate":
                self._metadata = pb.FunctionHandleMetadata(
                    function_name=request.function_name,
                    function_type=request.function_type,
                    method_handle_metadata={
                        name: pb.FunctionHandleMetadata(
                            function_name=method.function_name, function_type=method.function_type
                        )
                        for name, method in request.method_definitions.items()
                    },
                )
                function_id = self.new_id("fu")
                self._metadata.definition_id = f"de-{function_id}"
                self._functions[request.function_name] = (function_id, self._metadata)
                return pb.FunctionPrecreateResponse(function_id=function_id, handle_metadata=self._metadata)
            case "FunctionCreate":
                return self._function_created(request)
            case "FunctionGet":
                if request.object_tag not in self._functions:
                    raise grpclib.GRPCError(grpclib.const.Status.NOT_FOUND, f"no function {request.object_tag}")
                function_id, metadata = self._functions[request.object_tag]
                data = self._data[request.object_tag]
                return pb.FunctionGetResponse(function_id=function_id, handle_metadata=metadata, function=data)
            case "ClassCreate":
                return pb.ClassCreateResponse(class_id="cs-1", handle_metadata=pb.ClassHandleMetadata())
            case "ClassGet":
                if not self.seen.requests["ClassCreate"]:
                    raise grpclib.GRPCError(grpclib.const.Status.NOT_FOUND, "nothing was deployed")
                return pb.ClassGetResponse(class_id="cs-1", handle_metadata=pb.ClassHandleMetadata())
            case "FunctionUpdateSchedulingParams":
                return pb.FunctionUpdateSchedulingParamsResponse(current_settings=request.settings)
            case "FunctionMap":
                return self._called(request)
            case "FunctionGetOutputs":
                return await self._outputs(request)
            case "FunctionCallCancel":
                self.canceled.append(request.function_call_id)
                return Empty()
            case _:
                raise grpclib.GRPCError(grpclib.const.Status.UNIMPLEMENTED, name)

    def _function_created(self, request: Any) -> Any:
        data = request.function_data
        if request.HasField("function"):
            ranked = pb.FunctionData.RankedFunction(rank=0, function=request.function)
            data = pb.FunctionData(function_name=request.function.function_name, ranked_functions=[ranked])
        self._data[data.function_name] = data
        function_id, metadata = self._functions[data.function_name]
        return pb.FunctionCreateResponse(
            function_id=function_id, function=request.function, function_data=data, handle_metadata=metadata
        )

    def _called(self, request: Any) -> Any:
        (item,) = request.pipelined_inputs
        call_id = self.new_id("fc")
        self._results[call_id] = asyncio.get_running_loop().create_future()
        arguments, _ = deserialize(item.input.args, None)
        ending = self.failures.popleft() if self.failures else None
        if ending == "lost":
            lost = pb.GenericResult(
                status=pb.GenericResult.GENERIC_STATUS_INTERNAL_FAILURE, exception="the container was lost"
            )
            self._results[call_id].set_result(lost)
        elif ending is None:
            self._waiting.append((call_id, arguments[0]))
            if self._batching is None:
                self._batching = asyncio.create_task(self._work())
        received = pb.FunctionPutInputsResponseItem(idx=item.idx, input_id=f"in-{call_id}", input_jwt="jwt")
        return pb.FunctionMapResponse(function_call_id=call_id, pipelined_inputs=[received])

    async def _work(self) -> None:
        """Gathers inputs for a moment, then has them carried out together, as `@modal.batched` does."""
        await asyncio.sleep(BATCH_WAIT_S)
        self._batching = None
        batch, self._waiting = self._waiting, []
        assert self.worker is not None
        answers = await asyncio.to_thread(self.worker, [argument for _, argument in batch])
        for (call_id, _), answer in zip(batch, answers, strict=True):
            done = pb.GenericResult(status=pb.GenericResult.GENERIC_STATUS_SUCCESS, data=serialize(answer))
            self._results[call_id].set_result(done)

    async def _outputs(self, request: Any) -> Any:
        result = self._results[request.function_call_id]
        await asyncio.wait([result], timeout=request.timeout)
        if not result.done():
            return pb.FunctionGetOutputsResponse(num_unfinished_inputs=1)
        output = pb.FunctionGetOutputsItem(idx=0, result=result.result(), data_format=pb.DATA_FORMAT_PICKLE)
        return pb.FunctionGetOutputsResponse(idxs=[0], outputs=[output], last_entry_id="1-0")


def _method(name: str) -> Any:
    async def call(self: ModalServer, stream: Stream) -> None:
        request = await stream.recv_message()
        self.seen.requests[name].append(request)
        await stream.send_message(await self.answer(name, request))

    return call


for _name in ModalClientBase.__abstractmethods__:
    setattr(ModalServer, _name, _method(_name))
ModalServer.__abstractmethods__ = frozenset()


@contextmanager
def deployed(server: ModalServer) -> Iterator[ModalServer]:
    """A server to which Modal's client has deployed our app."""
    with pytest.MonkeyPatch.context() as patch, serving(server) as url:
        for name, value in (("SERVER_URL", url), ("TOKEN_ID", "ak-none"), ("TOKEN_SECRET", "as-none")):
            patch.setenv(f"MODAL_{name}", value)
        client = modal.Client.from_env()  # the process keeps one: it would go on talking to an earlier server
        try:
            from services.generation.modal_app import app

            app.deploy()
            yield server
        finally:
            client.close()


@contextmanager
def serving(server: ModalServer) -> Iterator[str]:
    """The server on a port of its own, in a thread of its own; its address."""
    loop = asyncio.new_event_loop()
    listening = Server([server], loop=loop)
    started = threading.Event()
    port = 0

    async def start() -> None:
        nonlocal port
        await listening.start("127.0.0.1", 0)
        port = listening._server.sockets[0].getsockname()[1]
        started.set()

    thread = threading.Thread(target=lambda: (loop.run_until_complete(start()), loop.run_forever()), daemon=True)
    thread.start()
    started.wait(10)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:

        async def stop() -> None:
            listening.close()
            await listening.wait_closed()

        asyncio.run_coroutine_threadsafe(stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
