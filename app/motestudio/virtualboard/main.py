"""The program ``@virtual-board``: a board that is a process. Prints nothing; says its address through its channel."""

from __future__ import annotations

import argparse
import json
import threading
from pathlib import Path

from motestudio.errors import AppError, DeviceError
from motestudio.firmware.boards import load_boards
from motestudio.jobs.channel import Channel, ChannelClosed, connect_to_parent
from motestudio.virtualboard.board import Board
from motestudio.virtualboard.engine_client import EngineClient
from motestudio.virtualboard.listeners import Listener, PtyListener, SocketListener
from motestudio.virtualboard.sensors import Sensor
from motestudio.virtualboard.server import Server


def main(argv: list[str]) -> int:
    """Run a virtual board until the channel to the parent closes.

    Args:
        argv: ``--board ID --flash DIR [--sensor imu|microphone|vibration|replay:DIR] [--listen socket|pty] [--seed N]
            [--rate R] [--boards DIR]``; several sensors as ``imu+microphone``.

    Returns:
        0, or 2 where it could not start; the reason went through the channel.
    """
    parser = argparse.ArgumentParser(prog="virtual-board")
    parser.add_argument("--board", required=True)
    parser.add_argument("--flash", required=True, type=Path)
    parser.add_argument("--sensor", default="imu")
    parser.add_argument("--listen", choices=("socket", "pty"), default="socket")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=1.0)
    parser.add_argument("--boards", type=Path, action="append", default=[])
    args = parser.parse_args(argv)
    channel = connect_to_parent(die_with_parent=True)
    engine = EngineClient()
    try:
        boards = load_boards(args.boards)
        if args.board not in boards:
            raise DeviceError(
                "board.unknown", f"There is no board file {args.board!r}.", f"Known: {', '.join(boards)}."
            )
        # A folder's name may hold anything.
        specs = [args.sensor] if args.sensor.startswith("replay:") else args.sensor.split("+")
        sensors = [make_sensor(spec, args.seed) for spec in specs]
        if len({s.group.name for s in sensors}) < len(sensors):
            raise DeviceError("sensor.twice", f"{args.sensor} names a sensor twice.", "Name each sensor once.")
        board = Board(boards[args.board], sensors, args.flash, engine, args.seed, args.rate)
        listener: Listener = PtyListener() if args.listen == "pty" else SocketListener()
    except (AppError, OSError) as error:
        known = error if isinstance(error, AppError) else DeviceError("board.start", f"It does not start: {error}")
        channel.send(json.dumps({"code": known.code, "text": known.text, "hint": known.hint}).encode())
        return 2
    try:
        channel.send(json.dumps({"url": listener.url}).encode())
        Server(board, listener).run(_parent_gone(channel).is_set)
    except ChannelClosed:
        pass
    finally:
        listener.close()
        engine.close()
    return 0


def make_sensor(spec: str, seed: int) -> Sensor:
    """A sensor by its name on the command line.

    Raises:
        DeviceError: there is no such sensor, or it has nothing to play.
    """
    if spec == "imu":
        from motestudio.virtualboard.imu_sim import ImuSensor

        return ImuSensor(seed)
    if spec == "microphone":
        from motestudio.virtualboard.microphone_sim import MicrophoneSensor

        return MicrophoneSensor(seed)
    if spec == "vibration":
        from motestudio.virtualboard.vibration_sim import VibrationSensor

        return VibrationSensor(seed)
    if spec.startswith("replay:"):
        from motestudio.virtualboard.replay import ReplaySensor

        return ReplaySensor(Path(spec.removeprefix("replay:")), seed)
    raise DeviceError(
        "sensor.unknown", f"There is no sensor {spec!r}.", "Use imu, microphone, vibration or replay:FOLDER."
    )


def _parent_gone(channel: Channel) -> threading.Event:
    """An event that is set when the channel closes."""
    gone = threading.Event()

    def watch() -> None:
        try:
            while True:
                channel.recv(None)
        except ChannelClosed:
            gone.set()

    threading.Thread(target=watch, name="watch-parent", daemon=True).start()
    return gone
