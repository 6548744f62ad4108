/* setting_names.h - the names of every program's settings.
 *
 * The programs may share one environment (a container, a shell), so each must know which
 * SLUICE_ variables are another's and which are mistakes. A test compares these lists with the
 * programs' own tables.
 */
#ifndef COMMON_SETTING_NAMES_H
#define COMMON_SETTING_NAMES_H

#include "common/settings.h"

extern const struct setting gateway_setting_names[];
extern const size_t gateway_setting_names_count;
extern const struct setting publisher_setting_names[];
extern const size_t publisher_setting_names_count;

#endif
