#include <cairn/http/codec/chunk_extension.h>

#include <cairn/http/codec/chars.h>

/* The state behind a complete name or value. */
static bool extension_goes_on(enum cairn__chunk_extension *state, char c)
{
    if (c == '=' && *state == CAIRN__EXTENSION_NAME)
        *state = CAIRN__EXTENSION_VALUE_START;
    else if (c == ';')
        *state = CAIRN__EXTENSION_NAME_START;
    else
        return false;
    return true;
}

static bool extension_token(
    enum cairn__chunk_extension *state, char c, enum cairn__chunk_extension next)
{
    if (!cairn__char_is(c, CAIRN__CHAR_TOKEN))
        return false;
    *state = next;
    return true;
}

static bool extension_quoted(enum cairn__chunk_extension *state, char c)
{
    if (c == '"')
        *state = CAIRN__EXTENSION_UNQUOTED;
    else if (c == '\\')
        *state = CAIRN__EXTENSION_ESCAPED;
    return cairn__char_is(c, CAIRN__CHAR_VALUE);
}

bool cairn__chunk_extension_step(enum cairn__chunk_extension *state, char c)
{
    switch (*state) {
    case CAIRN__EXTENSION_NAME_START:
        return extension_token(state, c, CAIRN__EXTENSION_NAME);
    case CAIRN__EXTENSION_VALUE_START:
        if (c != '"')
            return extension_token(state, c, CAIRN__EXTENSION_TOKEN);
        *state = CAIRN__EXTENSION_QUOTED;
        return true;
    case CAIRN__EXTENSION_NAME:
    case CAIRN__EXTENSION_TOKEN:
        return cairn__char_is(c, CAIRN__CHAR_TOKEN) || extension_goes_on(state, c);
    case CAIRN__EXTENSION_QUOTED:
        return extension_quoted(state, c);
    case CAIRN__EXTENSION_ESCAPED:
        *state = CAIRN__EXTENSION_QUOTED;
        return cairn__char_is(c, CAIRN__CHAR_VALUE);
    default:
        return extension_goes_on(state, c);
    }
}
