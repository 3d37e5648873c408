"""Boots at which something is missing: the network, the time."""

from tests.machine.emulator.command import Hardware
from tests.machine.stage import AS_TILL, FRAME_S, Stage, says


def without_network(stage: Stage) -> None:
    """No network and a clock that forgot the time: the till sells offline, and sends later."""
    hardware = Hardware(cable_plugged=False, clock="1970-01-01T00:00:00")
    spent = stage.backend.spent_minor()
    with stage.till(hardware) as machine:
        stage.wait(machine, "READY without network and time", says("READER missing"), FRAME_S)
        stage.wait(machine, "it says that it is offline", says("OFFLINE"), FRAME_S)
        stage.wait(machine, "and that the clock is not set", says("CLOCK not set"), FRAME_S)
        stage.picture(machine, "offline")
        machine.desk.cable(plugged=True)
        stage.wait(machine, "with the cable it is online", says("ONLINE"), FRAME_S)
        reader = stage.plug_reader(machine)
        stage.sell(machine, reader)
        stage.wait(machine, "a first sale is sent", says("√ sent"), FRAME_S)
        machine.desk.cable(plugged=False)
        stage.wait(machine, "the cable is pulled", says("OFFLINE"), FRAME_S)
        stage.sell(machine, reader)
        stage.wait(machine, "a customer who is known pays offline", says("1 to send"))
        stage.picture(machine, "offline-paid")
        # systemd has moved the time from 1970 to that of its last stamp, which is wrong, too.
        machine.guest.sh("date -s '+1 day'")
        machine.desk.cable(plugged=True)
        stage.wait(
            machine, "the clock jumps, the network is back: all is sent", says("0 to send"), FRAME_S
        )
        open_ = machine.guest.run(f"{AS_TILL} journal open --state-dir /var/lib/taptill")
        stage.tell("nothing is open", holds=not open_.status, instead=open_.text)
        stage.tell(
            "the books have both sales once", holds=stage.backend.spent_minor() - spent == 840
        )
