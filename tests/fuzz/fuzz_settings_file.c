/* fuzz_settings_file.c - any settings file is either refused with one line or gives values in
 * their ranges. */
#include "common/settings_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct sample {
    char *text;
    struct setting_list list;
    uint64_t count, bytes, duration;
    bool on;
    int choice;
};

static const char *const choices[] = {"one", "two", NULL};
#define AT(field) .offset = offsetof(struct sample, field)
static const struct setting table[] = {
    {"text", SETTING_TEXT, AT(text)},
    {"list", SETTING_LIST, AT(list), .fallback = "a b"},
    {"count", SETTING_COUNT, AT(count), .fallback = "7", .min = 5, .max = 9},
    {"bytes", SETTING_BYTES, AT(bytes), .fallback = "4k", .min = 4096, .max = 1 << 20},
    {"duration", SETTING_DURATION, AT(duration), .fallback = "2s", .max = 3600000},
    {"on", SETTING_SWITCH, AT(on)},
    {"choice", SETTING_CHOICE, AT(choice), .fallback = "one", .choices = choices},
};
enum { N = sizeof table / sizeof *table };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sample got = {0};
    char error[SETTINGS_ERROR_MAX], names[100];
    char *text = malloc(size + 1);

    if (!text)
        return 0;
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    if (settings_load_text(table, N, &got, "file", text, size, error) < 0) {
        assert(strncmp(error, "file:", 5) == 0 && !strchr(error, '\n'));
        assert(!got.text && !got.list.items);
    } else {
        assert(got.text && got.list.n <= SETTINGS_LIST_MAX);
        assert(got.count >= 5 && got.count <= 9 && got.bytes >= 4096 && got.bytes <= 1 << 20);
        assert(got.duration <= 3600000 && (got.choice == 0 || got.choice == 1));
        assert(settings_difference(table, N, &got, &got, false, names, sizeof names) == 0);
    }
    settings_free(table, N, &got);
    free(text);
    return 0;
}
