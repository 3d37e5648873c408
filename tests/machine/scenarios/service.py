"""The Customers service from the archive, on the machine of a till."""

from tests.machine.backend import CARD
from tests.machine.stage import CONFIG, FRAME_S, INSTALL_S, Stage, says

RELEASE = "/root/release"
DATABASE = "/var/lib/taptill-service/customers.db"
SERVICE = "runuser -u taptill-service -- /opt/taptill/current/bin/taptill service"
PEOPLE = f"name,cardId,totalDebt\nAda Byron,{CARD},-50.00\n"
LIST = "/var/lib/taptill-service/people.csv"


def beside_the_till(stage: Stage) -> None:
    """Installed without the network; people and a token; a till of this machine sells to them."""
    with stage.till() as machine:
        stage.wait(machine, "the till is READY", says("READER missing"), FRAME_S)
        added = machine.guest.run(f"{RELEASE}/install.sh --service", within_s=INSTALL_S)
        stage.tell("the service is installed", holds=not added.status, instead=added.text)
        stage.tell("and says how to go on", holds="token add" in added.text, instead=added.text)
        machine.guest.write("/root/people.csv", PEOPLE.encode())
        machine.guest.sh(f"install -o taptill-service /root/people.csv {LIST}")
        machine.guest.sh(f"{SERVICE} import {DATABASE} {LIST}")
        machine.guest.sh(
            f"{SERVICE} token add {DATABASE} --role till --name till >/etc/credstore/api-token"
        )
        address = "http://127.0.0.1:8080"
        machine.guest.sh(f"sed -i 's|^base_url = .*|base_url = \"{address}\"|' {CONFIG}")
        machine.guest.sh("systemctl restart taptill", within_s=FRAME_S)
        reader = stage.plug_reader(machine)
        stage.wait(machine, "the service answers the till", says("ONLINE"), FRAME_S)
        stage.sell(machine, reader)
        stage.wait(machine, "a sale is in its books", says("√ sent"), FRAME_S)
        exported = machine.guest.sh(f"{SERVICE} export {DATABASE} -")
        stage.tell("to the cent", holds="-45.8" in exported, instead=exported)
        machine.shut_down()
        machine.boot()
        stage.wait(machine, "after a boot both are there", says("ONLINE"), FRAME_S)
        shut = machine.guest.run("systemd-analyze security --threshold=15 taptill-service.service")
        stage.tell("the unit is well shut", holds=not shut.status, instead=shut.text[-200:])
        taken = machine.guest.run(f"{RELEASE}/install.sh --uninstall --service", within_s=FRAME_S)
        holds = not taken.status and not machine.guest.run(f"test -s {DATABASE}").status
        stage.tell("it is removed, its database kept", holds=holds, instead=taken.text)
        stage.wait(machine, "the till goes on", says("OFFLINE"), FRAME_S)
