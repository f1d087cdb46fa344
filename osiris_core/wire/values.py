"""Frozen values and states with slots, as `dataclasses` make them, without what that costs at the start of a worker.

`dataclasses` compile every class when it is made and import `inspect`: together a third of a worker's start. Here
`__init__`, `__eq__` and `__repr__` are shared functions over the fields' names. Whoever asks, `dataclasses.replace` for one,
finds dataclasses. Fields are keyword-only; a value is frozen, a state is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, TypeVar, dataclass_transform

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T")
_MISSING: Any = object()


class _Field(NamedTuple):
    """A field: what it has where nothing is given, whether it can be given, and whether it is shown."""

    default: Any = _MISSING
    factory: Callable[[], Any] | None = None
    init: bool = True
    shown: bool = True


def field(
    *,
    default: Any = _MISSING,
    default_factory: Callable[[], Any] | None = None,
    init: bool = True,
    repr: bool = True,  # noqa: A002 - as theirs
) -> Any:  # the type checker must believe that it is the field's value
    """Say more of a field, in the words of `dataclasses.field`."""
    return _Field(default=default, factory=default_factory, init=init, shown=repr)


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
def value(cls: type[_T]) -> type[_T]:
    """Make a class one of frozen values, which can be hashed as far as what they hold can."""
    return _made(
        cls,
        {
            "__setattr__": _refuse_to_set,
            "__delattr__": _refuse_to_delete,
            "__hash__": lambda self: hash(_held(self)),
        },
    )


@dataclass_transform(kw_only_default=True, field_specifiers=(field,))
def state(cls: type[_T]) -> type[_T]:
    """Make a class one of things that change."""
    return _made(cls, {"__hash__": None})


def names_of(cls: type[Any]) -> dict[str, str]:
    """Return the fields of a class of values, and their types as they are written."""
    return dict(cls.__annotations__)


def as_dict(held: Any) -> dict[str, Any]:
    """Return what a value holds by the names of its fields."""
    return {name: getattr(held, name) for name in names_of(type(held))}


def replace(held: _T, **changes: Any) -> _T:
    """Return a value with other things in some of its fields."""
    fields = type(held).__dict__["_fields"]
    kept = {name: getattr(held, name) for name, each in fields.items() if each.init and name not in changes}
    return type(held)(**kept, **changes)


class _DataclassFields:
    """What tells `dataclasses` that a class is one of them: made when they ask."""

    def __get__(self, instance: object, cls: type[Any]) -> dict[str, Any]:
        """Return the fields as `dataclasses` knows them, and keep them in the place of this."""
        import dataclasses

        told = [
            (name, cls.__annotations__[name], dataclasses.field(init=each.init, repr=each.shown))
            for name, each in cls._fields.items()
        ]
        twin: Any = dataclasses.make_dataclass(cls.__name__, told, kw_only=True)
        fields: dict[str, Any] = twin.__dataclass_fields__
        type.__setattr__(cls, "__dataclass_fields__", fields)
        return fields


def _made(cls: type[_T], methods: dict[str, Any]) -> type[_T]:
    """Return the class once more, with slots."""
    body = dict(cls.__dict__)
    fields = {name: _field(body.pop(name, _MISSING)) for name in cls.__annotations__}
    for name in ("__dict__", "__weakref__"):
        body.pop(name, None)
    body |= {
        "__slots__": tuple(fields),
        "__qualname__": cls.__qualname__,
        "__init__": _init,
        "__eq__": _equals,
        "__repr__": _shown,
        "__dataclass_fields__": _DataclassFields(),
        "_fields": fields,
        **methods,
    }
    made: Any = type(cls.__name__, cls.__bases__, body)
    made._setters = tuple((name, getattr(made, name).__set__, each) for name, each in fields.items())  # noqa: SLF001 - ours
    return made  # type: ignore[no-any-return]


def _field(stated: Any) -> _Field:
    return stated if isinstance(stated, _Field) else _Field(default=stated)


def _init(self: Any, **given: Any) -> None:
    missing = []
    for name, put, (default, factory, init, _shown_too) in self._setters:
        if init and name in given:
            put(self, given.pop(name))
        elif factory is not None:
            put(self, factory())
        elif default is not _MISSING:
            put(self, default)
        else:
            missing.append(name)
    where = f"{type(self).__qualname__}.__init__()"
    if given:
        raise TypeError(f"{where} got an unexpected keyword argument {next(iter(given))!r}")
    if missing:
        raise TypeError(f"{where} missing required keyword-only arguments: {', '.join(missing)}")
    if (then := getattr(self, "__post_init__", None)) is not None:
        then()


def _held(self: Any) -> tuple[Any, ...]:
    return tuple([getattr(self, name) for name in self.__slots__])


def _equals(self: Any, other: object) -> Any:
    return _held(self) == _held(other) if type(other) is type(self) else NotImplemented


def _shown(self: Any) -> str:
    shown = ", ".join(f"{name}={getattr(self, name)!r}" for name, each in self._fields.items() if each.shown)
    return f"{type(self).__qualname__}({shown})"


def _refuse_to_set(self: Any, name: str, _value: Any) -> NoReturn:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot assign to field {name!r} of {type(self).__name__}")


def _refuse_to_delete(self: Any, name: str) -> NoReturn:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot delete field {name!r} of {type(self).__name__}")
