/* STM32L475 and STM32L476 (RM0351). */
#ifndef MOTE_STM32_SERIES_H
#define MOTE_STM32_SERIES_H

#define GPIO_BASE 0x48000000u
#define RCC_BASE 0x40021000u
#define RCC_GPIO (RCC_BASE + 0x4Cu) /* GPIOA is bit 0 */
#define RCC_GPIO_FIRST 0u
#define RCC_APB1 (RCC_BASE + 0x58u)
#define RCC_APB2 (RCC_BASE + 0x60u)
#define USART1_BASE 0x40013800u
#define USART2_BASE 0x40004400u
#define USART1_IRQ 37
#define USART2_IRQ 38
#define USART1_ENABLE 14
#define USART1_HZ MOTE_CORE_HZ
#define USART2_HZ MOTE_CORE_HZ
#define I2C1_IRQ 31
#define I2C2_IRQ 33
#define I2C_HZ MOTE_CORE_HZ
#define CLOCK_TIMER 0x40000000u /* TIM2, 32 bits */
#define CLOCK_TIMER_ENABLE 0
#define CLOCK_TIMER_HZ MOTE_CORE_HZ
#define FLASH_BASE 0x40022000u
#define FLASH_DATA_CACHE 1
#define FLASH_DOUBLE_WORDS 1
#define FLASH_PAGE_BYTES 2048u
#define FLASH_BANK_2 0x08080000u
#define UNIQUE_ID 0x1FFF7590u
#define CHIP_ID 0xE0042000u

static inline void series_clocks(void) {
  MOTE_REGISTER(FLASH_BASE) = 0x704u; /* four wait states, caches and prefetch */
  MOTE_REGISTER(RCC_BASE) |= 1u << 8; /* HSI 16 MHz */
  chip_wait(RCC_BASE, 1u << 10, 1u << 10);
  /* HSI * N / 2 */
  MOTE_REGISTER(RCC_BASE + 0x0Cu) = 2u | MOTE_CORE_HZ / 8000000u << 8 | 1u << 24;
  MOTE_REGISTER(RCC_BASE) |= 1u << 24;
  chip_wait(RCC_BASE, 1u << 25, 1u << 25);
  MOTE_REGISTER(RCC_BASE + 0x08u) |= 3u;
  chip_wait(RCC_BASE + 0x08u, 3u << 2, 3u << 2);
}

#endif
