/* The motion sensor on the board's I2C, if there is one. */
#ifndef MOTE_STM32_SENSOR_H
#define MOTE_STM32_SENSOR_H

/* Looks for it; its name, or NULL: there is none that this project can use. */
const char *sensor_find(void);

/* Looks after one that does not answer any more; from the main loop, often. */
void sensor_attend(void);

#endif
