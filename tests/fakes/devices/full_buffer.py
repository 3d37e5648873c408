"""A TCP port whose buffer is full: what is sent to it is never confirmed.

A real buffer cannot be made full for a slip of 350 bytes: the kernel's smallest holds more, and
each connection has one of its own. So a filter drops each segment that carries bytes before the
kernel takes it (classic BPF, SO_ATTACH_FILTER of socket(7)); connecting, answers and closing pass.
"""

import ctypes
import socket
import struct

import pytest

_ATTACH_FILTER, _DETACH_FILTER = 26, 27  # of asm-generic/socket.h

_HEADER_WORDS_AT = 12  # of a TCP header: its length in words of 4 bytes, in the upper half
_EMPTY_PASSES = (
    (0x80, 0, 0, 0),  # A = length of the segment, which begins with its TCP header
    (0x07, 0, 0, 0),  # X = A
    (0x30, 0, 0, _HEADER_WORDS_AT),  # A = that byte
    (0x54, 0, 0, 0xF0),
    (0x74, 0, 0, 2),  # A = length of the header
    (0x1D, 0, 1, 0),  # is that all?
    (0x06, 0, 0, 0xFFFF_FFFF),  # then all of it passes
    (0x06, 0, 0, 0),  # otherwise nothing
)
"""Instructions of linux/filter.h: code, jump if true, jump if false, value."""


def fill(server: socket.socket) -> None:
    """Let each connection to a listening socket be full, from its first byte on.

    The test is skipped where the kernel does not allow it.
    """
    program = b"".join(struct.pack("HBBI", *instruction) for instruction in _EMPTY_PASSES)
    memory = ctypes.create_string_buffer(program)
    described = struct.pack("HP", len(_EMPTY_PASSES), ctypes.addressof(memory))
    try:
        server.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, described)
    except PermissionError:  # a kernel that allows it to root alone
        pytest.skip("NO PRINTER STOPPED READING: this account may not filter a socket here")


def drain(full: socket.socket) -> None:
    """Let a connection take what it is sent again; of a listening socket, each new connection."""
    try:
        full.setsockopt(socket.SOL_SOCKET, _DETACH_FILTER, 0)
    except FileNotFoundError:  # it has no filter
        return
