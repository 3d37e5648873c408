"""A model of a disk: what it holds after a power cut, when only synced data is certain.

The strictest disk that POSIX allows: a name is sure only once its folder was synced, content only
once its file was; of everything else each part may be there or not, in any order, and a write may
be torn between sectors.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

SECTORS = (512, 4096)


@dataclass(frozen=True, slots=True)
class Write:
    file: int
    offset: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Resize:
    file: int
    size: int


@dataclass(frozen=True, slots=True)
class FileSync:
    file: int


@dataclass(frozen=True, slots=True)
class Name:
    """A name that from now on is this file's; None: nobody's."""

    name: str
    file: int | None


@dataclass(frozen=True, slots=True)
class SyncFolder:
    pass


Content = Write | Resize
Operation = Content | FileSync | Name | SyncFolder
Cut = Callable[[Content], Iterator[Content]]
"""Given a change of content that no sync covers, what of it has reached the disk."""


@dataclass
class Disk:
    """What is sure to be there, and what is on its way."""

    files: dict[int, bytearray] = field(default_factory=dict)
    names: dict[str, int | None] = field(default_factory=dict)
    unsure: dict[int, list[Content]] = field(default_factory=dict)
    unsure_names: list[Name] = field(default_factory=list)

    def take(self, operation: Operation) -> None:
        """Let the next operation happen."""
        match operation:
            case Write() | Resize():
                self.unsure.setdefault(operation.file, []).append(operation)
            case FileSync():
                content = self.files.setdefault(operation.file, bytearray())
                for write in self.unsure.pop(operation.file, []):
                    change(content, write)
            case Name():
                self.unsure_names.append(operation)
            case SyncFolder():
                for name in self.unsure_names:
                    self.names[name.name] = name.file
                self.unsure_names.clear()

    def after_cut(self, cut: "Cut", is_named: Callable[[], bool]) -> dict[str, bytes]:
        """Return the files that are there when the power comes back, by name."""
        names = dict(self.names)
        names.update({name.name: name.file for name in self.unsure_names if is_named()})
        files = {}
        for name, file in names.items():
            if file is not None:
                content = bytearray(self.files.get(file, b""))
                for write in self.unsure.get(file, []):
                    for part in cut(write):
                        change(content, part)
                files[name] = bytes(content)
        return files


def change(content: bytearray, operation: Content) -> None:
    """Apply a write or a new size to a file's content; holes are zeros."""
    if isinstance(operation, Resize):
        content[operation.size :] = bytes(max(0, operation.size - len(content)))
        return
    end = operation.offset + len(operation.content)
    content.extend(bytes(max(0, end - len(content))))
    content[operation.offset : end] = operation.content


def dropped(_: Content) -> Iterator[Content]:
    """Let nothing have reached the disk that no sync covers."""
    yield from ()


def kept(operation: Content) -> Iterator[Content]:
    """Let everything have reached it."""
    yield operation


def some(dice: random.Random) -> Cut:
    """Let a random part have reached it: whole writes, none, or some sectors of one."""

    def cut(operation: Content) -> Iterator[Content]:
        fate = dice.randrange(3)
        if fate == 0:
            yield operation
        elif fate == 1 and isinstance(operation, Write):
            yield from torn(operation, dice)

    return cut


def torn(write: Write, dice: random.Random) -> Iterator[Write]:
    """Yield the parts of a write that lie in sectors which have reached the disk."""
    sector = dice.choice(SECTORS)
    start, end = write.offset, write.offset + len(write.content)
    while start < end:
        stop = min(end, (start // sector + 1) * sector)
        if dice.random() < 0.5:
            yield Write(
                write.file, start, write.content[start - write.offset : stop - write.offset]
            )
        start = stop
