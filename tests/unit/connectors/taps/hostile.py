"""A Singer tap that does what its configuration says: the tests' own, which needs nothing installed."""

import json
import os
import signal
import subprocess
import sys
import time

PROPERTIES = {"id": {"type": "integer"}, "name": {"type": ["null", "string"]}, "price": {"type": "number"}}


def say(**message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def main():
    arguments = dict(zip(sys.argv[1::2], sys.argv[2::2], strict=False))
    with open(arguments["--config"]) as file:
        config = json.load(file)
    note = config.get("notes")
    if note:
        with open(note, "a") as out:
            mode = oct(os.stat(arguments["--config"]).st_mode & 0o777)
            environment = sorted(name for name in os.environ if name.startswith("PENSTOCK"))
            out.write(json.dumps([sys.argv[1:], mode, environment, os.getcwd()]) + "\n")
    if "--discover" in sys.argv:
        always = {"breadcrumb": ["properties", "id"], "metadata": {"inclusion": "automatic"}}
        metadata = [{"breadcrumb": [], "metadata": {}}, always]
        streams = [
            {"tap_stream_id": f"x-{name}", "stream": name, "schema": {"properties": PROPERTIES}, "metadata": metadata}
            for name in ("orders", "people")
        ]
        print("no catalog" if config.get("mode") == "lost" else json.dumps({"streams": streams}, indent=1))
        return
    with open(arguments["--catalog"]) as file:
        chosen = [one for one in json.load(file)["streams"] if one["selected"]]
    if note:
        with open(note, "a") as out:
            out.write(json.dumps([chosen[0]["stream"], chosen[0]["metadata"]]) + "\n")
    state = {"last": 0}
    if "--state" in arguments:
        with open(arguments["--state"]) as file:
            state = json.load(file)
    play(config, state)


def play(config, state):
    mode, count = config.get("mode", "well"), int(config.get("count", "3"))
    sys.stderr.write(f"INFO began with {config.get('token')}\n")
    sys.stderr.flush()
    if mode == "early":
        say(type="RECORD", stream="orders", record={"id": 1})
    say(type="SCHEMA", stream="orders", schema={"type": "object", "properties": PROPERTIES}, key_properties=["id"])
    for number in range(state["last"] + 1, state["last"] + count + 1):
        say(type="RECORD", stream="orders", record={"id": number, "name": f"n{number}", "price": number + 0.5})
    if mode == "garbage":
        print("Traceback: this is no message")
    elif mode == "huge":
        sys.stdout.write("x" * (int(config["size"])))
    elif mode == "dies":
        sys.stderr.write(f"could not go on with {config.get('token')}\n")
        sys.exit(3)
    elif mode == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    elif mode == "batch":
        say(type="BATCH", stream="orders", manifest=[])
    elif mode == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        with open(config["pids"], "w") as out:
            out.write(f"{os.getpid()} {child.pid}")
        say(type="RECORD", stream="orders", record={"id": 0})
        time.sleep(600)
    elif mode == "endless":
        while True:
            say(type="RECORD", stream="orders", record={"id": 0})
    elif mode == "lingers":
        os.close(1)
        os.close(2)
        time.sleep(600)
    say(type="RECORD", stream="people", record={"id": 1})
    say(type="ACTIVATE_VERSION", stream="orders", version=1)
    say(type="STATE", value={"last": state["last"] + count})


main()
