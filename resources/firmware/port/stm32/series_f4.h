/* STM32F405 (RM0090) and STM32F446 (RM0390). */
#ifndef MOTE_STM32_SERIES_H
#define MOTE_STM32_SERIES_H

#define GPIO_BASE 0x40020000u
#define RCC_BASE 0x40023800u
#define RCC_GPIO (RCC_BASE + 0x30u) /* GPIOA is bit 0 */
#define RCC_GPIO_FIRST 0u
#define RCC_APB1 (RCC_BASE + 0x40u)
#define RCC_APB2 (RCC_BASE + 0x44u)
#define USART_OLD 1 /* one data register, SR and CR1 of the F1 to F4 */
#define USART1_BASE 0x40011000u
#define USART2_BASE 0x40004400u
#define USART1_IRQ 37
#define USART2_IRQ 38
#define USART1_ENABLE 4 /* bit of RCC_APB2 */
#define USART1_HZ (MOTE_CORE_HZ / 2u)
#define USART2_HZ (MOTE_CORE_HZ / 4u)
#define I2C_OLD 1
#define I2C1_IRQ 31
#define I2C2_IRQ 33
#define I2C_HZ (MOTE_CORE_HZ / 4u)
#define CLOCK_TIMER 0x40000C00u /* TIM5, 32 bits */
#define CLOCK_TIMER_ENABLE 3
#define CLOCK_TIMER_HZ (MOTE_CORE_HZ / 2u)
#define FLASH_BASE 0x40023C00u
#define FLASH_DATA_CACHE 1
#define FLASH_SECTORS 1 /* of 128 KB from 0x08020000 on */
/* In an emulator, 64 KB beyond the RAM that a program is given: core-coupled memory, or what older ones have behind it. */
#define FLASH_STAND_INS {0x10000000u, 0x20020000u}
#define FLASH_STAND_IN_BYTES 0x8000u
#define UNIQUE_ID 0x1FFF7A10u
#define CHIP_ID 0xE0042000u

static inline void series_clocks(void) {
  MOTE_REGISTER(FLASH_BASE) = 0x705u; /* five wait states, caches and prefetch */
  /* HSI 16 MHz / 8 * N / 2: N is the core's clock in MHz. What else divides the PLL's output may not be 0. */
  MOTE_REGISTER(RCC_BASE + 0x04u) = 8u | MOTE_CORE_HZ / 1000000u << 6 | 7u << 24 | 2u << 28;
  MOTE_REGISTER(RCC_BASE) |= 1u << 24;
#if MOTE_CORE_HZ > 168000000
  MOTE_REGISTER(RCC_APB1) |= 1u << 28;
  MOTE_REGISTER(0x40007000u) |= 1u << 16; /* PWR: over-drive while the PLL locks, then switch to it */
  chip_wait(0x40007004u, 1u << 16, 1u << 16);
  MOTE_REGISTER(0x40007000u) |= 1u << 17;
  chip_wait(0x40007004u, 1u << 17, 1u << 17);
#endif
  chip_wait(RCC_BASE, 1u << 25, 1u << 25);
  MOTE_REGISTER(RCC_BASE + 0x08u) = 5u << 10 | 4u << 13 | 2u; /* APB1 by 4, APB2 by 2, the PLL drives the core */
  chip_wait(RCC_BASE + 0x08u, 3u << 2, 2u << 2);
}

#endif
