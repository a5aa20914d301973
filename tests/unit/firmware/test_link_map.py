"""The size map after the link: every byte of the linker's map in one part, whatever the map holds."""

from hypothesis import given
from hypothesis import strategies as st

from motestudio.firmware.link_map import PARTS, read_link_map

MAP = """
Discarded input sections

 .text.unused   0x00000000       0x40 CMakeFiles/x.dir/core/mote_app.c.obj

Linker script and memory map

.text           0x08000000      0x200
 *(.vectors)
 .vectors       0x08000000       0x88 CMakeFiles/x.dir/port/stm32/startup.c.obj
 .text.mote_app_step_with_a_long_name
                0x08000088       0x10 CMakeFiles/x.dir/core/mote_app.c.obj
                0x08000088                mote_app_step_with_a_long_name
 *fill*         0x08000098        0x8
 .text.Eval     0x080000a0      0x100 /tflm/lib/libtensorflow-microlite.a(conv.o)
 .text          0x080001a0       0x20 /usr/lib/libc_nano.a(lib_a-memcpy.o)
 .text.run      0x080001c0       0x40 CMakeFiles/x.dir/features/0_mfcc/mfcc.c.obj

.mote_slot_a    0x080c0000      0x300
 .mote_slot_a   0x080c0000      0x300 CMakeFiles/x.dir/model/model_slot.c.obj

.data           0x20000000        0x8 load address 0x08000200
 .data.value    0x20000000        0x8 CMakeFiles/x.dir/user/mote_user.c.obj

.bss            0x20000008     0x1400
 .bss._ZN12_GLOBAL__N_16memoryE
                0x20000008     0x1000 CMakeFiles/x.dir/core/mote_tflm.cc.obj
 .bss.ring      0x20001008      0x300 CMakeFiles/x.dir/core/mote_firmware.c.obj
 COMMON         0x20001308      0x100 CMakeFiles/x.dir/core/mote_app.c.obj

.stack          0x20001408     0x2000
                0x20001408                end = .
                0x20003408                . = (. + MOTE_STACK_BYTES)

.debug_info     0x00000000     0x9999
 .debug_info    0x00000000     0x9999 CMakeFiles/x.dir/core/mote_app.c.obj
"""


def test_every_byte_is_in_its_part():
    sizes = {part.name: (part.flash_bytes, part.ram_bytes) for part in read_link_map(MAP)}
    assert sizes == {
        "model": (0x300, 0),
        "kernels and TFLM": (0x100, 0),
        "arena": (0, 0x1000),
        "features": (0x40, 0),
        "signal": (0, 0x300),
        "application": (0x10, 0x100),
        "port": (0x88, 0),
        "user": (8, 8),
        "libraries": (0x20, 0),
        "stack": (0, 0x2000),
        "other": (8, 0),
    }
    assert list(sizes) == [name for name in PARTS if name in sizes]


@given(st.text(), st.integers(0, len(MAP)))
def test_anything_is_read(text: str, cut: int):
    read_link_map(text)
    read_link_map("Linker script and memory map\n" + text)
    assert sum(part.flash_bytes for part in read_link_map(MAP[:cut])) <= 0x508
