/* STM32F072 (RM0091). */
#ifndef MOTE_STM32_SERIES_H
#define MOTE_STM32_SERIES_H

#define GPIO_BASE 0x48000000u
#define RCC_BASE 0x40021000u
#define RCC_GPIO (RCC_BASE + 0x14u)
#define RCC_GPIO_FIRST 17u /* bit of GPIOA */
#define RCC_APB1 (RCC_BASE + 0x1Cu)
#define RCC_APB2 (RCC_BASE + 0x18u)
#define USART1_BASE 0x40013800u
#define USART2_BASE 0x40004400u
#define USART1_IRQ 27
#define USART2_IRQ 28
#define USART1_ENABLE 14
#define USART1_HZ MOTE_CORE_HZ
#define USART2_HZ MOTE_CORE_HZ
#define I2C1_IRQ 23
#define I2C2_IRQ 24
#define I2C_ONE_IRQ 1
#define I2C_HZ MOTE_CORE_HZ
#define CLOCK_TIMER 0x40000000u /* TIM2, 32 bits */
#define CLOCK_TIMER_ENABLE 0
#define CLOCK_TIMER_HZ MOTE_CORE_HZ
#define FLASH_BASE 0x40022000u
#define FLASH_HALF_WORDS 1
#define FLASH_PAGE_BYTES 2048u
#define UNIQUE_ID 0x1FFFF7ACu
#define CHIP_ID 0x40015800u

static inline void series_clocks(void) {
  MOTE_REGISTER(FLASH_BASE) = 0x11u; /* one wait state, prefetch */
  MOTE_REGISTER(RCC_BASE + 0x34u) |= 1u << 16; /* HSI48, which drives the core as it is */
  chip_wait(RCC_BASE + 0x34u, 1u << 17, 1u << 17);
  MOTE_REGISTER(RCC_BASE + 0x04u) |= 3u;
  chip_wait(RCC_BASE + 0x04u, 3u << 2, 3u << 2);
  MOTE_REGISTER(RCC_APB2) |= 1u << 22; /* the debug unit, which knows the chip's name */
  MOTE_REGISTER(RCC_BASE + 0x30u) |= 1u << 4; /* I2C1 runs on the core's clock */
}

#endif
