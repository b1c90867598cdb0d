/**
 * For Robot Framework, one file in three roles: listener (API 3: progress, the first failure as the run's error), variable file (the
 * inputs as variables) and library (keywords for outputs, artifacts and checkpoints).
 */
export const robotHelper = `"""Attendant for Robot Framework: listener, variable file and keyword library."""
import attendant

ROBOT_LISTENER_API_VERSION = 3
__all__ = ["attendant_output", "attendant_progress", "attendant_artifact", "attendant_checkpoint"]

_suites = []
_test = None
_total = 0
_done = 0
_failures = []


def get_variables():
    """The run's inputs, for --variablefile."""
    return dict(attendant.inputs)


def _tell(action=None):
    subflow = " / ".join(_suites + ([_test] if _test else []))[:200]
    percent = round(100 * _done / _total) if _total else None
    attendant.progress(subflow=subflow, action=action and str(action)[:200], percent=percent)


def start_suite(data, result):
    global _total
    _suites.append(data.name)
    _total = _total or getattr(data, "test_count", 0)
    _tell()


def end_suite(data, result):
    _suites.pop()


def start_test(data, result):
    global _test
    _test = data.name
    _tell()


def end_test(data, result):
    global _test, _done
    if result.status == "FAIL":
        _failures.append("%s: %s" % (data.name, result.message))
    _test = None
    _done += 1


def start_keyword(data, result):
    _tell(getattr(data, "name", None) or getattr(result, "name", None))


def close():
    """Called once, when everything has run."""
    if _failures:
        message = "%d of %d tests failed. %s" % (len(_failures), _total or _done, _failures[0])
        attendant.error(message, code="RobotTestFailed", details="\\n".join(_failures))


def attendant_output(name, value):
    """Sets one output of the run."""
    attendant.output(name, value)


def attendant_progress(message):
    """Says in words what is done right now."""
    attendant.progress(message=message)


def attendant_artifact(name):
    """Path of a file that is kept with the run."""
    return attendant.artifact(name)


def attendant_checkpoint():
    """Ends here when the run was asked to stop."""
    attendant.checkpoint()
`;
