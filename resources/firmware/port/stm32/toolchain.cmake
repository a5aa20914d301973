# Arm GNU toolchain for bare-metal Cortex-M: cmake -DCMAKE_TOOLCHAIN_FILE=port/stm32/toolchain.cmake
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_C_COMPILER arm-none-eabi-gcc)
set(CMAKE_CXX_COMPILER arm-none-eabi-g++)
# A program cannot be linked before the project says how.
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
