/* STM32G071 (RM0444). */
#ifndef MOTE_STM32_SERIES_H
#define MOTE_STM32_SERIES_H

#define GPIO_BASE 0x50000000u
#define RCC_BASE 0x40021000u
#define RCC_GPIO (RCC_BASE + 0x34u) /* GPIOA is bit 0 */
#define RCC_GPIO_FIRST 0u
#define RCC_APB1 (RCC_BASE + 0x3Cu)
#define RCC_APB2 (RCC_BASE + 0x40u)
#define USART1_BASE 0x40013800u
#define USART2_BASE 0x40004400u
#define USART1_IRQ 27
#define USART2_IRQ 28
#define USART1_ENABLE 14
#define USART1_HZ MOTE_CORE_HZ
#define USART2_HZ MOTE_CORE_HZ
#define I2C1_IRQ 23
#define I2C2_IRQ 24
#define I2C_ONE_IRQ 1 /* events and errors share it */
#define I2C_HZ MOTE_CORE_HZ
#define CLOCK_TIMER 0x40000000u /* TIM2, 32 bits */
#define CLOCK_TIMER_ENABLE 0
#define CLOCK_TIMER_HZ MOTE_CORE_HZ
#define FLASH_BASE 0x40022000u
#define FLASH_DOUBLE_WORDS 1
#define FLASH_PAGE_BYTES 2048u
#define UNIQUE_ID 0x1FFF7590u
#define CHIP_ID 0x40015800u

static inline void series_clocks(void) {
  MOTE_REGISTER(FLASH_BASE) = (MOTE_REGISTER(FLASH_BASE) & ~7u) | 0x302u; /* two wait states, cache and prefetch */
  MOTE_REGISTER(RCC_APB1) |= 1u << 27; /* the debug unit, which knows the chip's name */
  /* HSI 16 MHz * N / 2 */
  MOTE_REGISTER(RCC_BASE + 0x0Cu) = 2u | MOTE_CORE_HZ / 8000000u << 8 | 1u << 28 | 1u << 29;
  MOTE_REGISTER(RCC_BASE) |= 1u << 24;
  chip_wait(RCC_BASE, 1u << 25, 1u << 25);
  MOTE_REGISTER(RCC_BASE + 0x08u) = (MOTE_REGISTER(RCC_BASE + 0x08u) & ~7u) | 2u;
  chip_wait(RCC_BASE + 0x08u, 7u << 3, 2u << 3);
}

#endif
