/* json_pretty.h - writes a JSON document with the white space of other people's writers.
 *
 *   JSON_PRETTY_BOOST     write_json() of Boost.PropertyTree: four spaces, "key": value, every
 *                         scalar a string, an empty array or object "", '/' as "\/", a newline at
 *                         the end of a document
 *   JSON_PRETTY_JSONCPP   jsoncpp's StreamWriter: tabs, "key" : value, the brackets of arrays and
 *                         objects on lines of their own, keys in the order of their bytes (of a
 *                         repeated key the last), no newline at the end
 *
 * Numbers keep their text. Strings are escaped as those writers do, whatever escapes the document
 * has: beside '"' and '\' only control characters, in hexadecimal where no letter stands for them.
 */
#ifndef COMMON_JSON_PRETTY_H
#define COMMON_JSON_PRETTY_H

#include "common/json_span.h"
#include "common/text.h"

enum json_pretty_style {
    JSON_PRETTY_BOOST,
    JSON_PRETTY_JSONCPP,
};

/* Append a whole document: the root that json_check() gave, and the flags it was given. Without
 * memory out->failed is set. */
void json_pretty(struct text *out, struct json_value root, unsigned flags,
                 enum json_pretty_style style);

/* Append a value as it stands within a document, `depth` arrays and objects deep: as an element of
 * an array, so without the line break and indentation in front of it, and with nothing behind. */
void json_pretty_at(struct text *out, struct json_value value, unsigned flags,
                    enum json_pretty_style style, unsigned depth);

/* The same as the value of a member: in the style of jsoncpp a container that is not empty begins
 * on a line of its own. */
void json_pretty_member(struct text *out, struct json_value value, unsigned flags,
                        enum json_pretty_style style, unsigned depth);

/* Append a value without any white space or comment; all else is as in the document. */
void json_compact(struct text *out, struct json_value value, unsigned flags);

#endif
