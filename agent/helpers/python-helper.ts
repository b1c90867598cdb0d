/** The module `attendant` for desktop flows written in Python 3. It works outside an agent too: then it only prints. */
export const pythonHelper = `"""Talk to the agent from a desktop flow."""
import json
import os
import signal
import sys

_pipe = int(os.environ["ATTENDANT_PIPE"]) if "ATTENDANT_PIPE" in os.environ else None


def _say(message):
    line = (json.dumps(message) + "\\n").encode()
    if _pipe is None:
        sys.stderr.buffer.write(line)
        return
    while line:
        line = line[os.write(_pipe, line):]


def _read_inputs():
    if "ATTENDANT_INPUTS" not in os.environ:
        return {}
    with open(os.environ["ATTENDANT_INPUTS"], encoding="utf-8") as file:
        return json.load(file)


#: The run's inputs by name; an input of format "file" is a path.
inputs = _read_inputs()
#: Folder whose files are kept with the run.
artifacts = os.environ.get("ATTENDANT_ARTIFACTS", os.getcwd())


def artifact(name):
    return os.path.join(artifacts, name)


def progress(subflow=None, action=None, percent=None, message=None):
    """Tells what is done right now."""
    values = {"subflow": subflow, "action": action, "percent": percent, "message": message}
    _say({"type": "progress", **{key: value for key, value in values.items() if value is not None}})


def output(name, value):
    """Sets one output."""
    _say({"type": "output", "name": name, "value": value})


def outputs(values):
    """Sets several outputs."""
    _say({"type": "outputs", "values": values})


def error(message, code=None, details=None):
    """Says why the run has failed, without ending it."""
    extra = {"code": code, "details": details}
    _say({"type": "error", "message": message, **{key: value for key, value in extra.items() if value is not None}})


def fail(message, code=None, details=None):
    """Ends the run as failed."""
    error(message, code, details)
    sys.exit(1)


def should_stop():
    """Whether the run was asked to stop."""
    return "ATTENDANT_STOP" in os.environ and os.path.exists(os.environ["ATTENDANT_STOP"])


def checkpoint():
    """Ends here, with the outputs so far, when the run was asked to stop. Call it where stopping does no harm."""
    if should_stop():
        _say({"type": "stopped"})
        sys.exit(0)


def on_stop(callback):
    """Calls back when the run is asked to end; afterwards end the process within the grace time."""
    signal.signal(signal.SIGTERM, lambda *_: callback())
`;
