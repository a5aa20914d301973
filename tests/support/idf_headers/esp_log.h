#pragma once
void esp_log_line(char level, const char *tag, const char *format, ...) __attribute__((format(printf, 3, 4)));
#define ESP_LOGE(tag, format, ...) esp_log_line('E', tag, format, ##__VA_ARGS__)
#define ESP_LOGI(tag, format, ...) esp_log_line('I', tag, format, ##__VA_ARGS__)
