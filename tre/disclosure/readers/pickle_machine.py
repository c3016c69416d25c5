"""A pickle's program followed without being run (pickletools' opcodes): what it would build, import and call.

Nothing is imported or called. A call becomes a :class:`Call` that names what would be called and holds its arguments; a
global becomes a :class:`Global`.
"""

from __future__ import annotations

import io
import pickletools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tre.disclosure.contents import Unreadable


@dataclass(frozen=True)
class Global:
    """Something that would be imported: ``module.name``."""

    name: str


@dataclass(eq=False)
class Call:
    """An object that would be made by calling something, with the state and the items that it would be given."""

    what: Any
    args: Any
    state: Any = None
    items: list[Any] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The name of what would be called, or nothing where that is itself the result of a call."""
        return self.what.name if isinstance(self.what, Global) else ""


class Pairs(list[tuple[Any, Any]]):
    """A dictionary whose keys may be calls."""

    def get(self, key: str) -> Any:
        """Return the last value under a key, or None."""
        pairs = (each for each in reversed(self) if isinstance(each, tuple) and len(each) == 2)
        return next((value for name, value in pairs if isinstance(name, str) and name == key), None)


_MARK = object()
_EMPTY: dict[str, Callable[[], Any]] = {
    "EMPTY_LIST": list, "EMPTY_DICT": Pairs, "EMPTY_SET": list, "EMPTY_TUPLE": tuple, "NONE": lambda: None,
    "NEWTRUE": lambda: True, "NEWFALSE": lambda: False, "NEXT_BUFFER": lambda: Global("buffer"),
}  # fmt: skip
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_IGNORED = {"PROTO", "FRAME", "READONLY_BUFFER"}
_GETS = {"GET", "BINGET", "LONG_BINGET"}
_PUTS = {"PUT", "BINPUT", "LONG_BINPUT"}


class Machine:
    """Follows one program after the other in a stream.

    Parameters
    ----------
    stream : io.BytesIO
        Stands where the first program starts, and after each :meth:`run` behind its end.
    built : callable, optional
        Told of each object that has been given its state, when the stream stands behind the opcode that did it:
        joblib writes arrays there, between the opcodes.
    """

    def __init__(self, stream: io.BytesIO, built: Callable[[Any, io.BytesIO], None] | None = None) -> None:
        self.stream, self.built = stream, built
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}
        self.globals: list[str] = []
        self.strings: list[str] = []

    def run(self) -> Any:
        """Return what one program would leave.

        Raises
        ------
        Unreadable
            It is damaged, cut short, or takes from a stack where nothing is.
        """
        self.stack, self.memo = [], {}
        try:
            for opcode, argument, _ in pickletools.genops(self.stream):
                if opcode.name == "STOP":
                    return self.stack.pop()
                self._step(opcode.name, argument)
        except (ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError) as error:
            raise Unreadable("a pickle is damaged; it is never loaded", rule="pickle") from error
        raise Unreadable("a pickle is cut short; it is never loaded", rule="pickle")

    def _step(self, name: str, argument: Any) -> None:
        stack = self.stack
        if name in _EMPTY:
            stack.append(_EMPTY[name]())
        elif name in _GETS:
            stack.append(self.memo[int(argument)])
        elif name in _PUTS:
            self.memo[int(argument)] = stack[-1]
        elif name == "MEMOIZE":
            self.memo[len(self.memo)] = stack[-1]
        elif name in _TUPLES:
            stack[-_TUPLES[name] :] = [tuple(stack[-_TUPLES[name] :])]
        elif handler := _HANDLERS.get(name):
            handler(self, argument)
        elif name not in _IGNORED:
            self._push(argument)

    def _push(self, value: Any) -> None:
        if isinstance(value, str):
            self.strings.append(value)
        self.stack.append(value)

    def _marked(self) -> list[Any]:
        """Take everything above the last mark, and the mark."""
        at = len(self.stack) - 1
        while self.stack[at] is not _MARK:
            at -= 1
            if at < 0:
                raise IndexError("no mark")
        taken = self.stack[at + 1 :]
        del self.stack[at:]
        return taken

    def _drop(self, _: Any) -> None:
        self.stack.pop()

    def _drop_marked(self, _: Any) -> None:
        self._marked()

    def _import(self, name: str) -> None:
        self.globals.append(name)
        self.stack.append(Global(name))

    def _call(self, what: Any, args: Any) -> None:
        self.stack.append(Call(what, args))

    def _add(self, items: list[Any]) -> None:
        target = self.stack[-1]
        (target.items if isinstance(target, Call) else target).extend(items)

    def _set(self, flat: list[Any]) -> None:
        self._add(list(zip(flat[::2], flat[1::2], strict=True)))

    def _build(self, _: Any) -> None:
        state = self.stack.pop()
        if isinstance(self.stack[-1], Call):
            self.stack[-1].state = state
        if self.built is not None:
            self.built(self.stack[-1], self.stream)

    def _instance(self, argument: Any) -> None:
        args = self._marked()
        self._import(str(argument).replace(" ", "."))
        self._call(self.stack.pop(), args)

    def _object(self, _: Any) -> None:
        what, *args = self._marked()
        self._call(what, args)

    def _reduce(self, _: Any) -> None:
        args, what = self.stack.pop(), self.stack.pop()
        self._call(what, args)

    def _new(self, _: Any) -> None:
        named, args, what = self.stack.pop(), self.stack.pop(), self.stack.pop()
        self._call(what, [args, named])

    def _stack_global(self, _: Any) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        self._import(f"{module}.{name}")

    def _two(self) -> list[Any]:
        value, key = self.stack.pop(), self.stack.pop()
        return [key, value]


def _make(form: Callable[[list[Any]], Any]) -> Callable[[Machine, Any], None]:
    return lambda machine, _: machine.stack.append(form(machine._marked()))


_HANDLERS: dict[str, Callable[[Machine, Any], None]] = {
    "MARK": lambda machine, _: machine.stack.append(_MARK),
    "POP": Machine._drop,
    "POP_MARK": Machine._drop_marked,
    "DUP": lambda machine, _: machine.stack.append(machine.stack[-1]),
    "LIST": _make(list),
    "TUPLE": _make(tuple),
    "FROZENSET": _make(list),
    "DICT": _make(lambda flat: Pairs(zip(flat[::2], flat[1::2], strict=True))),
    "APPEND": lambda machine, _: machine._add([machine.stack.pop()]),
    "APPENDS": lambda machine, _: machine._add(machine._marked()),
    "ADDITEMS": lambda machine, _: machine._add(machine._marked()),
    "SETITEM": lambda machine, _: machine._set(machine._two()),
    "SETITEMS": lambda machine, _: machine._set(machine._marked()),
    "GLOBAL": lambda machine, argument: machine._import(str(argument).replace(" ", ".")),
    "STACK_GLOBAL": Machine._stack_global,
    "INST": Machine._instance,
    "OBJ": Machine._object,
    "REDUCE": Machine._reduce,
    "NEWOBJ": Machine._reduce,
    "NEWOBJ_EX": Machine._new,
    "BUILD": Machine._build,
    "PERSID": lambda machine, argument: machine._call(Global("persistent"), [argument]),
    "BINPERSID": lambda machine, _: machine._call(Global("persistent"), [machine.stack.pop()]),
    "EXT1": lambda machine, argument: machine._import(f"extension.{argument}"),
    "EXT2": lambda machine, argument: machine._import(f"extension.{argument}"),
    "EXT4": lambda machine, argument: machine._import(f"extension.{argument}"),
}
